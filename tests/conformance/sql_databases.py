"""What the conformance suite of databases must know of each: its types, and how some things are said in its dialect."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from trunkline.v1.database_pb2 import ColumnType as C

SNOWMAN = "naïve ☃ 😀 語"


@dataclass(frozen=True)
class TypeCase:
    """A column of the type, what is bound for it, what comes back. `expression` takes the place of the placeholder."""

    ddl: str
    given: Any
    type: "C.ValueType"
    expected: Any
    expression: str = ""


@dataclass(frozen=True)
class Dialectal:
    """How a database says it. `{…}` are filled in by the suite; `{mark}` is a placeholder."""

    name: str
    # The first placeholder, the second, …
    marks: Sequence[str]
    types: Sequence[TypeCase]
    # The whole numbers from 1 to {count}, as a column `n`, in order.
    numbers: str
    # Takes half a minute, and holds {marker}.
    slow: str
    # How many statements that hold {mark} run now, but for this one.
    running: str
    # Inserts what is no number, in a column of numbers.
    mismatch: str = "INSERT INTO conf_rows (id, label) VALUES ({mark}, 'x')"
    create: str = "CREATE TABLE {table} ({columns})"
    big: str = "BIGINT"
    text: str = "VARCHAR(200)"
    # Whether a transaction can be read-only, so that what writes is refused and not only rolled back.
    refuses_writes: bool = True
    # Whether that holds for DDL.
    refuses_ddl: bool = True
    explains: bool = True
    # Whether two statements at once are refused by the database or its driver.
    refuses_several: bool = True
    # Statements that leave something in a session, and one that gives a row while it is there.
    leaves: str = ""
    left: str = ""
    # Statements, each by itself, that make the role `conf_reader`, which may read `conf_rows` only.
    role: Sequence[str] = ()
    from_nothing: str = ""


MYSQL = Dialectal(
    name="mysql",
    marks=["%s"] * 9,
    types=[
        TypeCase("TINYINT", -128, C.COLUMN_TYPE_INTEGER, -128),
        TypeCase("BIGINT", -(2**63), C.COLUMN_TYPE_INTEGER, -(2**63)),
        TypeCase("BIGINT UNSIGNED", 2**64 - 1, C.COLUMN_TYPE_INTEGER, 2**64 - 1),
        TypeCase("BOOLEAN", True, C.COLUMN_TYPE_INTEGER, 1),
        TypeCase("BIT(1)", True, C.COLUMN_TYPE_BOOLEAN, True),
        TypeCase("BIT(12)", 4095, C.COLUMN_TYPE_INTEGER, 4095),
        TypeCase("FLOAT", 1.5, C.COLUMN_TYPE_FLOAT, 1.5),
        TypeCase("DOUBLE", 1e300, C.COLUMN_TYPE_FLOAT, 1e300),
        TypeCase(
            "DECIMAL(38,9)",
            "12345678901234567890.123456789",
            C.COLUMN_TYPE_DECIMAL,
            Decimal("12345678901234567890.123456789"),
        ),
        TypeCase("VARCHAR(50)", SNOWMAN, C.COLUMN_TYPE_TEXT, SNOWMAN),
        TypeCase("LONGTEXT", SNOWMAN * 1000, C.COLUMN_TYPE_TEXT, SNOWMAN * 1000),
        TypeCase("ENUM('a', 'b')", "b", C.COLUMN_TYPE_TEXT, "b"),
        TypeCase("SET('a', 'b')", "a,b", C.COLUMN_TYPE_TEXT, "a,b"),
        TypeCase("VARBINARY(10)", "AP8n", C.COLUMN_TYPE_BYTES, b"\x00\xff'", "FROM_BASE64(%s)"),
        TypeCase("LONGBLOB", "AP8n", C.COLUMN_TYPE_BYTES, b"\x00\xff'", "FROM_BASE64(%s)"),
        TypeCase("DATE", "2026-01-31", C.COLUMN_TYPE_DATE, date(2026, 1, 31)),
        TypeCase(
            "DATETIME(6)", "2026-01-31 23:59:59.5", C.COLUMN_TYPE_DATETIME, datetime(2026, 1, 31, 23, 59, 59, 500_000)
        ),
        TypeCase(
            "TIMESTAMP(6)",
            "2026-01-31 23:59:59.5",
            C.COLUMN_TYPE_TIMESTAMP,
            datetime(2026, 1, 31, 23, 59, 59, 500_000, UTC),
        ),
        TypeCase("TIME", "09:30:00", C.COLUMN_TYPE_OTHER, "09:30:00"),
        TypeCase("TIME(6)", "-838:59:58.5", C.COLUMN_TYPE_OTHER, "-838:59:58.5"),
        TypeCase("YEAR", 2026, C.COLUMN_TYPE_INTEGER, 2026),
    ],
    numbers="WITH RECURSIVE k (d) AS (SELECT 0 UNION ALL SELECT d + 1 FROM k WHERE d < 999)"
    " SELECT a.d * 1000 + b.d + 1 AS n FROM k a CROSS JOIN k b WHERE a.d * 1000 + b.d < {count} ORDER BY n",
    slow="SELECT '{marker}', SLEEP(30)",
    running="SELECT COUNT(*) FROM information_schema.processlist"
    " WHERE info LIKE {mark} AND command <> 'Sleep' AND id <> CONNECTION_ID()",
    leaves="SELECT GET_LOCK('conformance', 0), @conformance := 1",
    left="SELECT 1 FROM (SELECT IS_USED_LOCK('conformance') AS held, @conformance AS kept) s"
    " WHERE held IS NOT NULL OR kept IS NOT NULL",
    role=[
        "CREATE ROLE conf_reader",
        "GRANT SELECT ON conformance.conf_rows TO conf_reader",
        "CREATE USER conf_user@'%' IDENTIFIED BY 'a-password'",
        "GRANT conf_reader TO conf_user@'%'",
    ],
)

POSTGRESQL = Dialectal(
    name="postgresql",
    marks=[f"${index}" for index in range(1, 10)],
    types=[
        TypeCase("BOOLEAN", True, C.COLUMN_TYPE_BOOLEAN, True),
        TypeCase("BIGINT", -(2**63), C.COLUMN_TYPE_INTEGER, -(2**63)),
        TypeCase("DOUBLE PRECISION", 1e300, C.COLUMN_TYPE_FLOAT, 1e300),
        TypeCase(
            "NUMERIC(38,9)",
            "12345678901234567890.123456789",
            C.COLUMN_TYPE_DECIMAL,
            Decimal("12345678901234567890.123456789"),
        ),
        TypeCase("TEXT", SNOWMAN, C.COLUMN_TYPE_TEXT, SNOWMAN),
        TypeCase("BYTEA", "AP8n", C.COLUMN_TYPE_BYTES, b"\x00\xff'"),
        TypeCase("DATE", "2026-01-31", C.COLUMN_TYPE_DATE, date(2026, 1, 31)),
        TypeCase(
            "TIMESTAMP", "2026-01-31T23:59:59.5", C.COLUMN_TYPE_DATETIME, datetime(2026, 1, 31, 23, 59, 59, 500_000)
        ),
        TypeCase(
            "TIMESTAMPTZ",
            "2026-01-31T23:59:59.5Z",
            C.COLUMN_TYPE_TIMESTAMP,
            datetime(2026, 1, 31, 23, 59, 59, 500_000, UTC),
        ),
        TypeCase("TIME", "09:30:00", C.COLUMN_TYPE_TIME, time(9, 30)),
        TypeCase(
            "UUID",
            "00000000-0000-4000-8000-000000000001",
            C.COLUMN_TYPE_UUID,
            UUID("00000000-0000-4000-8000-000000000001"),
        ),
        TypeCase("JSONB", {"a": [1, "é"]}, C.COLUMN_TYPE_JSON, {"a": [1, "é"]}),
    ],
    numbers="SELECT n::bigint AS n FROM generate_series(1, {count}) AS n",
    slow="SELECT '{marker}', pg_sleep(30)",
    running="SELECT COUNT(*) FROM pg_stat_activity"
    " WHERE query LIKE {mark} AND state <> 'idle' AND pid <> pg_backend_pid()",
    leaves="SELECT pg_advisory_lock(4711)",
    left="SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND pid = pg_backend_pid()",
)

SQLSERVER = Dialectal(
    name="sqlserver",
    marks=["%s"] * 9,
    types=[
        TypeCase("BIT", True, C.COLUMN_TYPE_BOOLEAN, True),
        TypeCase("BIGINT", -(2**63), C.COLUMN_TYPE_INTEGER, -(2**63)),
        TypeCase("FLOAT", 1e300, C.COLUMN_TYPE_FLOAT, 1e300),
        TypeCase(
            "DECIMAL(38,9)",
            "12345678901234567890.123456789",
            C.COLUMN_TYPE_DECIMAL,
            Decimal("12345678901234567890.123456789"),
        ),
        TypeCase("NVARCHAR(50)", SNOWMAN, C.COLUMN_TYPE_TEXT, SNOWMAN),
        TypeCase("VARBINARY(10)", "0x00ff27", C.COLUMN_TYPE_BYTES, b"\x00\xff'", "CONVERT(VARBINARY(10), %s, 1)"),
        TypeCase("DATE", "2026-01-31", C.COLUMN_TYPE_DATE, date(2026, 1, 31)),
        TypeCase(
            "DATETIME2", "2026-01-31T23:59:59.5", C.COLUMN_TYPE_DATETIME, datetime(2026, 1, 31, 23, 59, 59, 500_000)
        ),
        TypeCase("TIME", "09:30:00", C.COLUMN_TYPE_TIME, time(9, 30)),
        TypeCase(
            "UNIQUEIDENTIFIER",
            "00000000-0000-4000-8000-000000000001",
            C.COLUMN_TYPE_UUID,
            UUID("00000000-0000-4000-8000-000000000001"),
        ),
    ],
    numbers="SELECT TOP ({count}) CAST(ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) AS BIGINT) AS n"
    " FROM sys.all_columns a CROSS JOIN sys.all_columns b ORDER BY n",
    slow="SELECT '{marker}' AS m, COUNT_BIG(*) AS k FROM sys.all_columns a CROSS JOIN sys.all_columns b"
    " CROSS JOIN sys.all_columns c CROSS JOIN sys.all_columns d",
    running="SELECT COUNT(*) FROM sys.dm_exec_requests r CROSS APPLY sys.dm_exec_sql_text(r.sql_handle) t"
    " WHERE t.text LIKE {mark} AND r.session_id <> @@SPID",
    refuses_writes=False,
    refuses_several=False,
    explains=False,
    text="NVARCHAR(200)",
)

ORACLE = Dialectal(
    name="oracle",
    marks=[f":{index}" for index in range(1, 10)],
    types=[
        TypeCase("NUMBER(18)", 2**59, C.COLUMN_TYPE_INTEGER, 2**59),
        TypeCase("BINARY_DOUBLE", 1e300, C.COLUMN_TYPE_FLOAT, 1e300),
        TypeCase(
            "NUMBER(38,9)",
            "12345678901234567890.123456789",
            C.COLUMN_TYPE_DECIMAL,
            Decimal("12345678901234567890.123456789"),
            "TO_NUMBER(:1, '99999999999999999999999.999999999')",
        ),
        TypeCase("NVARCHAR2(50)", SNOWMAN, C.COLUMN_TYPE_TEXT, SNOWMAN),
        TypeCase("CLOB", SNOWMAN, C.COLUMN_TYPE_TEXT, SNOWMAN),
        TypeCase("RAW(10)", "00FF27", C.COLUMN_TYPE_BYTES, b"\x00\xff'", "HEXTORAW(:1)"),
        TypeCase(
            "DATE",
            "2026-01-31 23:59:59",
            C.COLUMN_TYPE_DATETIME,
            datetime(2026, 1, 31, 23, 59, 59),
            "TO_DATE(:1, 'YYYY-MM-DD HH24:MI:SS')",
        ),
        TypeCase(
            "INTERVAL DAY TO SECOND",
            "1 02:03:04",
            C.COLUMN_TYPE_INTERVAL,
            timedelta(days=1, hours=2, minutes=3, seconds=4),
            "TO_DSINTERVAL(:1)",
        ),
    ],
    numbers="SELECT LEVEL AS n FROM dual CONNECT BY LEVEL <= {count}",
    slow="SELECT '{marker}', COUNT(*) FROM all_objects a CROSS JOIN all_objects b CROSS JOIN all_objects c",
    running="SELECT COUNT(*) FROM v$session s JOIN v$sql q ON q.sql_id = s.sql_id"
    " WHERE s.status = 'ACTIVE' AND q.sql_text LIKE {mark} AND s.sid <> SYS_CONTEXT('USERENV', 'SID')",
    refuses_ddl=False,
    explains=False,
    big="NUMBER(18)",
    text="NVARCHAR2(200)",
    from_nothing=" FROM dual",
)
