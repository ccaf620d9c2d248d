"""Where referenced secrets are kept: files, the environment, a real OpenBao, and an endpoint that checks signatures as
AWS does."""

from __future__ import annotations

import base64
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest
import pytest_asyncio
from aiohttp import web
from aws_secrets import SecretsManager, secrets_manager
from e2e.certificates import Authority
from trunkline_server.domain.secrets import MAX_SECRET, SecretError, SecretSource
from trunkline_server.embedded.process import free_port
from trunkline_server.stores.secrets.aws import AwsSecrets
from trunkline_server.stores.secrets.environment import EnvironmentSecrets
from trunkline_server.stores.secrets.file import FileSecrets
from trunkline_server.stores.secrets.vault import VaultSecrets, VaultSettings
from vault_server import ROOT, VaultServer, vault_server

pytestmark = pytest.mark.asyncio(loop_scope="module")
VALUE = "s3cret-Value-77"


async def finding(source: SecretSource, reference: str, *, away: bool = False) -> str:
    """Why the source has nothing there."""
    with pytest.raises(SecretError) as caught:
        await source.resolve(reference)
    assert caught.value.away is away and VALUE not in caught.value.finding
    return caught.value.finding


async def test_the_environment() -> None:
    source = EnvironmentSecrets({"KEY": VALUE, "EMPTY": ""})
    assert await source.resolve("KEY") == VALUE
    for name in ("EMPTY", "NONE"):
        assert "does not have the variable" in await finding(source, name)


@pytest.mark.parametrize(
    ("content", "expected"),
    [(VALUE, VALUE), (f"{VALUE}\n", VALUE), (f"{VALUE}\r\n", VALUE), (" a\n b\n\n", " a\n b\n")],
)
async def test_a_file(tmp_path: Path, content: str, expected: str) -> None:
    (tmp_path / "key").write_bytes(content.encode())
    assert await FileSecrets().resolve(str(tmp_path / "key")) == expected


async def test_a_file_behind_a_link_as_kubernetes_mounts_it(tmp_path: Path) -> None:
    for version, value in (("one", "v1"), ("two", "v2")):
        (tmp_path / version).mkdir()
        (tmp_path / version / "key").write_text(value)
    (tmp_path / "key").symlink_to("data/key")
    for version, value in (("one", "v1"), ("two", "v2")):
        (tmp_path / "new").symlink_to(version)
        (tmp_path / "new").rename(tmp_path / "data")
        assert await FileSecrets().resolve(str(tmp_path / "key")) == value


async def test_what_is_no_file(tmp_path: Path) -> None:
    source = FileSecrets()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "huge").write_bytes(b"x" * (MAX_SECRET + 100))
    assert "does not exist" in await finding(source, str(tmp_path / "none"))
    assert "not a file" in await finding(source, str(tmp_path / "pipe"))
    assert "not a file" in await finding(source, str(tmp_path))
    assert "UTF-8" in await finding(source, str(tmp_path / "binary"))
    assert len(await source.resolve(str(tmp_path / "huge"))) > MAX_SECRET, "which is refused by whoever asked"


# ── Vault ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def vault(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[VaultServer]:
    async with vault_server(tmp_path_factory.mktemp("openbao")) as running:
        await running.put("acme/openai", api_key=VALUE, number=7)
        await running.ask("POST", "sys/mounts/old", {"type": "kv", "options": {"version": "1"}})
        await running.ask("POST", "old/acme/openai", {"api_key": f"{VALUE} of version 1"})
        yield running


def source_of(vault: VaultServer, **settings: str) -> VaultSecrets:
    return VaultSecrets(VaultSettings(vault.address, **({"token": ROOT} | settings)))


async def test_both_versions_of_the_key_value_engine(vault: VaultServer) -> None:
    source = source_of(vault)
    assert await source.resolve("secret/acme/openai#api_key") == VALUE
    assert await source.resolve("old/acme/openai#api_key") == f"{VALUE} of version 1"
    await vault.put("acme/openai", api_key="v2", number=7)
    assert await source.resolve("secret/acme/openai#api_key") == "v2"
    await vault.put("acme/openai", api_key=VALUE, number=7)


async def test_what_vault_does_not_have(vault: VaultServer) -> None:
    source = source_of(vault)
    assert "no secret there" in await finding(source, "secret/acme/none#api_key")
    assert "no secret there" in await finding(source, "old/acme/none#api_key")
    assert "no such field" in await finding(source, "secret/acme/openai#none")
    assert "no text" in await finding(source, "secret/acme/openai#number")
    await vault.put("acme/deleted", api_key=VALUE)
    await vault.ask("DELETE", "secret/data/acme/deleted")
    assert "no secret there" in await finding(source, "secret/acme/deleted#api_key")
    assert "not let" in await finding(source_of(vault, token=await vault.token("secret/data/x")), "nowhere/a#b")


async def test_a_token_that_may_read_little(vault: VaultServer) -> None:
    source = source_of(vault, token=await vault.token("secret/data/acme/*", "old/acme/*"))
    assert await source.resolve("secret/acme/openai#api_key") == VALUE
    assert await source.resolve("old/acme/openai#api_key") == f"{VALUE} of version 1"
    assert "not let this server read" in await finding(source, "secret/other/openai#api_key")


async def test_a_token_that_ended_says_nothing_of_the_secret(vault: VaultServer) -> None:
    assert "token" in await finding(source_of(vault, token="s.ended"), "secret/acme/openai#api_key", away=True)


async def test_the_token_of_a_file_is_read_each_time(vault: VaultServer, tmp_path: Path) -> None:
    file = tmp_path / "token"
    source = source_of(vault, token="", token_file=str(file))
    assert "file of the token" in await finding(source, "secret/acme/openai#api_key", away=True)
    file.write_text(f"{ROOT}\n")
    assert await source.resolve("secret/acme/openai#api_key") == VALUE


