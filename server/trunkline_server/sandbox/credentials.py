"""What the sandbox takes as credential, for each scheme: one class each, in a table."""

from __future__ import annotations

import base64
import hashlib
import hmac
import random
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Protocol

import orjson
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from trunkline_server.connectors.rest.template_models import Scheme, Template, TemplateAuthentication
from trunkline_server.sandbox.asked import Asked
from trunkline_server.sandbox.tokens import CLIENT_ID, TOKEN_PATH, Tokens

# How far a signature's timestamp may be from now, in seconds.
_CLOCK = 300.0
_DEFAULT_PAYLOAD = "{timestamp}.{method}.{path}.{body}"


class SandboxError(ValueError):
    """The sandbox cannot be started like this; the message says why."""


class Gate(Protocol):
    """Checks the credential of a request. `secret` is one that works; it may need the sandbox's address."""

    def secret(self, base_url: str) -> str:
        """What an integration holds."""
        ...

    def admits(self, asked: Asked, key: str) -> bool:
        """Whether the credential is right. `key` is what stood for {secret} in the path."""
        ...

    def expire(self, asked: Asked) -> None:
        """End the access token that is shown, where there is one."""
        ...


class _Static:
    """A secret that is sent as it is."""

    def __init__(self, template: Template, random_: random.Random, tokens: Tokens) -> None:
        self._parameter = template.authentication.parameter_name
        self._secret = f"sandbox-{random_.randbytes(12).hex()}"

    def secret(self, base_url: str) -> str:
        return self._secret

    def expire(self, asked: Asked) -> None:
        """Nothing: it has no end."""

    def admits(self, asked: Asked, key: str) -> bool:
        return hmac.compare_digest(self.shown(asked, key).encode(), self._secret.encode())

    def shown(self, asked: Asked, key: str) -> str:
        """The credential of the request; empty where there is none."""
        return ""


class _None(_Static):
    def secret(self, base_url: str) -> str:
        return ""

    def admits(self, asked: Asked, key: str) -> bool:
        return True


class _Bearer(_Static):
    def shown(self, asked: Asked, key: str) -> str:
        return bearer(asked)


class _Header(_Static):
    def shown(self, asked: Asked, key: str) -> str:
        return asked.headers.get(self._parameter.lower() or "x-api-key", "")


class _Query(_Static):
    def shown(self, asked: Asked, key: str) -> str:
        return dict(asked.query()).get(self._parameter, "")


class _Path(_Static):
    """As bots of Telegram have it: a number, a colon, and the rest."""

    def __init__(self, template: Template, random_: random.Random, tokens: Tokens) -> None:
        super().__init__(template, random_, tokens)
        self._secret = f"{random_.randrange(10**8, 10**9)}:{random_.randbytes(17).hex()}"

    def shown(self, asked: Asked, key: str) -> str:
        return key


class _Basic(_Static):
    def __init__(self, template: Template, random_: random.Random, tokens: Tokens) -> None:
        super().__init__(template, random_, tokens)
        self._secret = f"sandbox:{random_.randbytes(12).hex()}"

    def shown(self, asked: Asked, key: str) -> str:
        return basic(asked.headers.get("authorization", ""))


class _Hmac(_Static):
    def __init__(self, template: Template, random_: random.Random, tokens: Tokens) -> None:
        super().__init__(template, random_, tokens)
        self._signature = template.authentication.signature

    def admits(self, asked: Asked, key: str) -> bool:
        signature = self._signature
        stamp = asked.headers.get(signature.timestamp_header.lower(), "") if signature.timestamp_header else ""
        if signature.timestamp_header and not (stamp.isdigit() and abs(time.time() - int(stamp)) <= _CLOCK):
            return False
        body = asked.body.decode("utf-8", "replace")
        known = {"timestamp": stamp, "method": asked.method, "path": asked.target, "body": body}
        known["body_sha256"] = hashlib.sha256(asked.body).hexdigest()
        signed = fill(signature.payload or _DEFAULT_PAYLOAD, known).encode()
        digest = hmac.new(self._secret.encode(), signed, signature.algorithm).digest()
        told = digest.hex() if signature.encoding == "hex" else base64.b64encode(digest).decode()
        key_id = asked.headers.get(signature.key_id_header.lower(), "") if signature.key_id_header else ""
        wanted = fill(signature.format or "{signature}", {"signature": told, "timestamp": stamp, "key_id": key_id})
        return hmac.compare_digest(
            asked.headers.get(signature.header.lower() or "x-signature", "").encode(), wanted.encode()
        )


