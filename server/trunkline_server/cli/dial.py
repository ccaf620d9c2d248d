"""Where a server is and how it is reached: the options and the channel of every command that dials."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import NoReturn

import click
import grpc
from trunkline_client import Client, open_channel

from trunkline_server.pem import certificates_problem, pair_problem

_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
_CA, _CERT, _KEY = "--tls-ca", "--tls-cert", "--tls-key"
_TLS_OPTIONS = (
    click.option(
        "--tls",
        "tls_wanted",
        is_flag=True,
        envvar="TRUNKLINE_TLS",
        help="Speak TLS, with the roots of this system; the options below imply it.  [env: TRUNKLINE_TLS]",
    ),
    click.option(
        _CA, "tls_ca", type=_FILE, envvar="TRUNKLINE_TLS_CA", help="PEM roots instead.  [env: TRUNKLINE_TLS_CA]"
    ),
    click.option(
        _CERT, "tls_cert", type=_FILE, envvar="TRUNKLINE_TLS_CERT", help="Our PEM chain.  [env: TRUNKLINE_TLS_CERT]"
    ),
    click.option(_KEY, "tls_key", type=_FILE, envvar="TRUNKLINE_TLS_KEY", help="Its key.  [env: TRUNKLINE_TLS_KEY]"),
    click.option(
        "--tls-name",
        "tls_name",
        default="",
        envvar="TRUNKLINE_TLS_NAME",
        help="The name in the server's certificate.  [default: the host of the target; env: TRUNKLINE_TLS_NAME]",
    ),
)

target_option = click.option(
    "--target", envvar="TRUNKLINE_TARGET", help="The server, host:port.  [env: TRUNKLINE_TARGET]"
)
key_option = click.option("--key", envvar="TRUNKLINE_KEY", help="The API key.  [env: TRUNKLINE_KEY]")


@dataclass(frozen=True, slots=True)
class Tls:
    """Whom we trust and who we are; plaintext without credentials. `name`, unless empty, stands in the server's
    certificate in place of the target's host."""

    credentials: grpc.ChannelCredentials | None = None
    name: str = ""


PLAINTEXT = Tls()


@dataclass(frozen=True, slots=True)
class Address:
    """A server, `target` being host:port, and how to speak to it."""

    target: str
    tls: Tls = PLAINTEXT

    def channel(self) -> grpc.aio.Channel:
        """A channel of its own."""
        return open_channel(self.target, self.tls.credentials, self.tls.name)

    def client(self, key: str) -> Client:
        """A client for completions that sends the key with every call."""
        return Client(self.target, key, credentials=self.tls.credentials, server_name=self.tls.name)


def tls_options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds the options of TLS. The command gets what they mean as `tls`."""

    @wraps(command)
    def callback(
        *args: object,
        tls_wanted: bool,
        tls_ca: Path | None,
        tls_cert: Path | None,
        tls_key: Path | None,
        tls_name: str,
        **options: object,
    ) -> None:
        command(*args, tls=read_tls(tls_wanted, tls_ca, tls_cert, tls_key, tls_name), **options)

    for option in reversed(_TLS_OPTIONS):
        callback = option(callback)
    return callback


def read_tls(wanted: bool, ca: Path | None, cert: Path | None, key: Path | None, name: str) -> Tls:
    """What the options ask for together; without any, plaintext. Raises click.BadParameter, which names the option."""
    if not (wanted or ca or cert or key or name):
        return PLAINTEXT
    if cert is None and key is not None:
        _refuse(_KEY, f"it needs {_CERT} (TRUNKLINE_TLS_CERT) too")
    if key is None and cert is not None:
        _refuse(_CERT, f"it needs {_KEY} (TRUNKLINE_TLS_KEY) too")
    if ca is not None and (problem := certificates_problem(ca)):
        _refuse(_CA, problem)
    roots = ca.read_bytes() if ca is not None else _system_roots()
    if cert is None or key is None:
        return Tls(grpc.ssl_channel_credentials(roots), name)
    if found := pair_problem(cert, key):
        _refuse(_CERT if found[0] == "certificate" else _KEY, found[1])
    return Tls(grpc.ssl_channel_credentials(roots, key.read_bytes(), cert.read_bytes()), name)


def _system_roots() -> bytes:
    """The roots that OpenSSL trusts here; SSL_CERT_FILE and SSL_CERT_DIR count. gRPC alone would take its own list."""
    places = ssl.get_default_verify_paths()
    if places.cafile:
        return Path(places.cafile).read_bytes()
    # In a directory of roots each has its hash for a name, and perhaps other names too.
    hashed = sorted(Path(places.capath).glob("????????.[0-9]")) if places.capath else []
    if not hashed:
        _refuse("--tls", f"this system has no root certificates; name them with {_CA}")
    return b"\n".join(file.read_bytes() for file in hashed)


def _refuse(option: str, why: str) -> NoReturn:
    raise click.BadParameter(why, param_hint=f"'{option}'")
