"""The command line against servers that ask for TLS, and for certificates of their callers."""

from __future__ import annotations

from pathlib import Path

import grpc
import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from e2e.certificates import Authority, server_environment, write_pair
from e2e.commands import Done, trunkline
from harness import Stack, provider, stack
from trunkline_server.cli import main
from upstream import MODEL, Upstream, upstream

NAME = "gateway.internal"


def _serving(folder: Path, state: Upstream, credentials: grpc.ChannelCredentials, **extra: str):  # type: ignore[no-untyped-def]
    return stack(
        folder,
        [provider("mock", state.url, [MODEL])],
        model=f"vllm/{MODEL}",
        environment=server_environment(folder) | extra,
        credentials=credentials,
    )


class Caller:
    """Runs commands against a server, from an empty directory."""

    def __init__(self, running: Stack, directory: Path) -> None:
        directory.mkdir()
        self._running, self._directory = running, directory

    async def probe(self, *options: str, **environment: str) -> Done:
        return await trunkline(self._directory, "probe", "--target", self._running.target, *options, **environment)

    async def complete(self, *options: str) -> Done:
        where = {"TRUNKLINE_TARGET": self._running.target, "TRUNKLINE_KEY": self._running.key}
        arguments = ("complete", "Say something.", "--model", self._running.model, *options)
        return await trunkline(self._directory, *arguments, **where)


async def test_commands_speak_tls_and_refuse_a_server_that_is_not_the_one(tmp_path: Path) -> None:
    ours, others = Authority("ours"), Authority("others")
    write_pair(tmp_path, ours.issue("server"))
    ca, wrong = tmp_path / "ca.crt", tmp_path / "wrong.crt"
    ca.write_bytes(ours.pem)
    wrong.write_bytes(others.pem)
    hashed = tmp_path / "roots"
    hashed.mkdir()
    (hashed / "0a1b2c3d.0").write_bytes(ours.pem)
    async with upstream() as state, _serving(tmp_path, state, grpc.ssl_channel_credentials(ours.pem)) as running:
        caller = Caller(running, tmp_path / "caller")
        for ready in (
            await caller.probe("--tls-ca", str(ca)),
            await caller.probe(TRUNKLINE_TLS_CA=str(ca)),
            await caller.probe("--tls", SSL_CERT_FILE=str(ca)),
            await caller.probe(TRUNKLINE_TLS="1", SSL_CERT_FILE="absent", SSL_CERT_DIR=str(hashed)),
        ):
            assert (ready.code, ready.out) == (0, f"{running.target} readiness: SERVING\n"), ready
        streamed = await caller.complete("--tls-ca", str(ca))
        whole = await caller.complete("--tls-ca", str(ca), "--no-stream")
        assert (streamed.code, whole.code) == (0, 0), (streamed, whole)
        assert "word0 word1" in streamed.out and "word word" in whole.out

        for refused, hint in (
            (await caller.probe(), "it may want TLS"),
            (await caller.probe("--tls"), "give those that did as --tls-ca"),
            (await caller.probe("--tls-ca", str(wrong)), "give those that did as --tls-ca"),
            (await caller.probe("--tls-ca", str(ca), TRUNKLINE_TLS_NAME=NAME), "give --tls-name"),
        ):
            assert refused.code == 2 and hint in refused.err, refused
        calls = len(state.requests)
        for options in (("--tls-ca", str(wrong)), ("--tls-ca", str(ca), "--tls-name", NAME)):
            refused = await caller.complete(*options)
            assert refused.code == 1 and refused.err.startswith("UNAVAILABLE"), refused
            assert running.key not in refused.err
        assert len(state.requests) == calls

        # The next handshakes meet a certificate that is for the name alone.
        write_pair(tmp_path, ours.issue("server", x509.DNSName(NAME)))
        assert (await caller.probe("--tls-ca", str(ca))).code == 2
        assert (await caller.probe("--tls-ca", str(ca), "--tls-name", NAME)).code == 0
        assert (await caller.complete("--tls-ca", str(ca), "--tls-name", NAME)).code == 0


