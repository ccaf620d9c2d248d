"""Functions that a read-only transaction does not hold back: they read the server's files, act on other connections,
change the session, or execute text. Refused by name, by dialect; what else a function does is for grants to say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Effect(Enum):
    """Why a function is refused, for people."""

    SERVER = "reach the server's files, other connections or other systems"
    SESSION = "change the session: settings, locks, notifications"
    TEXT = "execute text as a statement"
    WRITES = "write"


@dataclass(frozen=True, slots=True)
class Functions:
    """Names in lower case; `families` are how names begin."""

    names: Mapping[str, Effect]
    families: Mapping[str, Effect] = field(default_factory=dict)

    def of(self, name: str) -> Effect | None:
        """The effect of a function, without its schema; None for one that may be called."""
        found = self.names.get(name)
        if found is None:
            found = next((effect for start, effect in self.families.items() if name.startswith(start)), None)
        return found


def _named(texts: Mapping[Effect, str]) -> Mapping[str, Effect]:
    return {name: effect for effect, text in texts.items() for name in text.split()}


# PostgreSQL 18, chapter 9 (system administration, sequences, XML), and the contrib modules that execute text.
_POSTGRES = Functions(
    _named(
        {
            Effect.SERVER: "pg_stat_file pg_current_logfile pg_terminate_backend pg_cancel_backend pg_reload_conf "
            "pg_rotate_logfile pg_promote pg_switch_wal pg_create_restore_point pg_backup_start pg_backup_stop "
            "pg_start_backup pg_stop_backup pg_wal_replay_pause pg_wal_replay_resume pg_export_snapshot "
            "pg_log_backend_memory_contexts pg_stat_reset pg_stat_reset_shared pg_stat_statements_reset "
            "pg_sync_replication_slots pg_prewarm pg_hibernator lo_import lo_export http http_get http_post "
            "http_put http_delete http_patch http_head",
            Effect.SESSION: "set_config pg_notify setseed pg_stat_clear_snapshot set_limit",
            Effect.TEXT: "query_to_xml query_to_xmlschema query_to_xml_and_xmlschema cursor_to_xml "
            "cursor_to_xmlschema table_to_xml table_to_xmlschema table_to_xml_and_xmlschema schema_to_xml "
            "schema_to_xmlschema schema_to_xml_and_xmlschema database_to_xml database_to_xmlschema "
            "database_to_xml_and_xmlschema ts_stat ts_rewrite crosstab crosstab2 crosstab3 crosstab4 crosstabn "
            "connectby xpath_table plpy_execute",
            Effect.WRITES: "nextval setval lo_create lo_creat lo_unlink lowrite lo_put lo_from_bytea lo_truncate "
            "lo_truncate64 lo_open txid_current pg_current_xact_id pg_logical_emit_message",
        }
    ),
    {
        "pg_read_": Effect.SERVER,
        "pg_ls_": Effect.SERVER,
        "pg_file_": Effect.SERVER,
        "pg_logical_": Effect.SERVER,
        "pg_replication_": Effect.SERVER,
        "pg_create_": Effect.SERVER,
        "pg_drop_": Effect.SERVER,
        "pg_copy_": Effect.SERVER,
        "pg_stat_reset": Effect.SERVER,
        "pg_restore_": Effect.WRITES,
        "pg_clear_": Effect.WRITES,
        "pg_import_": Effect.SERVER,
        "dblink": Effect.SERVER,
        "postgres_fdw_": Effect.SERVER,
        "pg_advisory_": Effect.SESSION,
        "pg_try_advisory_": Effect.SESSION,
        "binary_upgrade_": Effect.SERVER,
    },
)
_MYSQL = Functions(
    _named(
        {
            Effect.SERVER: "load_file sys_exec sys_eval master_pos_wait source_pos_wait",
            Effect.SESSION: "get_lock release_lock release_all_locks",
            Effect.WRITES: "nextval setval",
        }
    ),
    {"wait_for_executed_gtid": Effect.SERVER, "wsrep_": Effect.SERVER},
)
_T_SQL = Functions(
    _named({Effect.SERVER: "openrowset opendatasource openquery"}),
    {"xp_": Effect.SERVER, "sp_": Effect.SERVER, "fn_trace_": Effect.SERVER, "fn_xe_": Effect.SERVER},
)
_ORACLE = Functions(
    _named(
        {
            Effect.SERVER: "httpuritype dburitype bfilename request get_response open_connection get_host_address",
            Effect.TEXT: "getxml getxmltype newcontext xmlquery execute",
            Effect.SESSION: "set_context set_identifier",
        }
    ),
    {"dbms_": Effect.SERVER, "utl_": Effect.SERVER},
)
FUNCTIONS: Mapping[str, Functions] = {"postgres": _POSTGRES, "mysql": _MYSQL, "tsql": _T_SQL, "oracle": _ORACLE}