class _Token(_Static):
    """An access token from the sandbox's token endpoint."""

    def __init__(self, template: Template, random_: random.Random, tokens: Tokens) -> None:
        super().__init__(template, random_, tokens)
        self._tokens = tokens
        tokens.client_secret = self._secret

    def admits(self, asked: Asked, key: str) -> bool:
        return self._tokens.valid(bearer(asked))

    def expire(self, asked: Asked) -> None:
        self._tokens.end(bearer(asked))


class _RefreshToken(_Token):
    def secret(self, base_url: str) -> str:
        known = {"refresh_token": self._tokens.refresh_token, "client_secret": self._secret}
        return orjson.dumps(known).decode()


@lru_cache
def _account_key() -> rsa.RSAPrivateKey:
    """One for all accounts of a process: it takes a while."""
    return rsa.generate_private_key(65537, 2048)


class _ServiceAccount(_Token):
    def __init__(self, template: Template, random_: random.Random, tokens: Tokens) -> None:
        super().__init__(template, random_, tokens)
        self._key = _account_key()
        tokens.public_key = self._key.public_key()

    def secret(self, base_url: str) -> str:
        pem = self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        known = {
            "type": "service_account",
            "project_id": "demo-project",
            "private_key_id": "sandbox-key",
            "private_key": pem.decode(),
            "client_email": f"{CLIENT_ID}@demo-project.iam.gserviceaccount.com",
            "token_uri": base_url + TOKEN_PATH,
        }
        return orjson.dumps(known).decode()


_GATES: Mapping[Scheme, type[_Static]] = {
    "none": _None,
    "bearer": _Bearer,
    "api_key_header": _Header,
    "api_key_query": _Query,
    "api_key_path": _Path,
    "basic": _Basic,
    "oauth2_client_credentials": _Token,
    "oauth2_refresh_token": _RefreshToken,
    "service_account": _ServiceAccount,
    "hmac": _Hmac,
}
TOKEN_SCHEMES: frozenset[Scheme] = frozenset(name for name, gate in _GATES.items() if issubclass(gate, _Token))


def gate_of(template: Template, random_: random.Random, tokens: Tokens) -> Gate:
    """The gate of the template's scheme. Raises SandboxError for mtls, which needs a server certificate that the
    caller trusts."""
    scheme = template.authentication.scheme
    if scheme not in _GATES:
        raise SandboxError(f"{template.name}: the sandbox cannot play the scheme {scheme}")
    return _GATES[scheme](template, random_, tokens)


def with_scheme(template: Template, scheme: str) -> Template:
    """The template with another of the schemes that it allows. Raises SandboxError."""
    own = template.authentication
    if scheme in ("", own.scheme):
        return template
    if scheme not in own.alternatives:
        allowed = ", ".join((own.scheme, *own.alternatives))
        raise SandboxError(f"{template.name} is authenticated by {allowed}, not by {scheme}")
    changed = TemplateAuthentication.model_validate({**own.model_dump(), "scheme": scheme})
    return template.model_copy(update={"authentication": changed})


def bearer(asked: Asked) -> str:
    """The token of `Authorization: Bearer …`."""
    scheme, _, token = asked.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""


def basic(header: str) -> str:
    """`user:password` of `Authorization: Basic …`."""
    scheme, _, text = header.partition(" ")
    try:
        return base64.b64decode(text, validate=True).decode() if scheme.lower() == "basic" else ""
    except ValueError:
        return ""


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with each `{name}` replaced, once."""
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text
