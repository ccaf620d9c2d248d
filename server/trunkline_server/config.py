"""Settings: `trunkline.toml`, then the environment over it. Frozen once read; unknown keys and bad values are refused.

Every key can be set as `TRUNKLINE__<SECTION>__<KEY>`; the names in ENVIRONMENT are shorter and win.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from trunkline_server.pem import certificates_problem, pair_problem

MIB = 1024 * 1024

Seconds = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(gt=0, le=1)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Tls(_Section):
    """Inbound TLS. Files are read anew for each handshake when they change; a broken file keeps the old certificate."""

    certificate: Path = Field(description="PEM chain of the server.")
    key: Path = Field(description="PEM key of the server.")
    client_ca: Path | None = Field(None, description="PEM roots of client certificates; with it, mTLS is required.")

    def problem(self) -> str | None:
        """Why the files cannot be used now, or None: unreadable, no PEM, or a key of another certificate."""
        if found := pair_problem(self.certificate, self.key):
            return ": ".join(found)
        if self.client_ca is not None and (problem := certificates_problem(self.client_ca)):
            return f"client_ca: {problem}"
        return None


class Server(_Section):
    """The wire."""

    listen: str = Field("0.0.0.0:50051", description="gRPC address. Workers share it by SO_REUSEPORT.")
    admin: str = Field("0.0.0.0:8080", description="HTTP address of /health, /ready, /cache-status and /metrics.")
    receive: str = Field("", description="HTTP address of received webhooks, with nothing else; empty: that of admin.")
    workers: int = Field(0, ge=0, le=256, description="Worker processes; 0 is one for each core.")
    max_concurrent_requests: int = Field(1000, ge=1, description="Calls of models and tools in flight in one worker.")
    queue_size: int = Field(256, ge=0, le=100_000, description="Calls above that which may wait; 0: none.")
    queue_seconds: Seconds = Field(5, description="The longest that one waits, its deadline permitting.")
    max_message_bytes: int = Field(4 * MIB, ge=1024, le=64 * MIB, description="The largest request that is accepted.")
    default_deadline_seconds: Seconds = Field(600, description="For callers that set none, and the most one may set.")
    write_timeout_seconds: Seconds = Field(30, description="A caller that does not read for this long is cut off.")
    drain_seconds: float = Field(2, ge=0, description="After SIGTERM: NOT_SERVING for this long before refusing calls.")
    grace_seconds: Seconds = Field(30, description="After that, calls in flight have this long to end.")
    keepalive_seconds: Seconds = Field(60, description="Idle time before an HTTP/2 ping.")
    reflection: bool = Field(True, description="Serve gRPC reflection.")
    tls: Tls | None = Field(None, description="Absent: plaintext.")


class Stores(_Section):
    """Postgres and Redis."""

    database_url: SecretStr = Field(SecretStr(""), description="postgresql://…, of the owner or the run-time role.")
    redis_urls: tuple[str, ...] = Field((), description="One URL is a single node; more are the seeds of a cluster.")
    pool_size: int = Field(4, ge=1, le=100, description="Postgres connections of one worker.")
    stale_seconds: float = Field(
        3600, ge=0, le=86_400, description="While Postgres is away, keys and tenants last read so long ago still serve."
    )


class Security(_Section):
    """Credentials and outbound addresses."""

    credential_keys: SecretStr = Field(
        SecretStr(""), description="Key-encryption keys `id:base64(32 bytes)`, the current one first, comma-separated."
    )
    allow_http: bool = Field(False, description="Allow http:// endpoints for integrations.")
    allowed_addresses: tuple[str, ...] = Field(
        (), description="Private networks that integrations may reach, as CIDR, for example 10.1.0.0/16."
    )
    egress_allow: tuple[str, ...] = Field(
        (),
        description="Of the public addresses only these: names (*.example.com too), addresses, CIDR, with :port or "
        "without; empty: all.",
    )
    secret_references: tuple[str, ...] = Field(
        (), description="References to secrets that tenants may name, for example vault:kv/{tenant}/*#*; empty: none."
    )
    secret_cache_seconds: float = Field(
        60, ge=1, le=3600, description="A referenced secret that changed is used within this time."
    )


class Vault(_Section):
    """HashiCorp Vault or OpenBao, for references that begin with vault:."""

    address: str = Field("", description="https://…; empty: none.")
    namespace: str = Field("", description="Its namespace, where it has some.")
    ca: str = Field("", description="PEM roots that signed its certificate; empty: the system's.")
    token: SecretStr = Field(SecretStr(""), description="A token. Better: one of the next two.")
    token_file: str = Field("", description="A file with the token, which an agent renews.")
    kubernetes_role: str = Field("", description="Log in by Kubernetes auth, with this role.")
    kubernetes_mount: str = Field("kubernetes", description="Where that auth method is mounted.")
    kubernetes_token_file: str = Field(
        "/var/run/secrets/kubernetes.io/serviceaccount/token", description="The token of the service account."
    )


class Aws(_Section):
    """AWS Secrets Manager, for references that begin with aws-secrets-manager:. Credentials: AWS's usual chain."""

    region: str = Field("", description="The region of names; empty: that of the usual chain. ARNs name their own.")
    endpoint: str = Field("", description="Another endpoint than AWS's own, for private links and tests.")


