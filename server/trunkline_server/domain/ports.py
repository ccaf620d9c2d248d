"""What the domain asks of the world. Adapters in providers/, connectors/ and stores/ answer; app.py joins them.

Errors: every method may raise `TrunklineError`; stores raise STORE_UNAVAILABLE when their server cannot be reached,
and never let a driver's exception through. Amounts are nano-USD, times are seconds, unless a name says otherwise.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from google.protobuf.timestamp_pb2 import Timestamp
from trunkline.v1.access_pb2 import ApiKey, Tenant
from trunkline.v1.analytics_pb2 import RecordedRequest
from trunkline.v1.budget_pb2 import Budget
from trunkline.v1.common_pb2 import ProviderQuota, Usage
from trunkline.v1.completion_pb2 import CompleteRequest, CompleteResponse, StreamCompleteResponse
from trunkline.v1.configuration_pb2 import IntegrationType
from trunkline.v1.connector_pb2 import Connector
from trunkline.v1.event_pb2 import Event
from trunkline.v1.integration_health_pb2 import HealthCheck
from trunkline.v1.integration_pb2 import Integration, IntegrationVersion
from trunkline.v1.llm_pb2 import EmbedRequest
from trunkline.v1.model_pb2 import Model
from trunkline.v1.policy_pb2 import TaskMapping

from trunkline_server.domain.call import Caller
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.secrets import secret_unavailable
from trunkline_server.domain.steering import RoutingView
from trunkline_server.domain.timeouts import DEFAULT_TIMEOUTS, Timeouts

# ── Who calls, and what a tenant has ────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class TenantView:
    """All that routing and admission need of a tenant, read together. `secrets` holds decrypted credentials by
    integration id; they never leave the process. `unresolved` says why an integration has none that refers to one."""

    tenant: Tenant
    integrations: Mapping[str, Integration]
    secrets: Mapping[str, str] = field(repr=False)
    budgets: Sequence[Budget]
    routing: RoutingView = field(default_factory=RoutingView)
    unresolved: Mapping[str, str] = field(default_factory=dict)

    def secret(self, integration_id: str) -> str:
        """The credential, empty where there is none. Raises SECRET_UNAVAILABLE."""
        if finding := self.unresolved.get(integration_id):
            raise secret_unavailable(integration_id, finding)
        return self.secrets.get(integration_id, "")


class Directory(Protocol):
    """Cached reads of keys and tenants: at most 10 s old, sooner when another worker announces a change."""

    async def caller(self, token: str) -> Caller:
        """The holder of an API key. Raises CREDENTIAL_INVALID for unknown, revoked, expired or suspended."""
        ...

    async def tenant(self, tenant_id: str) -> TenantView:
        """The tenant. Raises NOT_FOUND."""
        ...

    async def changed(self, tenant_id: str) -> None:
        """Know the tenant anew: here when this returns, in every other worker within a second."""
        ...


# ── Durable state (Postgres) ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Actor:
    """On whose behalf something is changed; goes to the audit log in the same transaction."""

    tenant_id: str
    key_id: str
    trace_id: str = ""


class Tenants(Protocol):
    """Tenants, by id. Not bound to one tenant: for operators and set-up."""

    async def create(self, actor: Actor, tenant: Tenant) -> Tenant: ...
    async def get(self, tenant_id: str) -> Tenant: ...
    async def list(self, page_size: int, page_token: str) -> tuple[Sequence[Tenant], str]: ...
    async def update(self, actor: Actor, tenant: Tenant, paths: Sequence[str]) -> Tenant:
        """Set the fields named by `paths`. Raises NOT_FOUND, ETAG_MISMATCH (`tenant.etag` set and not current)."""
        ...


class Keys(Protocol):
    """API keys. Of a secret only its SHA-256 is kept (256 random bits need no slow hash)."""

    async def create(self, actor: Actor, key: ApiKey, secret_hash: bytes, rotated_from: str = "") -> ApiKey:
        """Make a key; one that is `rotated_from` another is of the same lineage."""
        ...

    async def get(self, tenant_id: str, key_id: str) -> ApiKey: ...
    async def list(
        self, tenant_id: str, page_size: int, page_token: str, include_ended: bool
    ) -> tuple[Sequence[ApiKey], str]: ...
    async def revoke(self, actor: Actor, key_id: str) -> ApiKey:
        """Revoke now; revoking twice changes nothing. Raises NOT_FOUND."""
        ...

    async def expire(self, actor: Actor, key_id: str, at: Timestamp) -> ApiKey:
        """Set the expiry, for rotation with overlap."""
        ...


class Integrations(Protocol):
    """A tenant's integrations and their encrypted credentials. Integrations are returned without secrets
    (`authentication.secret` empty, `secret_set` and `secret_hint` filled)."""

    async def create(self, actor: Actor, integration: Integration, secret: str) -> Integration:
        """Raises ALREADY_EXISTS. An empty secret stores none."""
        ...

    async def get(self, tenant_id: str, integration_id: str) -> Integration: ...
    async def list(
        self, tenant_id: str, page_size: int, page_token: str, type: IntegrationType.ValueType
    ) -> tuple[Sequence[Integration], str]: ...
    async def update(
        self, actor: Actor, integration: Integration, secret: str | None, action: str = "update"
    ) -> Integration:
        """Replace the row with `integration`. `secret` None keeps the stored one. A new version is made where
        something of it differs, see integrations/versions.py, and by the action `rollback` always. Raises NOT_FOUND,
        ETAG_MISMATCH."""
        ...

    async def delete(self, actor: Actor, integration_id: str, etag: str) -> None: ...
    async def secret(self, tenant_id: str, integration_id: str) -> str:
        """The decrypted credential, or an empty string."""
        ...

    async def record_check(self, tenant_id: str, integration_id: str, check: HealthCheck) -> bool:
        """Keep the finding as the last check and in the history of checks, with an event where health changed. Returns
        whether anything changed that calls go by: health, or the models that were found."""
        ...

    async def versions(
        self, tenant_id: str, integration_id: str, page_size: int, page_token: str
    ) -> tuple[Sequence[IntegrationVersion], str]:
        """The newest first, those of a deleted integration too. Raises NOT_FOUND, INVALID_REQUEST for the token."""
        ...

    async def version(self, tenant_id: str, integration_id: str, version: int) -> IntegrationVersion:
        """One version. Raises NOT_FOUND."""
        ...


class Budgets(Protocol):
    """A tenant's budgets."""

    async def create(self, actor: Actor, budget: Budget) -> Budget: ...
    async def get(self, tenant_id: str, budget_id: str) -> Budget: ...
    async def list(self, tenant_id: str, page_size: int, page_token: str) -> tuple[Sequence[Budget], str]: ...
    async def update(self, actor: Actor, budget: Budget, paths: Sequence[str]) -> Budget: ...
    async def delete(self, actor: Actor, budget_id: str, etag: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Settled:
    """One settled call, as it leaves the usage stream. `budgets` are (budget id, window) pairs that it was charged to;
    `events` go to the outbox in the same transaction. `entry` is unique: writing it twice changes nothing."""

    entry: str
    tenant_id: str
    record: RecordedRequest
    budgets: Sequence[tuple[str, str]]
    events: Sequence[Event] = ()


class Ledger(Protocol):
    """The ledger and the request log: the truth about money."""

    async def write(self, batch: Sequence[Settled]) -> None:
        """Write all or nothing, idempotent by `entry`."""
        ...

    async def spent(self, tenant_id: str, windows: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], int]:
        """Nano-USD charged so far, by (budget id, window)."""
        ...


