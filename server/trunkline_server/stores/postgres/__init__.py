"""PostgreSQL: the durable state, bound to one tenant at a time by row-level security."""

from trunkline_server.stores.postgres.approvals import PgApprovals
from trunkline_server.stores.postgres.audit import AuditFinding, PgAudit
from trunkline_server.stores.postgres.budgets import PgBudgets
from trunkline_server.stores.postgres.directory import PgDirectory
from trunkline_server.stores.postgres.event_feed import PgEventFeed
from trunkline_server.stores.postgres.experiments import PgExperiments
from trunkline_server.stores.postgres.feedback import PgFeedback
from trunkline_server.stores.postgres.integration_checks import PgChecks
from trunkline_server.stores.postgres.integration_health import PgIntegrationHealth
from trunkline_server.stores.postgres.integrations import PgIntegrations
from trunkline_server.stores.postgres.keys import PgKeys
from trunkline_server.stores.postgres.ledger import PgLedger
from trunkline_server.stores.postgres.listen import PgChanges
from trunkline_server.stores.postgres.migrate import MigrationError, migrate, pending
from trunkline_server.stores.postgres.outbox import PgOutbox
from trunkline_server.stores.postgres.pool import Database, open_database
from trunkline_server.stores.postgres.receivers import PgReceivers
from trunkline_server.stores.postgres.relay_lock import RelayLock
from trunkline_server.stores.postgres.rotation import PgRotation
from trunkline_server.stores.postgres.routing import PgRouting
from trunkline_server.stores.postgres.tenants import PgTenants
from trunkline_server.stores.postgres.webhooks import PgWebhooks
from trunkline_server.stores.postgres.webhooks_relay import PgRelay

__all__ = [
    "AuditFinding",
    "Database",
    "MigrationError",
    "PgApprovals",
    "PgAudit",
    "PgBudgets",
    "PgChanges",
    "PgChecks",
    "PgDirectory",
    "PgEventFeed",
    "PgExperiments",
    "PgFeedback",
    "PgIntegrationHealth",
    "PgIntegrations",
    "PgKeys",
    "PgLedger",
    "PgOutbox",
    "PgReceivers",
    "PgRelay",
    "PgRotation",
    "PgRouting",
    "PgTenants",
    "PgWebhooks",
    "RelayLock",
    "migrate",
    "open_database",
    "pending",
]
