"""`aws-secrets-manager:<name or ARN>#<field>`: AWS Secrets Manager.

botocore blocks: each reading takes a thread. Credentials come from its usual chain: environment, profile, web identity,
container, instance.
"""

from __future__ import annotations

import threading
from typing import Any

import orjson

from trunkline_server.domain.secrets import PLACES, READ_SECONDS, SecretError
from trunkline_server.stores.secrets.threads import Threads

_SHAPE = PLACES["aws-secrets-manager"][0]
# What says that there is no such secret for this server, rather than none now.
_REFUSALS = {
    "ResourceNotFoundException": "Secrets Manager has no secret of this name",
    "InvalidRequestException": "Secrets Manager does not give it: it is being deleted",
    "InvalidParameterException": "Secrets Manager refuses the name",
    "DecryptionFailure": "Secrets Manager cannot decrypt it",
    "AccessDeniedException": "AWS does not let this server read it",
    "UnrecognizedClientException": "AWS does not know this server's credentials",
    "InvalidSignatureException": "AWS refuses this server's credentials",
    "ExpiredTokenException": "this server's credentials for AWS have expired",
}
_AWAY = frozenset({"ExpiredTokenException", "UnrecognizedClientException", "InvalidSignatureException"})


class AwsSecrets:
    """The Secrets Manager of one account. `region` empty: the ARN's, else that of the usual chain; `endpoint` empty:
    AWS's own."""

    def __init__(self, region: str = "", endpoint: str = "") -> None:
        self._region = region
        self._endpoint = endpoint
        self._threads = Threads("secret-aws")
        self._lock = threading.Lock()
        self._clients: dict[str, Any] = {}

    async def resolve(self, reference: str) -> str:
        """See SecretSource."""
        return await self._threads.run(self._read, reference)

    def _read(self, place: str) -> str:
        import botocore.exceptions  # noqa: PLC0415  only where it is used: it takes long to load

        shape = _SHAPE.fullmatch(place)
        if shape is None:
            raise SecretError("the reference is not of the form aws-secrets-manager:<name or ARN>#<field>")
        try:
            answer = self._client(_region_of(shape["name"])).get_secret_value(SecretId=shape["name"])
        except botocore.exceptions.ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            finding = _REFUSALS.get(code)
            away = finding is None or code in _AWAY
            raise SecretError(finding or "Secrets Manager does not answer as it should", away=away) from None
        except botocore.exceptions.NoRegionError:
            raise SecretError("the region is not known: set aws.region, or write the ARN") from None
        except botocore.exceptions.BotoCoreError as error:
            raise SecretError(f"Secrets Manager cannot be asked ({type(error).__name__})", away=True) from None
        if not isinstance(text := answer.get("SecretString"), str):
            raise SecretError("the secret is no text")
        return _field(text, shape["field"]) if shape["field"] else text

    def _client(self, region: str) -> Any:
        import botocore.session  # noqa: PLC0415
        from botocore.config import Config  # noqa: PLC0415

        region = region or self._region
        # Making a client is not safe in several threads at once; using one is.
        with self._lock:
            if region not in self._clients:
                config = Config(
                    connect_timeout=READ_SECONDS / 2,
                    read_timeout=READ_SECONDS / 2,
                    retries={"total_max_attempts": 2, "mode": "standard"},
                )
                self._clients[region] = botocore.session.get_session().create_client(
                    "secretsmanager", region_name=region or None, endpoint_url=self._endpoint or None, config=config
                )
            return self._clients[region]


def _region_of(name: str) -> str:
    """Of an ARN; empty for a name."""
    return name.split(":")[3] if name.startswith("arn:") and name.count(":") >= 6 else ""


def _field(text: str, name: str) -> str:
    try:
        fields = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise SecretError("the secret is no JSON, and so has no fields") from None
    value = fields.get(name) if isinstance(fields, dict) else None
    if not isinstance(value, str):
        raise SecretError("the secret has no such field, or it is no text")
    return value
