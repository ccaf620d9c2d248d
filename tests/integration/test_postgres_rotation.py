"""Rotation of the key-encryption key, in the store and as the operator's command."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest_asyncio
from e2e.commands import Done, trunkline
from integration.postgres_parts import ACTOR, KEYRING, actor, make_tenants, openai, refused, superuser
from trunkline_server.stores.crypto import Keyring
from trunkline_server.stores.postgres import Database, PgAudit, PgIntegrations, PgRotation

OLDEST, OLD, NEW = ("k0", b"0" * 32), ("k1", b"1" * 32), ("k2", b"2" * 32)
BOTH, ONLY_NEW = Keyring([NEW, OLD]), Keyring([NEW])
NAMES = ("five", "four", "one", "three", "two")


@pytest_asyncio.fixture
async def integrations(database: Database) -> AsyncIterator[PgIntegrations]:
    """Five credentials of one tenant, one of another, none of a third; all under k1."""
    await make_tenants(database, "acme", "empty", "other")
    store = PgIntegrations(database, KEYRING)
    for name in NAMES:
        await store.create(ACTOR, openai(name), f"secret of {name}")
    await store.create(actor("other"), openai("one"), "secret of another")
    yield store


async def _rotate(database: Database, keyring: Keyring, batch: int = 2) -> list[tuple[str, tuple[str, ...]]]:
    return [(done.tenant_id, tuple(done.changed)) async for done in PgRotation(database, keyring, batch).rewrap("op")]


async def _ciphertexts(dsn: str) -> list[tuple[object, ...]]:
    async with superuser(dsn) as connection:
        rows = await connection.fetch(
            "SELECT tenant_id, integration_id, ciphertext, nonce, hint, update_time FROM trunkline.credentials "
            "ORDER BY tenant_id, integration_id"
        )
    return [tuple(row) for row in rows]


async def test_everything_comes_under_the_new_key_batch_by_batch(
    integrations: PgIntegrations, database: Database, pg_dsn: str
) -> None:
    before = await _ciphertexts(pg_dsn)
    assert await _rotate(database, BOTH) == [
        *(("acme", ("five", "four")), ("acme", ("one", "three")), ("acme", ("two",))),
        *(("empty", ()), ("other", ("one",))),
    ]
    assert await _ciphertexts(pg_dsn) == before
    only_new = PgIntegrations(database, ONLY_NEW)
    assert [await only_new.secret("acme", name) for name in NAMES] == [f"secret of {name}" for name in NAMES]
    assert await only_new.secret("other", "one") == "secret of another"
    async with refused("INTERNAL"):
        await integrations.secret("acme", "one")
    assert await _rotate(database, BOTH) == [("acme", ()), ("empty", ()), ("other", ())]
    async with superuser(pg_dsn) as connection:
        rows = await connection.fetch(
            "SELECT tenant_id, actor_key_id, detail->>'count', detail->>'kek_id' FROM trunkline.audit_log "
            "WHERE action = 'credentials.rotate' ORDER BY tenant_id, sequence"
        )
    counts = (("acme", "2"), ("acme", "2"), ("acme", "1"), ("other", "1"))
    assert [tuple(row) for row in rows] == [(tenant, "op", count, "k2") for tenant, count in counts]
    assert (await PgAudit(database).verify("acme")).intact


async def test_what_was_stopped_goes_on(integrations: PgIntegrations, database: Database) -> None:
    async with aclosing(PgRotation(database, BOTH, 2).rewrap("op")) as steps:
        assert tuple((await anext(steps)).changed) == ("five", "four")
    changed = [name for _, names in await _rotate(database, BOTH) for name in names]
    assert changed == ["one", "three", "two", "one"]


async def test_two_rotations_and_a_new_secret_at_once(integrations: PgIntegrations, database: Database) -> None:
    one = await integrations.get("acme", "one")
    first, second, _ = await asyncio.gather(
        _rotate(database, BOTH, 1), _rotate(database, BOTH, 1), PgIntegrations(database, BOTH).update(ACTOR, one, "new")
    )
    changed = sorted((tenant, name) for tenant, names in first + second for name in names)
    rest = [("acme", name) for name in NAMES if name != "one"]
    assert [pair for pair in changed if pair != ("acme", "one")] == [*rest, ("other", "one")]
    only_new = PgIntegrations(database, ONLY_NEW)
    found = {name: await only_new.secret("acme", name) for name in NAMES}
    assert found == {name: f"secret of {name}" for name in NAMES} | {"one": "new"}


async def test_a_secret_that_is_replaced_meanwhile_stops_no_rotation(
    integrations: PgIntegrations, database: Database, pg_dsn: str
) -> None:
    new = BOTH.seal(b"new", "acme", "integrations/five/secret")
    async with superuser(pg_dsn) as connection:
        async with connection.transaction():
            await connection.execute(
                "UPDATE trunkline.credentials SET ciphertext = $1, nonce = $2, wrapped_key = $3, wrap_nonce = $4, "
                "kek_id = $5 WHERE tenant_id = 'acme' AND integration_id = 'five'",
                *(new.ciphertext, new.nonce, new.wrapped_key, new.wrap_nonce, new.kek_id),
            )
            rotation = asyncio.create_task(_rotate(database, BOTH, 1))
            async with asyncio.timeout(10), superuser(pg_dsn) as watcher:
                while not await watcher.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                    await asyncio.sleep(0.01)
        changed = [name for _, names in await rotation for name in names]
    assert changed == [*NAMES[1:], "one"]
    only_new = PgIntegrations(database, ONLY_NEW)
    assert [await only_new.secret("acme", name) for name in NAMES] == ["new", *(f"secret of {n}" for n in NAMES[1:])]


async def test_one_that_cannot_be_decrypted_keeps_no_other_from_its_turn(
    integrations: PgIntegrations, database: Database
) -> None:
    await PgIntegrations(database, Keyring([OLDEST])).create(ACTOR, openai("foreign"), "secret of foreign")
    steps = [done async for done in PgRotation(database, BOTH, 1).rewrap("op")]
    assert [name for done in steps for name in done.changed] == [*NAMES, "one"]
    assert [(done.tenant_id, done.unreadable) for done in steps if done.unreadable] == [("acme", {"foreign": "k0"})]


def _entry(key: tuple[str, bytes]) -> str:
    return f"{key[0]}:{base64.b64encode(key[1]).decode()}"


async def _command(directory: Path, dsn: str, *keys: tuple[str, bytes]) -> Done:
    setting = {"TRUNKLINE__SECURITY__CREDENTIAL_KEYS": ",".join(map(_entry, keys))}
    return await trunkline(directory, "credentials", "rewrap", DATABASE_URL=dsn, **setting)


async def test_the_command_tells_what_it_did_and_what_it_could_not(
    integrations: PgIntegrations, database: Database, pg_dsn: str, tmp_path: Path
) -> None:
    await PgIntegrations(database, Keyring([OLDEST])).create(ACTOR, openai("foreign"), "secret of foreign")
    partly = await _command(tmp_path, pg_dsn, NEW, OLD)
    assert partly.code == 1 and partly.out == "6 credentials of 3 tenants put under k2\n", partly
    assert "acme: 5 put under k2\n" in partly.err and "other: 1 put under k2\n" in partly.err
    assert "acme/foreign: cannot be decrypted, it is under k0\n" in partly.err
    whole = await _command(tmp_path, pg_dsn, NEW, OLD, OLDEST)
    assert (whole.code, whole.err) == (0, "acme: 1 put under k2\n"), whole
    assert whole.out == "1 credentials of 3 tenants put under k2\n"
    again = await _command(tmp_path, pg_dsn, NEW)
    assert (again.code, again.err) == (0, ""), again
    assert again.out == "0 credentials of 3 tenants put under k2\nevery stored credential is under k2\n"
    assert await PgIntegrations(database, ONLY_NEW).secret("acme", "foreign") == "secret of foreign"


async def test_the_command_says_what_it_lacks(tmp_path: Path) -> None:
    nowhere = await trunkline(tmp_path, "credentials", "rewrap")
    assert nowhere.code == 1 and "DATABASE_URL" in nowhere.err
    keyless = await trunkline(tmp_path, "credentials", "rewrap", DATABASE_URL="postgresql://127.0.0.1:1/none")
    assert keyless.code == 1 and "TRUNKLINE__SECURITY__CREDENTIAL_KEYS" in keyless.err
    away = await _command(tmp_path, "postgresql://127.0.0.1:1/none", NEW)
    assert away.code == 1 and away.err.startswith("STORE_UNAVAILABLE")
