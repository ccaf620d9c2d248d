"""`trunkline credentials`: what an operator does to stored credentials, in the database itself."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass

import click

from trunkline_server.cli.remote import Failure, run
from trunkline_server.cli.serve import database_url, settings_or_fail
from trunkline_server.stores.crypto import Keyring
from trunkline_server.stores.postgres import PgRotation, open_database

# Who changed it, in the audit log.
_ACTOR = "trunkline credentials rewrap"
_TELL_EVERY = 1000


@dataclass(slots=True)
class _Sum:
    tenants: int = 0
    changed: int = 0
    unreadable: int = 0
    last: str = ""


@click.group()
def credentials() -> None:
    """The stored credentials of all tenants."""


@credentials.command("rewrap")
def rewrap() -> None:
    """Put every stored credential under the current key-encryption key: the first of
    TRUNKLINE__SECURITY__CREDENTIAL_KEYS, which must hold the older ones behind it.

    DATABASE_URL must log in as the server does, or as the owner of the schema. Secrets are neither shown nor decrypted.
    It may run beside servers that know the new key, be stopped at any point, and run again: it goes on with what is
    left, and once nothing is, it says so. Progress goes to stderr. Exit code 1 when one could not be decrypted.

    \b
    Example:
      TRUNKLINE__SECURITY__CREDENTIAL_KEYS=k2:…,k1:… DATABASE_URL=postgresql://… trunkline credentials rewrap
    """
    settings = settings_or_fail()
    dsn = database_url(settings, "the server")
    try:
        keyring = Keyring.from_setting(settings.security.credential_keys.get_secret_value())
    except ValueError as error:
        raise Failure(f"TRUNKLINE__SECURITY__CREDENTIAL_KEYS: {error}") from None
    total = run(_rewrap(dsn, keyring))
    click.echo(f"{total.changed} credentials of {total.tenants} tenants put under {keyring.current}")
    if total.unreadable:
        raise Failure(
            f"{total.unreadable} cannot be decrypted and stay as they are: put the keys named above behind the current "
            "one and run this again, or give those integrations a new secret"
        )
    if not total.changed:
        click.echo(f"every stored credential is under {keyring.current}")


async def _rewrap(dsn: str, keyring: Keyring) -> _Sum:
    total = _Sum()
    async with (
        open_database(dsn, max_connections=1) as database,
        aclosing(PgRotation(database, keyring).rewrap(_ACTOR)) as steps,
    ):
        async for done in steps:
            if done.tenant_id != total.last:
                total.last = done.tenant_id
                total.tenants += 1
                if total.tenants % _TELL_EVERY == 0:
                    click.echo(f"{total.tenants} tenants looked at", err=True)
            total.changed += len(done.changed)
            total.unreadable += len(done.unreadable)
            if done.changed:
                click.echo(f"{done.tenant_id}: {len(done.changed)} put under {keyring.current}", err=True)
            for name, kek_id in done.unreadable.items():
                click.echo(f"{done.tenant_id}/{name}: cannot be decrypted, it is under {kek_id}", err=True)
    return total