class Routing(_Section):
    """Routes and providers."""

    cost_optimization_enabled: bool = Field(True, description="Cheapest candidate first; else in the order declared.")
    provider_timeout_seconds: Seconds = Field(
        30, description="One attempt, where neither integration nor connector say."
    )
    connect_timeout_seconds: Seconds = Field(5, description="Until a connection stands, TLS included.")
    stream_idle_timeout_seconds: Seconds = Field(30, description="The longest pause within an answer.")
    probe_interval_seconds: float = Field(
        30, ge=0, le=3600, description="Each provider in use is checked in the background so often; 0: never."
    )
    concurrency_min: int = Field(8, ge=1, description="The least that a worker's limit for a deployment shrinks to.")
    concurrency_start: int = Field(1000, ge=1, description="Where it begins.")
    concurrency_max: int = Field(10_000, ge=1, description="The most that it grows to.")
    max_shadows: int = Field(100, ge=0, description="Copies for shadow arms of experiments at once in one worker.")
    objective: Literal["cost", "latency", "quality", "balanced"] = Field(
        "cost", description="What the router optimises where no policy of the tenant says."
    )
    balance: dict[Literal["cost", "latency", "quality"], Annotated[float, Field(ge=0)]] = Field(
        {"cost": 0.3, "latency": 0.15, "quality": 0.55}, description="Weights of a balanced choice."
    )
    max_provider_share: Share = Field(
        0.6, description="No provider serves more of the calls that the router routes, while others qualify."
    )
    aliases: dict[str, tuple[str, ...]] = Field({}, description="Alias = models in the order of preference.")

    @model_validator(mode="after")
    def _ordered(self) -> Routing:
        if not self.concurrency_min <= self.concurrency_start <= self.concurrency_max:
            raise ValueError("concurrency_min <= concurrency_start <= concurrency_max does not hold")
        if not sum(self.balance.values()) > 0:
            raise ValueError("one weight of `balance` at least must be above zero")
        return self


class Integrations(_Section):
    """The systems behind Trunkline."""

    check_interval_seconds: float = Field(
        300, ge=0, le=86_400, description="Each active integration that names no interval is checked so often; 0: none."
    )
    template_dir: str = Field("", description="A directory of more API templates, *.toml, read at start; empty: none.")
    databases: tuple[Literal["mysql", "oracle", "postgresql", "sqlserver"], ...] = Field(
        ("mysql", "postgresql", "sqlserver"),
        description="The databases that are served. oracle: only where all endpoints are trusted, docs/databases.md.",
    )


class Events(_Section):
    """Events, subscriptions and webhooks."""

    retention_days: int = Field(7, ge=1, le=3650, description="How long events, and deliveries that ended, are kept.")
    max_subscriptions: int = Field(1000, ge=0, description="Subscriptions that one worker serves at once.")
    webhook_retry_seconds: tuple[Seconds, ...] = Field(
        (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400),
        description="The pauses between attempts at a delivery, each +- 20 %; after the last one it is a dead letter.",
    )
    max_deliveries: int = Field(500, ge=1, le=10_000, description="Deliveries that the relay has under way at once.")


class Budgets(_Section):
    """Money."""

    alert_threshold: Share = Field(0.8, description="Alert at this share, where a budget names none.")
    hold_lease_seconds: float = Field(60, ge=2, le=3600, description="Holds of a worker that died end after this.")


class Cache(_Section):
    """The response cache."""

    ttl_seconds: int = Field(3600, ge=1, le=2_592_000, description="How long answers stay.")
    semantic_similarity_threshold: Share = Field(0.9, description="The least similarity of a semantic match.")


class Observability(_Section):
    """Logs and traces."""

    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="The least level written.")
    access_log: Literal["all", "failed", "off"] = Field("all", description="One line for each call.")
    otlp_endpoint: str = Field("", description="OTLP/gRPC collector, http:// or https:// (TLS); empty: no spans.")
    trace_sample_ratio: float = Field(0.01, ge=0, le=1, description="Of calls that arrive without a sampling decision.")


