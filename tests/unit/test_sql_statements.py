"""What may be sent to a database: every dialect's one statement, and on tools that read only what reads."""

from __future__ import annotations

import pytest
import sql_payloads as payloads
from trunkline_server.connectors.sql.statements import MAX_BYTES, judge, known

READS = (
    "SELECT 1",
    "select 1;",
    "  SELECT 1 ; ; -- the end",
    "(SELECT 1) UNION (SELECT 2)",
    "WITH x AS (SELECT 1) SELECT * FROM x",
    "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 9) SELECT * FROM n",
    "VALUES (1, 'a'), (2, 'b')",
    "TABLE orders",
    "SHOW server_version",
    "SHOW ALL",
    "EXPLAIN SELECT * FROM orders",
    "EXPLAIN VERBOSE SELECT 1",
    "EXPLAIN (FORMAT JSON, COSTS FALSE) WITH x AS (SELECT 1) SELECT * FROM x",
    "SELECT 'DELETE FROM orders; --'",
    "SELECT $$ INSERT INTO x; $$, E'it\\'s; DELETE'",
    "SELECT o.update, o.delete FROM orders o",
    'SELECT "into", "update" FROM orders',
    "SELECT substring(name FROM 1 FOR 3) FROM orders",
    "SELECT name FROM orders WHERE name LIKE '%pg_read_file(%'",
    "SELECT now(), count(*) FILTER (WHERE id > 1) OVER (PARTITION BY name) FROM orders",
    "SELECT data->>'a', data @> '{}', data ? 'b', data #>> '{a,b}' FROM orders",
    "SELECT pg_sleep(1)",
    "SELECT currval('numbers'), pg_size_pretty(1::bigint)",
    "SELECT * FROM orders WHERE name = $1 AND id = ANY($2::int[]) FETCH FIRST 3 ROWS ONLY",
    "SELECT replace(name, 'a', 'b') FROM orders",
    "SELECT U&'\\0041'",
    "SELECT share, lock FROM market",
)
WRITES = (
    "INSERT INTO orders VALUES (1) RETURNING id",
    "UPDATE orders SET name = $1",
    "WITH x AS (DELETE FROM orders RETURNING *) SELECT * FROM x",
    "MERGE INTO orders o USING orders p ON o.id = p.id WHEN MATCHED THEN DELETE",
    "CREATE TABLE x (a int)",
    "ALTER TABLE x ADD b int",
    "DROP TABLE x",
    "TRUNCATE x",
    "SELECT nextval('numbers')",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1; $$",
)


def test_there_are_enough_of_them() -> None:
    every = {*payloads.REFUSED, *payloads.FOREIGN, *payloads.VALUES}
    assert len(set(payloads.REFUSED)) >= 200 and len(every) >= 240


@pytest.mark.parametrize("sql", payloads.REFUSED)
def test_what_does_more_than_read_is_refused(sql: str) -> None:
    problem = judge(sql, "postgres", False).problem
    assert problem
    assert not sql.strip() or sql not in problem, "it is not shown"


@pytest.mark.parametrize("sql", READS)
def test_what_reads_may_be_sent(sql: str) -> None:
    assert judge(sql, "postgres", False).problem == ""


@pytest.mark.parametrize("sql", payloads.FOREIGN)
def test_what_the_database_must_refuse_itself_passes(sql: str) -> None:
    assert judge(sql, "postgres", False).problem == ""


@pytest.mark.parametrize("sql", WRITES)
def test_what_writes_may_be_sent_by_tools_that_write(sql: str) -> None:
    assert judge(sql, "postgres", True).problem == ""
    assert judge(sql, "postgres", False).problem


@pytest.mark.parametrize(
    "sql",
    [
        *("SET ROLE postgres", "BEGIN", "COMMIT", "COPY orders FROM PROGRAM 'id'", "CALL f()", "DO $$ BEGIN END $$"),
        *("LOCK orders", "LISTEN x", "DISCARD ALL", "VACUUM", "GRANT ALL ON orders TO PUBLIC", "EXECUTE evil"),
        *("INSERT INTO orders VALUES (1); DROP TABLE orders", "SELECT set_config('role', 'x', false)"),
        *("SELECT pg_read_file('x')", "INSERT INTO orders SELECT pg_ls_dir('/')", "SELECT dblink_exec('', '')"),
    ],
)
def test_what_no_caller_may_send(sql: str) -> None:
    assert judge(sql, "postgres", True).problem


