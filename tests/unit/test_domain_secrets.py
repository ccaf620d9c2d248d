"""References to secrets: who may name which, how often they are read, and what serves while their source is away."""

from __future__ import annotations

import asyncio

import pytest
from trunkline_server.domain import secrets
from trunkline_server.domain.errors import TrunklineError
from trunkline_server.domain.secrets import FIELD, SecretError, SecretReferences, secret_unavailable

ALLOWED = (
    *("env:SHARED", "file:/run/{tenant}/*", "vault:kv/{tenant}/*#*", "vault:kv/{tenant}/deep/*#key"),
    *("aws-secrets-manager:{tenant}/*", "aws-secrets-manager:{tenant}/*#*"),
)


class Source:
    """Values by place; counts the readings."""

    def __init__(self, **values: str | SecretError) -> None:
        self.values = dict(values)
        self.read: list[str] = []
        self.gate: asyncio.Event | None = None

    async def resolve(self, reference: str) -> str:
        self.read.append(reference)
        if self.gate is not None:
            await self.gate.wait()
        found = self.values.get(reference, SecretError("the source has no such secret"))
        if isinstance(found, SecretError):
            raise found
        return found


class Scene:
    """References over one source for the environment, at a time that the test sets."""

    def __init__(self, **values: str | SecretError) -> None:
        self.source, self.now, self.renewed = Source(**values), 1000.0, list[str]()
        sources = dict.fromkeys(("env", "file", "vault"), self.source)
        self.references = SecretReferences(sources, (*ALLOWED, "env:*"), 60.0, clock=lambda: self.now)
        self.references.renew = self.renewed.append

    async def view(self, tenant: str = "acme", reference: str = "env:KEY") -> str:
        """What a tenant's view has: the secret, or why not in brackets."""
        found, unresolved = await self.references.resolve_all(tenant, {"one": reference})
        return found["one"] if found else f"[{unresolved['one']}]"

    async def turn(self, later: float) -> None:
        """So many seconds later a turn of the background, and its readings."""
        self.now += later
        self.references.turn()
        for _ in range(5):
            await asyncio.sleep(0)


@pytest.mark.parametrize(
    "reference",
    [
        *("env:SHARED", "file:/run/acme/key", "vault:kv/acme/openai#api_key", "vault:kv/acme/deep/one#key"),
        *("aws-secrets-manager:acme/openai", "aws-secrets-manager:acme/openai#key"),
    ],
)
def test_what_the_operator_lets_a_tenant_name(reference: str) -> None:
    references = SecretReferences({name: Source() for name in secrets.PLACES}, ALLOWED)
    assert references.problem("acme", reference) is None


@pytest.mark.parametrize(
    ("reference", "word"),
    [
        ("", "begin with"),
        ("SHARED", "begin with"),
        ("http://acme", "begin with"),
        ("ENV:SHARED", "begin with"),
        ("env:", "env:NAME"),
        ("env:A B", "env:NAME"),
        ("env:SHARED\n", "env:NAME"),
        ("env:PATH", "not among those"),
        ("env:SHARED2", "not among those"),
        ("file:key", "file:/path"),
        ("file:/run/acme/../other/key", "file:/path"),
        ("file:/run/acme/./key", "file:/path"),
        ("file:/run/acme//key", "file:/path"),
        ("file:/run/acme/..", "file:/path"),
        ("file:/run/acme/%2e%2e/other", "file:/path"),
        ("file:/run/acme/\0key", "file:/path"),
        ("file:/run/other/key", "not among those"),
        ("file:/run/acme/deep/key", "not among those"),
        ("file:/run/acme", "not among those"),
        ("vault:kv/acme/openai", "vault:<mount>"),
        ("vault:kv/acme/../other/key#f", "vault:<mount>"),
        ("vault:kv/acme/..#f", "vault:<mount>"),
        ("vault:kv/acme/%2e%2e/other#f", "vault:<mount>"),
        ("vault:kv/acme/key?version=1#f", "vault:<mount>"),
        ("vault:kv/acme//key#f", "vault:<mount>"),
        ("vault:kv#f", "vault:<mount>"),
        ("vault:kv/other/openai#api_key", "not among those"),
        ("vault:kv/acme/deep/one#other", "not among those"),
        ("vault:other/acme/openai#api_key", "not among those"),
        ("aws-secrets-manager:", "aws-secrets-manager:<name"),
        ("aws-secrets-manager:a b", "aws-secrets-manager:<name"),
        ("aws-secrets-manager:other/key", "not among those"),
    ],
)
def test_what_it_may_not(reference: str, word: str) -> None:
    references = SecretReferences({name: Source() for name in secrets.PLACES}, ALLOWED)
    problem = references.problem("acme", reference)
    assert problem is not None and word in problem