async def test_a_vault_that_is_away_is_no_refusal() -> None:
    source = VaultSecrets(VaultSettings(f"http://127.0.0.1:{free_port()}", token=ROOT))
    assert "cannot be asked" in await finding(source, "secret/acme/openai#api_key", away=True)


async def test_a_login_with_a_service_account(vault: VaultServer, tmp_path: Path) -> None:
    reviews: list[str] = []

    async def review(request: web.Request) -> web.Response:
        """The TokenReview API of Kubernetes, as Vault asks it."""
        asked = await request.json()
        reviews.append(asked["spec"]["token"])
        user = {"username": "system:serviceaccount:apps:trunkline", "uid": "uid-1"}
        user["groups"] = ["system:serviceaccounts", "system:serviceaccounts:apps"]  # type: ignore[assignment]
        return web.json_response({**asked, "status": {"authenticated": True, "user": user}}, status=201)

    application = web.Application()
    application.router.add_post("/apis/authentication.k8s.io/v1/tokenreviews", review)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        await _with_kubernetes(vault, f"http://127.0.0.1:{runner.addresses[0][1]}")
        file = tmp_path / "token"
        file.write_text(_service_account_token())
        settings = {"token": "", "kubernetes_role": "trunkline", "kubernetes_token_file": str(file)}
        source = source_of(vault, **settings)
        assert await source.resolve("secret/acme/openai#api_key") == VALUE
        assert await source.resolve("old/acme/openai#api_key") == f"{VALUE} of version 1"
        assert reviews == [file.read_text()], "one login serves until its lease is nearly over"
        await vault.ask("POST", "sys/leases/revoke-prefix/auth/kubernetes/login")
        assert await source.resolve("secret/acme/openai#api_key") == VALUE
        assert len(reviews) == 2, "a login that ended early is made anew"
    finally:
        await runner.cleanup()


async def _with_kubernetes(vault: VaultServer, host: str) -> None:
    await vault.token("secret/data/acme/*", "old/acme/*")
    await vault.ask("POST", "sys/auth/kubernetes", {"type": "kubernetes"})
    config = {"kubernetes_host": host, "disable_local_ca_jwt": True}
    config["kubernetes_ca_cert"] = Authority("kubernetes").pem.decode()
    await vault.ask("POST", "auth/kubernetes/config", config)
    bound = {"bound_service_account_names": ["trunkline"], "bound_service_account_namespaces": ["apps"]}
    await vault.ask("POST", "auth/kubernetes/role/trunkline", bound | {"policies": ["tests"], "ttl": "1h"})


def _service_account_token() -> str:
    """As Kubernetes projects one; who signed it is for the TokenReview to judge."""
    account = {"namespace": "apps", "serviceaccount": {"name": "trunkline", "uid": "uid-1"}}
    now = int(time.time())
    claims = {"iss": "kubernetes", "sub": "system:serviceaccount:apps:trunkline", "exp": now + 3600}
    claims |= {"iat": now - 60, "nbf": now - 60}

    def encoded(part: object) -> str:
        return base64.urlsafe_b64encode(orjson.dumps(part)).rstrip(b"=").decode()

    return f"{encoded({'alg': 'RS256', 'typ': 'JWT'})}.{encoded(claims | {'kubernetes.io': account})}.c2lnbmF0dXJl"


# ── AWS ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest_asyncio.fixture(loop_scope="module")
async def aws(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SecretsManager]:
    async with secrets_manager() as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        yield running


ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:acme/openai-AbCdEf"


async def test_secrets_manager(aws: SecretsManager) -> None:
    source = AwsSecrets("eu-west-1", aws.url)
    aws.secrets = {"acme/plain": VALUE, "acme/json": orjson.dumps({"key": VALUE, "n": 7}).decode(), ARN: VALUE}
    assert await source.resolve("acme/plain") == VALUE
    assert await source.resolve("acme/json#key") == VALUE
    assert await source.resolve(ARN) == VALUE
    assert aws.regions == ["eu-west-1", "eu-west-1", "eu-central-1"], "an ARN names its region"
    assert "no such field" in await finding(source, "acme/json#none")
    assert "no text" in await finding(source, "acme/json#n")
    assert "no JSON" in await finding(source, "acme/plain#key")
    assert "no secret of this name" in await finding(source, "acme/none")


@pytest.mark.parametrize(
    ("code", "word", "away"),
    [
        ("AccessDeniedException", "not let", False),
        ("InvalidRequestException", "being deleted", False),
        ("ExpiredTokenException", "expired", True),
        ("InternalServiceError", "does not answer", True),
        ("ThrottlingException", "does not answer", True),
    ],
)
async def test_what_secrets_manager_refuses(aws: SecretsManager, code: str, word: str, away: bool) -> None:
    aws.failure = code
    assert word in await finding(AwsSecrets("eu-west-1", aws.url), "acme/plain", away=away)


async def test_other_credentials_are_refused_by_their_signature(
    aws: SecretsManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.secrets = {"acme/plain": VALUE}
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    assert "refuses this server's" in await finding(AwsSecrets("eu-west-1", aws.url), "acme/plain", away=True)


async def test_aws_that_is_away_or_not_set_up(aws: SecretsManager, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    assert "cannot be asked" in await finding(AwsSecrets("eu-west-1", nowhere), "acme/plain", away=True)
    assert "region" in await finding(AwsSecrets("", aws.url), "acme/plain")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    assert "NoCredentials" in await finding(AwsSecrets("eu-west-1", aws.url), "acme/plain", away=True)