# ── Admission (Redis) ───────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class RateLimit:
    """The limits of a subject, for example `tenant`, `key/<id>` or `model/<provider>/<model>`; None limits nothing."""

    subject: str
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    max_concurrent: int | None = None


@dataclass(frozen=True, slots=True)
class BudgetLimit:
    """One budget in one window, for example (`monthly`, `2026-11`). `ends_at` is Unix time, None for never."""

    budget_id: str
    window: str
    limit: int
    hard: bool
    thresholds: tuple[float, ...]
    ends_at: float | None


@dataclass(slots=True)
class Ask:
    """What one call asks of admission: a hold of `amount` on every budget, and of every rate one call, `tokens` tokens
    (an estimate that settling corrects) and one place among the calls in flight."""

    tenant_id: str
    hold_id: str
    amount: int
    rates: tuple[RateLimit, ...]
    budgets: tuple[BudgetLimit, ...]
    tokens: int = 0


@dataclass(slots=True)
class BudgetLevel:
    """The state of one budget."""

    budget_id: str
    limit: int
    spent: int
    held: int


class Admission(Protocol):
    """Rate limits and budget holds. Exact under concurrency and over all workers."""

    async def admit(self, ask: Ask) -> Sequence[BudgetLevel]:
        """All or nothing. Returns the budgets as they were before the hold; none where the store is away. Raises
        RATE_LIMITED (with retry_after) or BUDGET_EXCEEDED, with the subject in the metadata, and STORE_UNAVAILABLE."""
        ...

    async def widen(self, ask: Ask, rates: Sequence[RateLimit]) -> None:
        """Count an admitted call against further rates, all or none. Raises RATE_LIMITED."""
        ...

    async def settle(self, ask: Ask, spent: int, record: bytes, tokens: int = 0) -> Sequence[BudgetLevel]:
        """Release the hold and the places in flight, charge `spent`, count the `tokens` used in place of the estimate,
        and append `record` (a serialised RecordedRequest) to the usage stream, in one step. Idempotent by hold id. A
        hold whose lease ran out is still charged. Spent 0 voids."""
        ...

    async def levels(self, tenant_id: str, budgets: Sequence[BudgetLimit]) -> Sequence[BudgetLevel]:
        """The state of budgets now."""
        ...