def test_without_patterns_nothing_may_be_named_and_bad_ones_stop_the_start() -> None:
    assert "not among" in (SecretReferences({"env": Source()}).problem("acme", "env:HOME") or "")
    assert "not set up" in (SecretReferences({}, ("vault:*/*#*",)).problem("acme", "vault:a/b#c") or "")
    for entry in ("*", "envv:A", "{tenant}:A", ""):
        with pytest.raises(ValueError, match="secret reference"):
            SecretReferences({}, (entry,))


def test_a_pattern_is_no_regular_expression_and_a_tenant_no_pattern() -> None:
    references = SecretReferences({"env": Source()}, ("env:A.C", "file:/run/{tenant}/k"))
    assert references.problem("acme", "env:ABC")
    assert references.problem("a", "file:/run/b/k") and references.problem(".", "file:/run/a/k")


async def test_it_is_read_once_for_all_and_again_before_its_time_is_over() -> None:
    scene = Scene(KEY="v1")
    scene.source.gate = asyncio.Event()
    views = [asyncio.create_task(scene.view(tenant)) for tenant in ("acme", "other", "acme")]
    await asyncio.sleep(0.01)
    scene.source.gate.set()
    assert await asyncio.gather(*views) == ["v1"] * 3 and scene.source.read == ["KEY"]
    await scene.turn(41)
    assert await scene.view() == "v1" and scene.source.read == ["KEY"]
    await scene.turn(1)
    assert scene.source.read == ["KEY"] * 2 and scene.renewed == []
    scene.source.values["KEY"] = "v2"
    await scene.turn(41)
    assert await scene.view() == "v1" and scene.renewed == []
    await scene.turn(1)
    assert sorted(scene.renewed) == ["acme", "other"] and await scene.view() == "v2"
    assert len(scene.source.read) == 3


async def test_who_comes_after_a_pause_gets_the_secret_of_now() -> None:
    scene = Scene(KEY="v1")
    await scene.view()
    scene.source.values["KEY"] = "v2"
    await scene.turn(601)
    assert scene.source.read == ["KEY"], "nobody used it"
    assert await scene.view() == "v2"
    await scene.turn(3601)
    assert await scene.view() == "v2" and len(scene.source.read) == 3, "it was forgotten meanwhile"


async def test_while_its_source_is_away_the_last_value_serves_for_an_hour() -> None:
    scene = Scene(KEY="v1")
    await scene.view()
    scene.source.values["KEY"] = SecretError("the source is away", away=True)
    for _ in range(60):
        await scene.turn(60)
        assert await scene.view() == "v1"
    assert scene.renewed == []
    await scene.turn(61)
    assert scene.renewed == ["acme"] and await scene.view() == "[the source is away]"
    scene.source.values["KEY"] = "v2"
    await scene.turn(5)
    assert scene.renewed == ["acme"] * 2 and await scene.view() == "v2"


async def test_nobody_waits_for_a_source_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "_PATIENCE_SECONDS", 0.01)
    scene = Scene(KEY="v1")
    await scene.view()
    scene.source.gate = asyncio.Event()
    scene.now += 61
    assert await scene.view() == "v1", "it is old, and its source hangs"
    scene.source.values["KEY"] = SecretError("the source is away", away=True)
    scene.source.gate.set()
    await scene.turn(0)
    scene.source.gate.clear()
    await scene.turn(6)
    async with asyncio.timeout(1):
        assert await scene.view() == "v1" and len(scene.source.read) == 3
    scene.source.values["KEY"] = "v2"
    scene.source.gate.set()
    await scene.turn(0)
    assert scene.renewed == ["acme"] and await scene.view() == "v2"


