"""`vault:<mount>/<path>#<field>`: HashiCorp Vault or OpenBao, KV secrets engine of either version.

hvac blocks: each reading takes a thread. A token is that of the settings, of a file that an agent renews, or of a login
with the Kubernetes service account of the server.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trunkline_server.domain.secrets import PLACES, READ_SECONDS, SecretError
from trunkline_server.stores.secrets.threads import Threads

# One request, in seconds: a reading makes up to three, mostly one.
_TIMEOUT = READ_SECONDS / 2
# A login serves for this share of its lease.
_LEASE_SHARE = 0.7
_SHAPE = PLACES["vault"][0]


@dataclass(frozen=True, slots=True)
class VaultSettings:
    """Where Vault is and how to log in: `token`, else the file's, else by Kubernetes. Empty: not used."""

    address: str
    token: str = ""
    token_file: str = ""
    kubernetes_role: str = ""
    kubernetes_mount: str = "kubernetes"
    kubernetes_token_file: str = ""
    namespace: str = ""
    ca: str = ""


class VaultSecrets:
    """One Vault."""

    def __init__(self, settings: VaultSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._threads = Threads("secret-vault")
        self._lock = threading.Lock()
        # A client for each thread, so that connections and TLS contexts last.
        self._clients = threading.local()
        self._login = ("", 0.0)
        # KV versions by mount.
        self._versions: dict[str, int] = {}

    async def resolve(self, reference: str) -> str:
        """See SecretSource."""
        return await self._threads.run(self._read, reference)

    def _read(self, place: str) -> str:
        import hvac  # noqa: PLC0415  only where Vault is used: it takes a tenth of a second

        shape = _SHAPE.fullmatch(place)
        if shape is None:
            raise SecretError("the reference is not of the form vault:<mount>/<path>#<field>")
        try:
            try:
                fields = self._fields(hvac, shape["mount"], shape["path"])
            except (hvac.exceptions.Forbidden, hvac.exceptions.Unauthorized):
                if not self._forget_login():
                    raise
                fields = self._fields(hvac, shape["mount"], shape["path"])
        except hvac.exceptions.InvalidPath:
            self._versions.pop(shape["mount"], None)
            raise SecretError("Vault has no secret there") from None
        except (hvac.exceptions.Forbidden, hvac.exceptions.Unauthorized):
            raise self._refused(hvac) from None
        except (hvac.exceptions.InvalidRequest, hvac.exceptions.ParamValidationError):
            raise SecretError("Vault refuses the request") from None
        except SecretError:
            raise
        except Exception as error:  # hvac lets through what requests and urllib3 raise; their texts show addresses.
            raise SecretError(f"Vault cannot be asked ({type(error).__name__})", away=True) from None
        return _text(fields, shape["field"])

    def _fields(self, hvac: Any, mount: str, path: str) -> Any:
        client = self._client(hvac)
        client.token = self._token(client)
        if self._version(client, mount) == 1:
            return client.secrets.kv.v1.read_secret(path, mount_point=mount)["data"]
        found = client.secrets.kv.v2.read_secret_version(path, mount_point=mount, raise_on_deleted_version=True)
        return found["data"]["data"]

    def _refused(self, hvac: Any) -> SecretError:
        """Whether the token is bad, which says nothing of the secret, or lacks the right."""
        try:
            self._client(hvac).auth.token.lookup_self()
        except hvac.exceptions.Forbidden:
            return SecretError("Vault does not take this server's token", away=True)
        except Exception as error:  # As in _read.
            return SecretError(f"Vault cannot be asked ({type(error).__name__})", away=True)
        return SecretError("Vault does not let this server read it")

    def _client(self, hvac: Any) -> Any:
        if found := getattr(self._clients, "one", None):
            return found
        settings = self._settings
        client = self._clients.one = hvac.Client(
            url=settings.address,
            token="",
            timeout=_TIMEOUT,
            namespace=settings.namespace or None,
            verify=settings.ca or True,
        )
        # No proxy and no .netrc of the environment: secrets go to the address of the settings only.
        client.session.trust_env = False
        return client

    def _version(self, client: Any, mount: str) -> int:
        """The version of the mount's KV engine, by the endpoint that the CLI asks too: it needs no right of its own
        (https://openbao.org/api-docs/system/internal-ui-mounts). Where it is not answered, 2."""
        known = self._versions.get(mount)
        if known is None:
            answer = client.adapter.get(f"/v1/sys/internal/ui/mounts/{mount}", raise_exception=False)
            found = answer.get("data") if isinstance(answer, dict) else answer.json().get("data") if answer.ok else None
            if not found:
                return 2
            known = self._versions[mount] = 1 if (found.get("options") or {}).get("version") in (None, "1") else 2
        return known

    def _token(self, client: Any) -> str:
        settings = self._settings
        if settings.token:
            return settings.token
        if settings.token_file:
            return _line(settings.token_file)
        if not settings.kubernetes_role:
            return ""
        with self._lock:
            token, until = self._login
            if self._clock() >= until:
                jwt = _line(settings.kubernetes_token_file)
                answer = client.auth.kubernetes.login(
                    settings.kubernetes_role, jwt, use_token=False, mount_point=settings.kubernetes_mount
                )["auth"]
                lease = float(answer.get("lease_duration") or 60.0)
                token = answer["client_token"]
                self._login = (token, self._clock() + lease * _LEASE_SHARE)
        return str(token)

    def _forget_login(self) -> bool:
        """Whether there was a login: another one may be better."""
        with self._lock:
            logged_in = bool(self._login[0])
            self._login = ("", 0.0)
        return logged_in


def _line(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except (OSError, UnicodeDecodeError):
        raise SecretError("the file of the token for Vault cannot be read", away=True) from None


def _text(fields: Any, name: str) -> str:
    value = fields.get(name) if isinstance(fields, dict) else None
    if value is None:
        raise SecretError("the secret has no such field")
    if not isinstance(value, str):
        raise SecretError("the field is no text")
    return value