# ── Models and providers ────────────────────────────────────────────────────────────────────────────────────────


class Catalogue(Protocol):
    """Facts and prices of models. In memory: no method waits."""

    def find(self, provider: str, model: str) -> Model | None:
        """The model as `provider` names it, dated variants included (`gpt-4o-2024-08-06` finds `gpt-4o`)."""
        ...

    def models(self) -> Sequence[Model]:
        """Every model, by name."""
        ...

    def by_name(self, model: str) -> Sequence[Model]:
        """Every provider's model of this bare name."""
        ...

    def of_provider(self, provider: str) -> Sequence[Model]: ...

    def quality(self, model: str) -> tuple[float | None, str]:
        """The published score of a model by any provider's name for it, from 0 to 1, and the list's name; (None, "")
        where no list has it."""
        ...

    def task_mappings(self) -> Sequence[TaskMapping]:
        """The built-in mappings, by task; their models are bare names of the catalogue. Their
        version is 0."""
        ...


@dataclass(frozen=True, slots=True)
class Target:
    """Where one attempt goes. `profile` names the provider profile (the wire), `provider` whose models are called:
    through the profile `portkey` the provider may be `openai`. `timeout` is that of one attempt, and of a stream that
    of its beginning; `timeouts` bound its parts."""

    integration_id: str
    profile: str
    provider: str
    model: str
    endpoint: str
    timeout: float
    secret: str = field(repr=False)
    options: Mapping[str, str] = field(default_factory=dict)
    timeouts: Timeouts = DEFAULT_TIMEOUTS
    # Why there is no secret, where the integration refers to one.
    unresolved: str = ""


@dataclass(frozen=True, slots=True)
class Vectors:
    """What an embedding answered: a vector of little-endian 32-bit floats for each text, in order. Counts that the
    provider did not tell are absent."""

    packed: Sequence[bytes]
    usage: Usage
    model: str = ""


@dataclass(slots=True)
class Heard:
    """What a provider's answer told beside its content. Filled in as soon as the head of the answer is there."""

    http_status: int | None = None
    request_id: str = ""
    quotas: Sequence[ProviderQuota] = ()


class Providers(Protocol):
    """Calls of language models. What an attempt hears beside the answer goes into `heard`."""

    def prepare(self, target: Target, request: CompleteRequest, *, stream: bool) -> Any:
        """What an attempt sends, as far as it can be known before: for `complete`, or for `stream`, of the same target
        and request, once. Without it they do it themselves. Raises TrunklineError."""
        ...

    async def complete(
        self,
        target: Target,
        request: CompleteRequest,
        deadline: Deadline,
        heard: Heard | None = None,
        prepared: Any = None,
    ) -> CompleteResponse:
        """One attempt. Fills completion, content, candidates, model_used, completion_id, usage, finish and
        provider_events.
        Raises ProviderError."""
        ...

    def stream(
        self,
        target: Target,
        request: CompleteRequest,
        deadline: Deadline,
        heard: Heard | None = None,
        prepared: Any = None,
    ) -> AsyncGenerator[StreamCompleteResponse, None]:
        """One attempt: started, content, usage, `finished` with finish and usage; sequence and attempt are left to
        the caller. Raises ProviderError, STREAM_TRUNCATED when the provider's end mark is missing. Closing it
        aborts the upstream request at once."""
        ...

    def unsupported(self, profile: str, provider: str, request: CompleteRequest) -> Sequence[tuple[str, str]]:
        """(field path, why) of every option of the request that the provider cannot honour."""
        ...

    def prefills(self, target: Target) -> bool:
        """Whether the model goes on from the beginning of an answer: from a last message of the assistant."""
        ...

    async def embed(
        self, target: Target, request: EmbedRequest, deadline: Deadline, heard: Heard | None = None
    ) -> Vectors:
        """One attempt: a vector for each text, all of one length. Raises ProviderError; its usage is what the
        calls of the attempt used that were answered or cut off. Of several calls the last answer is heard."""
        ...

    def unsupported_embedding(self, target: Target, request: EmbedRequest) -> Sequence[tuple[str, str]]:
        """(field path, why) of what the provider cannot honour; `model` where it serves no embeddings at all."""
        ...

    async def count(self, target: Target, request: CompleteRequest, deadline: Deadline) -> int | None:
        """Input tokens by the provider's own counter, None where it has none. Raises ProviderError."""
        ...

    def validate(self, integration: Integration) -> Sequence[tuple[str, str]]:
        """(field path, what is wrong) of the configuration; paths start at `configuration`."""
        ...

    async def check(self, target: Target, deadline: Deadline) -> HealthCheck:
        """Ask the provider for its models. Never raises for what the provider does; the finding tells."""
        ...

    def connectors(self) -> Sequence[Connector]: ...