@pytest.mark.parametrize(
    ("dialect", "sql", "count"),
    [
        ("postgres", "SELECT $2, $1, $1", 2),
        ("postgres", "SELECT '$3', \"$4\", $$ $5 $$, $1 -- $6", 1),
        ("postgres", "SELECT 1", 0),
        ("mysql", "SELECT * FROM t WHERE a = %s AND b = '%s' AND c = %s", 2),
        ("tsql", "SELECT [%s] FROM t WHERE a = %s", 1),
        ("oracle", "SELECT :1, :2 FROM dual WHERE a = ':3'", 2),
    ],
)
def test_placeholders_are_counted(dialect: str, sql: str, count: int) -> None:
    judged = judge(sql, dialect, False)
    assert (judged.problem, judged.placeholders) == ("", count)


@pytest.mark.parametrize(
    ("dialect", "sql"),
    [
        ("mysql", "SELECT 1 /*! INTO OUTFILE '/tmp/x' */"),
        ("mysql", "SELECT 1 /*M! , load_file('/etc/passwd') */"),
        ("mysql", "SELECT * FROM t INTO OUTFILE '/tmp/x'"),
        ("mysql", "SELECT 1 INTO @x"),
        ("mysql", "SELECT load_file('/etc/passwd')"),
        ("mysql", "SELECT * FROM t LOCK IN SHARE MODE"),
        ("mysql", "SELECT get_lock('a', 10)"),
        ("mysql", "EXPLAIN ANALYZE SELECT 1"),
        ("mysql", "REPLACE INTO t VALUES (1)"),
        ("mysql", "HANDLER t OPEN"),
        ("mysql", "SELECT 1; DROP TABLE t"),
        ("tsql", "SELECT 1 DELETE FROM t"),
        ("tsql", "SELECT 1 EXEC xp_cmdshell 'id'"),
        ("tsql", "SELECT * INTO t FROM u"),
        ("tsql", "SELECT 1 DROP TABLE t"),
        ("tsql", "SELECT * FROM OPENROWSET('x', 'y', 'z')"),
        ("tsql", "WAITFOR DELAY '00:00:10'"),
        ("tsql", "DECLARE @x int"),
        ("oracle", "SELECT * FROM t FOR UPDATE"),
        ("oracle", "SELECT utl_http.request('http://x') FROM dual"),
        ("oracle", "SELECT dbms_xmlgen.getxml('select 1 from dual') FROM dual"),
        ("oracle", "BEGIN NULL; END;"),
        ("oracle", "ALTER SESSION SET x = 1"),
    ],
)
def test_other_dialects_have_their_own(dialect: str, sql: str) -> None:
    assert judge(sql, dialect, False).problem


@pytest.mark.parametrize(
    ("dialect", "sql"),
    [
        ("mysql", "SELECT `a`, INSERT('abc', 1, 2, 'x'), REPLACE('a', 'b', 'c') FROM t WHERE a = %s # the end"),
        ("mysql", "SHOW TABLES LIKE 'a%%'"),
        ("mysql", "DESCRIBE t"),
        ("mysql", "EXPLAIN SELECT 1"),
        ("tsql", "SELECT TOP 3 [a b] FROM dbo.t WHERE x = %s ORDER BY 1"),
        ("oracle", "SELECT q'[it's; DELETE]' FROM dual"),
    ],
)
def test_other_dialects_read_too(dialect: str, sql: str) -> None:
    assert judge(sql, dialect, False).problem == ""


def test_a_long_statement_is_judged_and_a_longer_one_refused() -> None:
    long = "SELECT 1" + " + 1" * 5000
    assert not known(long) and judge(long, "postgres", False).problem == ""
    assert "at most" in judge("SELECT '" + "x" * MAX_BYTES + "'", "postgres", False).problem
    deep = "SELECT " + "(" * 20_000 + "1" + ")" * 20_000
    assert judge(deep, "tsql", False).problem