class Settings(_Section):
    """All settings."""

    server: Server = Server()
    stores: Stores = Stores()
    security: Security = Security()
    vault: Vault = Vault()
    aws: Aws = Aws()
    routing: Routing = Routing()
    integrations: Integrations = Integrations()
    events: Events = Events()
    budgets: Budgets = Budgets()
    cache: Cache = Cache()
    observability: Observability = Observability()
    portkey_api_key: SecretStr = Field(SecretStr(""), description="Registers Portkey Gateway in `trunkline dev`.")


# The names that operators know -> where they go.
ENVIRONMENT: Mapping[str, tuple[str, ...]] = {
    "DATABASE_URL": ("stores", "database_url"),
    "REDIS_CLUSTER_URLS": ("stores", "redis_urls"),
    "PORTKEY_API_KEY": ("portkey_api_key",),
    "COST_OPTIMIZATION_ENABLED": ("routing", "cost_optimization_enabled"),
    "CACHE_TTL_SECONDS": ("cache", "ttl_seconds"),
    "MAX_CONCURRENT_REQUESTS": ("server", "max_concurrent_requests"),
    "BUDGET_ALERT_THRESHOLD": ("budgets", "alert_threshold"),
    "SEMANTIC_CACHE_SIMILARITY_THRESHOLD": ("cache", "semantic_similarity_threshold"),
    "PROVIDER_TIMEOUT_SECONDS": ("routing", "provider_timeout_seconds"),
    "OTEL_EXPORTER_OTLP_ENDPOINT": ("observability", "otlp_endpoint"),
}
_PREFIX = "TRUNKLINE__"
_LISTS = {
    ("stores", "redis_urls"),
    ("integrations", "databases"),
    ("events", "webhook_retry_seconds"),
    *(("security", name) for name in ("allowed_addresses", "egress_allow", "secret_references")),
}


class ConfigError(Exception):
    """The settings cannot be used; the message names each key and what is wrong with it."""


def load(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings. Without `path`, `trunkline.toml` of the working directory is read if there is one.

    Raises ConfigError.
    """
    environ = os.environ if environ is None else environ
    source = path or Path(environ.get("TRUNKLINE_CONFIG", "trunkline.toml"))
    values: dict[str, Any] = {}
    names: dict[tuple[str, ...], str] = {}
    if path is not None or source.exists():
        try:
            values = tomllib.loads(source.read_text())
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise ConfigError(f"{source}: {error}") from None
    for name, value in environ.items():
        place = ENVIRONMENT.get(name)
        if place is None and name.startswith(_PREFIX):
            place = tuple(name[len(_PREFIX) :].lower().split("__"))
        if place is not None and value != "":
            names[place] = name
            _put(values, place, _parse(place, value))
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise ConfigError(_explain(error, names, source)) from None


def _parse(place: tuple[str, ...], value: str) -> Any:
    if place in _LISTS:
        return [part.strip() for part in value.split(",") if part.strip()]
    if place[:2] == ("routing", "aliases") or place == ("routing", "balance"):
        return orjson.loads(value)
    return value


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {_toml(one)}" for name, one in value.items()) + "}"
    return orjson.dumps(value).decode()


def _put(values: dict[str, Any], place: tuple[str, ...], value: Any) -> None:
    for part in place[:-1]:
        inner = values.setdefault(part, {})
        if not isinstance(inner, dict):
            return
        values = inner
    values[place[-1]] = value


def _explain(error: ValidationError, names: Mapping[tuple[str, ...], str], source: Path) -> str:
    lines = []
    for found in error.errors(include_url=False, include_input=False):
        place = tuple(str(part) for part in found["loc"])
        key = next((name for at, name in names.items() if place[: len(at)] == at), None)
        text = "unknown key" if found["type"] == "extra_forbidden" else found["msg"]
        lines.append(f"{key or f'{source}: ' + '.'.join(place)}: {text}")
    return "\n".join(lines)


def reference() -> str:
    """Every key with its default and meaning, as a commented `trunkline.toml`."""
    lines: list[str] = []

    def describe(section: type[BaseModel], name: str) -> None:
        lines.extend(("", f"[{name}]"))
        for key, field in section.model_fields.items():
            if key == "tls":
                continue
            default = field.get_default()
            shown = default.get_secret_value() if isinstance(default, SecretStr) else default
            value = list(shown) if isinstance(shown, tuple) else shown
            text = _toml(value)
            lines.append(f"# {field.description}")
            lines.append(f"# {key} = {text}")

    for name, field in Settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            describe(field.annotation, name)
    return "\n".join(lines).lstrip() + "\n"
