"""Secrets that are kept elsewhere: references to them, who may name which, and what they resolve to.

A reference is `<source>:<place>`. The operator's patterns say which of them a tenant may name: whoever may name one may
send its secret to an endpoint of their own.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from trunkline_server.domain.errors import Reason, TrunklineError, invalid_fields

_log = structlog.get_logger(__name__)

FIELD = "configuration.authentication.secret_reference"
# One reading, in seconds; a source that fails is asked again after the pause, and so many are read at a time.
READ_SECONDS = 3.0
RETRY_SECONDS = 5.0
_AT_A_TIME = 8
# Where an old value is at hand, a new one is waited for so long.
_PATIENCE_SECONDS = 0.5
# While a source is away its last values serve for so long after they were read, in seconds.
STALE_SECONDS = 3600.0
# What nobody used for so long is not read in the background; for an hour, it is forgotten.
_IN_USE_SECONDS = 600.0
_FORGET_SECONDS = 3600.0
_MOST = 4096
# As the contract has it for a secret, in bytes.
MAX_SECRET = 16 * 1024

_STEP = r"(?!\.{1,2}(?:[/#]|$))[A-Za-z0-9._=+@ -]+"
# The places of each source. No `.` or `..` between slashes, and nothing that a URL would read otherwise.
PLACES: Mapping[str, tuple[re.Pattern[str], str]] = {
    "env": (re.compile(r"[A-Za-z_][A-Za-z0-9_]*"), "env:NAME"),
    "file": (re.compile(rf"(?:/{_STEP})+"), "file:/path, without `.`, `..` and unusual characters"),
    "vault": (
        re.compile(rf"(?P<mount>{_STEP})/(?P<path>{_STEP}(?:/{_STEP})*)#(?P<field>[A-Za-z0-9._-]+)"),
        "vault:<mount>/<path>#<field>",
    ),
    "aws-secrets-manager": (
        re.compile(r"(?P<name>[A-Za-z0-9/_+=.@:!-]{1,2048})(?:#(?P<field>[A-Za-z0-9._-]+))?"),
        "aws-secrets-manager:<name or ARN>, with #<field> where it is JSON",
    ),
}
_SOURCES = ", ".join(f"{name}:" for name in PLACES)


class SecretError(Exception):
    """A source gives no secret: `finding` says why, without anything of a secret. `away`: it could not be asked, so
    that the last value may still be right."""

    def __init__(self, finding: str, *, away: bool = False) -> None:
        super().__init__(finding)
        self.finding = finding
        self.away = away


class SecretSource(Protocol):
    """Where secrets are kept."""

    async def resolve(self, reference: str) -> str:
        """The secret at a place that fits PLACES: the reference without the source's name. Raises SecretError."""
        ...


@dataclass(slots=True)
class _Held:
    """A reference in use. Times are of the clock; `users` are tenants, with their last use; `handed` is what they were
    handed last, None for nothing, and is absent before."""

    value: str | None = None
    read_at: float = 0.0
    failed_at: float | None = None
    error: SecretError | None = None
    users: dict[str, float] = field(default_factory=dict)
    handed: tuple[str | None, ...] = ()
    reading: asyncio.Task[None] | None = None

    @property
    def used_at(self) -> float:
        return max(self.users.values(), default=0.0)


