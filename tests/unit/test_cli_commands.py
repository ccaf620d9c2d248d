"""The command line itself: help, where the server is found, errors, addresses, the dev state."""

from __future__ import annotations

import json
import os
import shlex
import socket
import stat
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from trunkline_server.cli import main
from trunkline_server.cli.commands import COMMANDS
from trunkline_server.cli.dev import Options, is_free, reachable, require_free, server_environment
from trunkline_server.cli.dev_rows import notes
from trunkline_server.cli.dev_screen import calls
from trunkline_server.cli.doctor_checks import Level, read_place
from trunkline_server.cli.remote import Failure, resolve
from trunkline_server.cli.state import DevState, new_credential_keys
from trunkline_server.config import load, reference
from trunkline_server.stores.crypto import Keyring


@pytest.fixture(autouse=True)
def in_empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("TRUNKLINE_TARGET", "TRUNKLINE_KEY", "DATABASE_URL", "REDIS_CLUSTER_URLS", "TRUNKLINE_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str) -> None:
    result = CliRunner().invoke(main, [name, "--help"])
    assert result.exit_code == 0, result.output
    assert result.output.startswith("Usage:")


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys; from click.testing import CliRunner; from trunkline_server.cli import main\n"
        "assert CliRunner().invoke(main, ['--help']).exit_code == 0\n"
        "print(sorted({'grpc', 'asyncpg', 'redis', 'pydantic', 'google.protobuf'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_unknown_command_is_refused() -> None:
    result = CliRunner().invoke(main, ["nonsense"])
    assert result.exit_code == 2
    assert "No such command" in result.output


def test_without_a_server_the_command_says_how_to_find_one() -> None:
    result = CliRunner().invoke(main, ["keys", "list"])
    assert result.exit_code == 1
    assert "TRUNKLINE_TARGET" in result.output and "trunkline dev" in result.output


def test_no_server_there_is_one_plain_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # Bound and never listening: connections are refused.
        target = f"127.0.0.1:{taken.getsockname()[1]}"
        result = CliRunner().invoke(main, ["budgets", "list", "--target", target, "--key", "k"])
    assert result.exit_code == 1
    assert result.output.startswith("UNAVAILABLE")
    assert "Traceback" not in result.output


def test_probe_without_an_answer_exits_with_two() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        target = f"127.0.0.1:{taken.getsockname()[1]}"
        assert CliRunner().invoke(main, ["probe", "--target", target]).exit_code == 2


def test_target_and_key_come_from_the_dev_state(tmp_path: Path) -> None:
    directory = tmp_path / ".trunkline"
    directory.mkdir()
    DevState(key="k", target="h:1").write(directory)
    assert resolve(None, None) == ("h:1", "k")
    assert resolve("other:2", None) == ("other:2", "k")


def test_broken_dev_state_is_a_plain_error(tmp_path: Path) -> None:
    directory = tmp_path / ".trunkline"
    directory.mkdir()
    (directory / "dev.json").write_text("{")
    with pytest.raises(Failure, match=r"dev\.json"):
        resolve(None, None)


def test_dev_state_is_read_back_and_private(tmp_path: Path) -> None:
    state = DevState(key="k", credential_keys=new_credential_keys(), target="t", admin="a", model_url="m")
    state.write(tmp_path)
    assert DevState.read(tmp_path) == state
    assert stat.S_IMODE((tmp_path / "dev.json").stat().st_mode) == 0o600


def test_new_credential_keys_are_what_the_keyring_reads() -> None:
    assert Keyring.from_config([new_credential_keys()]).current == "dev"


def test_taken_port_is_told_with_its_option() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        assert not is_free(address)
        with pytest.raises(Failure, match=f"--listen {address} is in use"):
            require_free("--listen", address)
        result = CliRunner().invoke(main, ["dev", "--listen", address])
    assert result.exit_code == 1 and "--listen" in result.output
    assert is_free(address)


@pytest.mark.parametrize("address", ["", "50051", "host:", "host:x", "host:70000"])
def test_bad_addresses_are_refused(address: str) -> None:
    with pytest.raises(Failure, match="not host:port"):
        require_free("--listen", address)


@pytest.mark.parametrize(
    ("listen", "target"),
    [("0.0.0.0:1", "127.0.0.1:1"), ("[::]:1", "[::1]:1"), (":1", "127.0.0.1:1"), ("10.0.0.1:1", "10.0.0.1:1")],
)
def test_where_a_client_finds_a_listener(listen: str, target: str) -> None:
    assert reachable(listen) == target


def test_server_environment_is_valid_and_wins() -> None:
    state = DevState(credential_keys="dev:x", database_url="postgresql://embedded", redis_url="redis://r/0")
    options = Options(Path("d"), "127.0.0.1:1", "127.0.0.1:2", 3, False)
    settings = load(environ=server_environment(options, state, {"DATABASE_URL": "postgresql://mine", "PATH": "p"}))
    assert settings.stores.database_url.get_secret_value() == "postgresql://embedded"
    assert settings.stores.redis_urls == ("redis://r/0",)
    assert (settings.server.listen, settings.server.admin, settings.server.workers) == ("127.0.0.1:1", "127.0.0.1:2", 3)
    assert settings.security.allow_http
    assert settings.security.allowed_addresses == ("127.0.0.0/8",)


def test_calls_to_paste_are_valid_shell_and_json(tmp_path: Path) -> None:
    state = DevState(key="tl_key", target="127.0.0.1:1")
    complete, listing, stream = (shlex.split(text) for text in calls(state, tmp_path, "p/m"))
    assert complete[:2] == ["TRUNKLINE_TARGET=127.0.0.1:1", "TRUNKLINE_KEY=tl_key"]
    assert listing == ["grpcurl", "-plaintext", "127.0.0.1:1", "list"]
    assert "authorization: Bearer tl_key" in stream
    assert json.loads(stream[stream.index("-d") + 1])["request"]["context"] == {"agent_id": "grpcurl"}
    assert calls(state, Path(".trunkline"), "p/m")[0].startswith("trunkline complete")


def test_keys_that_cannot_be_used_are_named() -> None:
    assert notes({"ANTHROPIC_API_KEY": "x"}) == []
    assert "GOOGLE_CLOUD_PROJECT" in notes({"VERTEX_ACCESS_TOKEN": "x"})[0]
    assert "PORTKEY_VIRTUAL_KEY" in notes({"PORTKEY_API_KEY": "x"})[0]
    assert notes({"PORTKEY_API_KEY": "x", "PORTKEY_CONFIG": "c", "OPENAI_API_KEY": "y"}) == []


def test_doctor_looks_at_dev_only_without_a_database() -> None:
    state = DevState(key="k", credential_keys="c", target="127.0.0.1:1", admin="a", database_url="postgresql://dev")
    dev = read_place({}, state)
    assert dev.dev and (dev.server.target, dev.key) == ("127.0.0.1:1", "k")
    own = read_place({"DATABASE_URL": "postgresql://mine"}, state)
    assert not own.dev and own.settings.stores.database_url.get_secret_value() == "postgresql://mine" and own.key == ""


def test_doctor_fails_for_an_unknown_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "TRUNKLINE__SERVER__NONSENSE", "1")
    result = CliRunner().invoke(main, ["doctor"])
    assert result.exit_code == 1
    assert Level.FAIL in result.output and "TRUNKLINE__SERVER__NONSENSE: unknown key" in result.output


def test_example_settings_are_the_reference() -> None:
    example = Path(__file__).resolve().parents[2] / "trunkline.example.toml"
    assert example.read_text() == reference()


def _leaves(command: click.Command, context: click.Context) -> list[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        return [(context.command_path, command)]
    found = []
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        assert inner is not None
        found += _leaves(inner, click.Context(inner, info_name=name, parent=context))
    return found


def test_no_option_takes_the_place_of_an_argument() -> None:
    leaves = _leaves(main, click.Context(main, info_name="trunkline"))
    assert len(leaves) > 20
    for path, command in leaves:
        names = [parameter.name for parameter in command.params]
        assert len(names) == len(set(names)), path
