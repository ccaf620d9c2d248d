"""`trunkline serve`, `migrate` and `probe`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

from trunkline_server.cli.dial import Address, Tls, key_option, target_option, tls_options
from trunkline_server.cli.remote import Failure, read_state, run
from trunkline_server.config import ConfigError, Settings, load
from trunkline_server.stores import postgres

PROBE_SECONDS = 5.0
NOT_SERVING = 1


class Unreachable(Failure):
    """The server gave no answer."""

    exit_code = 2


@click.command()
@click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The settings file.  [default: trunkline.toml, where there is one]",
)
def serve(config: Path | None) -> None:
    """Run the server until SIGTERM or SIGINT; it then drains and exits with 0.

    The environment is read over the file: DATABASE_URL, REDIS_CLUSTER_URLS, … and TRUNKLINE__<SECTION>__<KEY>.

    \b
    Examples:
      trunkline serve --config /etc/trunkline/trunkline.toml
      TRUNKLINE__SERVER__WORKERS=4 trunkline serve
    """
    if config is not None:
        # The workers are spawned and read the same file.
        os.environ["TRUNKLINE_CONFIG"] = str(config.resolve())
    settings = settings_or_fail()
    from trunkline_server.main import run as run_server  # noqa: PLC0415 — the whole server; only this command needs it.

    sys.exit(run_server(settings))


@click.command()
def migrate() -> None:
    """Bring the schema up to date. DATABASE_URL must log in as the owner of the schema.

    Safe to run at every deployment, and from several places at once: one works, the others wait.

    \b
    Example:
      DATABASE_URL=postgresql://owner:…@db/trunkline trunkline migrate
    """
    dsn = database_url(settings_or_fail(), "the owner of the schema")
    applied = run(postgres.migrate(dsn))
    for name in applied:
        click.echo(f"applied {name}")
    click.echo(f"{len(applied)} applied" if applied else "nothing to do: the schema is up to date")


@click.command()
@click.argument("service", default="readiness")
@target_option
@key_option
@tls_options
def probe(service: str, target: str | None, key: str | None, tls: Tls) -> None:
    """Ask for the health of SERVICE: `readiness`, `liveness`, a service's name, or `integration/<id>` (with a key).

    Exit code 0: SERVING. 1: any other status. 2: no answer.

    \b
    Examples:
      trunkline probe
      trunkline probe liveness --target 10.0.0.7:50051
      trunkline probe --tls-ca ca.crt --tls-name gateway.example.com
    """
    target = target or read_state().target or "127.0.0.1:50051"
    try:
        status = run(health(Address(target, tls), service, key=key or read_state().key))
    except Failure as failure:
        raise Unreachable(failure.message) from None
    click.echo(f"{target} {service}: {status}")
    if status != "SERVING":
        sys.exit(NOT_SERVING)


async def health(address: Address, service: str, seconds: float = PROBE_SECONDS, key: str = "") -> str:
    """The status by name, `SERVICE_UNKNOWN` when the server does not know it. The health of integrations needs a key.
    Raises grpc.aio.AioRpcError."""
    # Who asks for anything else shows no key: a probe may speak to a stranger.
    bearer = (("authorization", f"Bearer {key}"),) if key and service.startswith("integration/") else ()
    async with address.channel() as channel:
        try:
            answer = await HealthStub(channel).Check(
                HealthCheckRequest(service=service), timeout=seconds, metadata=bearer
            )
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.NOT_FOUND:
                return "SERVICE_UNKNOWN"
            raise
    return str(HealthCheckResponse.ServingStatus.Name(answer.status))


def database_url(settings: Settings, login: str) -> str:
    """The address of the database. Raises Failure, which says whose login is needed."""
    dsn = settings.stores.database_url.get_secret_value()
    if not dsn:
        raise Failure(f"DATABASE_URL is not set: postgresql://user:password@host/database, with the login of {login}")
    return dsn


def settings_or_fail() -> Settings:
    """The settings of file and environment. Raises Failure."""
    try:
        return load()
    except ConfigError as error:
        raise Failure(f"the settings cannot be used:\n{error}") from None