async def test_commands_show_the_certificate_that_the_server_asks_for(tmp_path: Path) -> None:
    ours, others = Authority("ours"), Authority("others")
    write_pair(tmp_path, ours.issue("server"))
    ca = tmp_path / "ca.crt"
    ca.write_bytes(ours.pem)
    key, cert = (str(file) for file in write_pair(tmp_path, ours.issue("client"), "client"))
    strange_key, strange = (str(file) for file in write_pair(tmp_path, others.issue("client"), "strange"))
    known = grpc.ssl_channel_credentials(ours.pem, *ours.issue("harness"))
    extra = {"TRUNKLINE__SERVER__TLS__CLIENT_CA": str(ca)}
    async with upstream() as state, _serving(tmp_path, state, known, **extra) as running:
        caller = Caller(running, tmp_path / "caller")
        mine = {"TRUNKLINE_TLS_CERT": cert, "TRUNKLINE_TLS_KEY": key}
        ready = await caller.probe("liveness", "--tls-ca", str(ca), **mine)
        assert (ready.code, ready.out) == (0, f"{running.target} liveness: SERVING\n"), ready
        answer = await caller.complete("--tls-ca", str(ca), "--tls-cert", cert, "--tls-key", key)
        assert answer.code == 0 and "word0 word1" in answer.out, answer
        for options in ((), ("--tls-cert", strange, "--tls-key", strange_key)):
            refused = await caller.probe("--tls-ca", str(ca), *options)
            assert refused.code == 2 and "UNAVAILABLE" in refused.err, refused


async def test_a_system_without_roots_is_told(tmp_path: Path) -> None:
    done = await trunkline(tmp_path, "probe", "--tls", SSL_CERT_FILE="absent", SSL_CERT_DIR=str(tmp_path))
    assert done.code == 2 and "'--tls'" in done.err and "--tls-ca" in done.err, done


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files to choose from: two pairs, an encrypted key, and one that is nothing."""
    folder, authority = tmp_path_factory.mktemp("files"), Authority("ours")
    key, _ = write_pair(folder, authority.issue("one"), "one")
    write_pair(folder, authority.issue("two"), "two")
    locked = serialization.load_pem_private_key(key.read_bytes(), None).private_bytes(
        *(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8),
        serialization.BestAvailableEncryption(b"passphrase"),
    )
    (folder / "locked.key").write_bytes(locked)
    (folder / "nothing").write_text("nothing")
    return folder


@pytest.mark.parametrize(
    ("given", "named", "why"),
    [
        ({"ca": "absent"}, "ca", "does not exist"),
        ({"ca": "nothing"}, "ca", "no certificate"),
        ({"ca": "one.key"}, "ca", "no certificate"),
        ({"cert": "one.crt"}, "cert", "it needs --tls-key"),
        ({"key": "one.key"}, "key", "it needs --tls-cert"),
        ({"cert": "nothing", "key": "one.key"}, "cert", "no certificate"),
        ({"cert": "one.crt", "key": "nothing"}, "key", "no private key"),
        ({"cert": "one.crt", "key": "two.key"}, "key", "is not the key of"),
        ({"cert": "one.crt", "key": "locked.key"}, "key", "is encrypted"),
    ],
)
@pytest.mark.parametrize("command", [("probe",), ("keys", "list"), ("doctor",)])
def test_files_that_cannot_be_used_are_named_by_their_option(
    files: Path, command: tuple[str, ...], given: dict[str, str], named: str, why: str
) -> None:
    options = [part for name, file in given.items() for part in (f"--tls-{name}", str(files / file))]
    by_option = CliRunner().invoke(main, [*command, *options])
    variables = {f"TRUNKLINE_TLS_{name.upper()}": str(files / file) for name, file in given.items()}
    by_variable = CliRunner(env=variables).invoke(main, list(command))
    for result in (by_option, by_variable):
        assert result.exit_code == 2, result.output
        assert f"'--tls-{named}'" in result.output and why in result.output