class SecretReferences:
    """Resolves references, once for all that name them. What is in use is read again before `cache_seconds` are over,
    beside the calls; `renew` is told each tenant whose secret became another."""

    def __init__(
        self,
        sources: Mapping[str, SecretSource],
        allowed: Sequence[str] = (),
        cache_seconds: float = 60.0,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`allowed` are patterns: `*` is any run of characters but `/` and `#`, `{tenant}` the tenant's id. Raises
        ValueError for one that no reference can fit."""
        for entry in allowed:
            if entry.partition(":")[0] not in PLACES:
                raise ValueError(f"secret reference {entry!r} must begin with one of {_SOURCES}")
        self._sources = dict(sources)
        self._allowed = tuple(allowed)
        self._cache_seconds = cache_seconds
        self._clock = clock
        self._held: dict[str, _Held] = {}
        self._slots = asyncio.Semaphore(_AT_A_TIME)
        self.renew: Callable[[str], object] = lambda tenant_id: None

    def problem(self, tenant_id: str, reference: str) -> str | None:
        """Why the tenant may not name the reference, or None. Nothing is read."""
        source, _, place = reference.partition(":")
        if source not in PLACES:
            return f"must begin with one of {_SOURCES}"
        shape, told = PLACES[source]
        if not shape.fullmatch(place):
            return f"must be {told}"
        if not any(_pattern(entry, tenant_id).fullmatch(reference) for entry in self._allowed):
            return "is not among those that the operator lets this tenant name"
        return None if source in self._sources else f"names {source}, which the operator has not set up"

    async def resolve(self, tenant_id: str, reference: str) -> str:
        """The secret, read now. Raises INVALID_CONFIGURATION with FIELD for what the tenant may not name or the source
        does not have."""
        if problem := self.problem(tenant_id, reference):
            raise _invalid(problem)
        held = self._held.get(reference) or _Held()
        # What is under way may have begun before the change that its owner has just made.
        if held.reading is not None:
            await asyncio.wait((held.reading,))
        await asyncio.wait((self._read(reference, held),))
        if held.error is not None or held.value is None:
            raise _invalid(f"does not resolve: {held.error.finding if held.error else 'it is being read'}")
        self._keep(tenant_id, reference, held)
        return held.value

    async def resolve_all(
        self, tenant_id: str, references: Mapping[str, str]
    ) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """(secrets, why others have none) by integration id, of references by integration id. What is known is not
        waited for; what is old, for half a second; what is not known, for at most READ_SECONDS. Never raises."""
        found = await asyncio.gather(*(self._known(tenant_id, one) for one in references.values()))
        pairs = list(zip(references, found, strict=True))
        secrets = {name: one for name, one in pairs if isinstance(one, str)}
        return secrets, {name: one.finding for name, one in pairs if isinstance(one, SecretError)}

    async def run(self) -> None:
        """Read again what is in use, until cancelled."""
        pause = min(1.0, self._cache_seconds / 10)
        while True:
            await asyncio.sleep(pause)
            self.turn()

    def turn(self) -> None:
        """Begin the readings that are due, and forget what nobody uses."""
        now = self._clock()
        for reference, held in list(self._held.items()):
            if held.reading is not None:
                continue
            if now - held.used_at >= _FORGET_SECONDS:
                del self._held[reference]
            elif now - held.used_at < _IN_USE_SECONDS and self._due(held, now, self._cache_seconds * 0.7):
                self._read(reference, held)

    async def close(self) -> None:
        """End the readings under way."""
        tasks = [held.reading for held in self._held.values() if held.reading is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _known(self, tenant_id: str, reference: str) -> str | SecretError:
        if problem := self.problem(tenant_id, reference):
            return SecretError(f"the reference {problem}")
        held = self._held.get(reference) or _Held()
        self._keep(tenant_id, reference, held)
        if self._due(held, self._clock(), self._cache_seconds):
            reading, failing = self._read(reference, held), held.failed_at is not None
            # Whoever is handed something else is told when it is read: nobody waits for a source that fails.
            if not failing:
                await asyncio.wait((reading,), timeout=READ_SECONDS if held.value is None else _PATIENCE_SECONDS)
        held.handed = (self._good(held),)
        return held.handed[0] or held.error or SecretError("it is being read", away=True)

    def _good(self, held: _Held) -> str | None:
        """What serves now: the value read last, while its source is away the one before it."""
        if held.error is None:
            return held.value
        stale = held.read_at + self._cache_seconds + STALE_SECONDS <= self._clock()
        return held.value if held.error.away and not stale else None

    def _due(self, held: _Held, now: float, age: float) -> bool:
        if held.failed_at is not None:
            return now - held.failed_at >= RETRY_SECONDS
        return held.value is None or now - held.read_at >= age

    def _keep(self, tenant_id: str, reference: str, held: _Held) -> None:
        held.users[tenant_id] = self._clock()
        self._held[reference] = held
        while len(self._held) > _MOST:
            del self._held[min(self._held, key=lambda name: self._held[name].used_at)]

    def _read(self, reference: str, held: _Held) -> asyncio.Task[None]:
        if held.reading is None:
            held.reading = asyncio.create_task(self._reading(reference, held))
        return held.reading

    async def _reading(self, reference: str, held: _Held) -> None:
        source, _, place = reference.partition(":")
        try:
            async with self._slots, asyncio.timeout(READ_SECONDS):
                value = await self._sources[source].resolve(place)
            if not value or len(value.encode()) > MAX_SECRET:
                raise SecretError(f"it is empty, or has more than {MAX_SECRET} bytes")
            held.value, held.read_at, held.error, held.failed_at = value, self._clock(), None, None
        except TimeoutError:
            self._failed(source, held, SecretError(f"{source} did not answer within {READ_SECONDS:g} s", away=True))
        except SecretError as error:
            self._failed(source, held, error)
        finally:
            held.reading = None
        if held.handed and held.handed[0] != self._good(held):
            self._tell(held)

    def _failed(self, source: str, held: _Held, error: SecretError) -> None:
        if held.error is None or held.error.finding != error.finding:
            _log.warning("secret_not_read", source=source, finding=error.finding, tenants=sorted(held.users))
        held.error, held.failed_at = error, self._clock()

    def _tell(self, held: _Held) -> None:
        now = self._clock()
        for tenant_id, used in list(held.users.items()):
            if now - used < _IN_USE_SECONDS:
                self.renew(tenant_id)
            else:
                del held.users[tenant_id]


def secret_unavailable(integration_id: str, finding: str) -> TrunklineError:
    """FAILED_PRECONDITION: the secret that an integration refers to cannot be had now."""
    return TrunklineError(
        Reason.ERROR_REASON_SECRET_UNAVAILABLE,
        f"the secret of the integration {integration_id} cannot be had: {finding}; see to its secret_reference and to "
        "the source that it names",
        metadata={"integration_id": integration_id, "finding": finding},
    )


def _invalid(problem: str) -> TrunklineError:
    return invalid_fields([(FIELD, problem)], reason=Reason.ERROR_REASON_INVALID_CONFIGURATION)


def _pattern(entry: str, tenant_id: str) -> re.Pattern[str]:
    """re keeps the compiled ones that are met often."""
    parts = (re.escape(part.replace("{tenant}", tenant_id)) for part in entry.split("*"))
    return re.compile("[^/#]*".join(parts))