async def test_what_the_source_no_longer_has_is_not_used_any_more() -> None:
    scene = Scene(KEY="v1")
    await scene.view()
    del scene.source.values["KEY"]
    await scene.turn(42)
    assert scene.renewed == ["acme"] and await scene.view() == "[the source has no such secret]"
    await scene.turn(4)
    assert len(scene.source.read) == 2, "it is not asked at once again"


async def test_a_source_that_hangs_holds_nobody_up_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "READ_SECONDS", 0.02)
    scene = Scene(KEY="v1")
    scene.source.gate = asyncio.Event()
    assert "[" in await scene.view()
    await asyncio.sleep(0.02)
    assert await scene.view() == "[env did not answer within 0.02 s]" and scene.source.read == ["KEY"]
    scene.source.gate.set()
    await scene.turn(5)
    assert scene.renewed[-1] == "acme" and await scene.view() == "v1"


@pytest.mark.parametrize("value", ["", "x" * (secrets.MAX_SECRET + 1)])
async def test_an_empty_or_huge_secret_is_none(value: str) -> None:
    assert "it is empty" in await Scene(KEY=value).view()


async def test_a_resolution_reads_now_and_refuses_with_the_path() -> None:
    scene = Scene(KEY="v1")
    await scene.view()
    scene.source.values["KEY"] = "v2"
    assert await scene.references.resolve("acme", "env:KEY") == "v2"
    assert scene.renewed == ["acme"], "the view had the one before"
    for reference, word in (("env:NONE", "does not resolve"), ("vault:other/x/y#z", "not among those")):
        with pytest.raises(TrunklineError, match=word) as caught:
            await scene.references.resolve("acme", reference)
        assert (caught.value.reason_name, caught.value.metadata["field"]) == ("INVALID_CONFIGURATION", FIELD)
    await scene.turn(6)
    assert scene.source.read.count("NONE") == 1, "what never resolved is not read again"


async def test_a_resolution_does_not_take_what_was_read_before_it_came() -> None:
    scene = Scene(KEY="v1")
    scene.source.gate = asyncio.Event()
    view = asyncio.create_task(scene.view())
    await asyncio.sleep(0)
    resolution = asyncio.create_task(scene.references.resolve("acme", "env:KEY"))
    await asyncio.sleep(0)
    scene.source.gate.set()
    assert await asyncio.gather(view, resolution) == ["v1", "v1"] and len(scene.source.read) == 2


async def test_it_runs_beside_the_calls_and_ends() -> None:
    references = SecretReferences({"env": Source(KEY="v1")}, ("env:*",), 1.0)
    await references.resolve_all("acme", {"one": "env:KEY"})
    running = asyncio.create_task(references.run())
    await asyncio.sleep(0.15)
    running.cancel()
    await references.close()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_closing_ends_what_is_read() -> None:
    scene = Scene(KEY="v1")
    scene.source.gate = asyncio.Event()
    view = asyncio.create_task(scene.view())
    await asyncio.sleep(0.01)
    await scene.references.close()
    assert "being read" in await view


async def test_more_references_than_are_kept_push_out_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "_MOST", 2)
    scene = Scene(A="a", B="b", C="c")
    for name in ("A", "B", "C", "A"):
        scene.now += 1
        assert await scene.view(reference=f"env:{name}") == name.lower()
    assert scene.source.read == ["A", "B", "C", "A"]


def test_the_error_says_what_to_do() -> None:
    error = secret_unavailable("main", "Vault has no secret there")
    assert error.reason_name == "SECRET_UNAVAILABLE" and not error.retryable
    assert error.metadata == {"integration_id": "main", "finding": "Vault has no secret there"}
    assert "secret_reference" in error.message
