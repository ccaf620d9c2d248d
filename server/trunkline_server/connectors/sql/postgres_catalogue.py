"""What PostgreSQL tells of its tables: statements over its catalogue, which show what the user may see."""

from __future__ import annotations

from collections.abc import Sequence

from trunkline_server.connectors.sql.port import Statement

TABLES = """
SELECT n.nspname::text, c.relname::text,
       CASE WHEN c.relkind IN ('v', 'm') THEN 'view' ELSE 'table' END, obj_description(c.oid, 'pg_class')
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
  AND (cardinality($1::text[]) = 0 OR n.nspname = ANY ($1::text[]))
  AND has_schema_privilege(n.oid, 'USAGE') AND has_any_column_privilege(c.oid, 'SELECT')
ORDER BY 1, 2
"""
_TABLE = """
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname = $2 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND (n.nspname = $1 OR ($1 = '' AND pg_table_is_visible(c.oid)))
  AND has_schema_privilege(n.oid, 'USAGE') AND has_any_column_privilege(c.oid, 'SELECT')
LIMIT 1
"""
COLUMNS = f"""
WITH t AS (SELECT c.oid AS oid {_TABLE})
SELECT a.attname::text, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull,
       pg_get_expr(d.adbin, d.adrelid), col_description(a.attrelid, a.attnum),
       EXISTS (SELECT 1 FROM pg_catalog.pg_constraint p
               WHERE p.conrelid = a.attrelid AND p.contype = 'p' AND a.attnum = ANY (p.conkey)),
       (SELECT concat_ws('.', fn.nspname, fc.relname, fa.attname)
        FROM pg_catalog.pg_constraint f
        JOIN pg_catalog.pg_class fc ON fc.oid = f.confrelid
        JOIN pg_catalog.pg_namespace fn ON fn.oid = fc.relnamespace
        JOIN pg_catalog.pg_attribute fa
          ON fa.attrelid = f.confrelid AND fa.attnum = f.confkey[array_position(f.conkey, a.attnum)]
        WHERE f.conrelid = a.attrelid AND f.contype = 'f' AND a.attnum = ANY (f.conkey)
        ORDER BY f.conname LIMIT 1)
FROM t JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
ORDER BY a.attnum
"""
INDEXES = f"""
WITH t AS (SELECT c.oid AS oid {_TABLE})
SELECT i.relname::text, x.indisunique, pg_get_indexdef(x.indexrelid)
FROM t JOIN pg_catalog.pg_index x ON x.indrelid = t.oid JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
ORDER BY 1
"""
ABOUT = """
SELECT 'PostgreSQL ' || current_setting('server_version'),
       EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
               WHERE c.relkind IN ('r', 'p') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
                 AND has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE'))
"""


def tables(schemas: Sequence[str]) -> Statement:
    """See `Dialect.tables`."""
    return Statement(TABLES, [list(schemas)])


def columns(schema: str, table: str) -> Statement:
    """See `Dialect.columns`."""
    return Statement(COLUMNS, [schema, table])


def indexes(schema: str, table: str) -> Statement:
    """See `Described.indexes`."""
    return Statement(INDEXES, [schema, table])
