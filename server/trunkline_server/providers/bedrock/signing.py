"""Credentials of AWS as headers: a Bedrock API key, or a signature (version 4) made by botocore."""

from __future__ import annotations

import logging
from typing import NamedTuple

import orjson
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from trunkline_server.domain.ports import Target
from trunkline_server.providers.errors import unusable
from trunkline_server.providers.profiles import Profile

# At DEBUG it writes the request that is signed, with the session token.
logging.getLogger("botocore.auth").setLevel(logging.WARNING)

_SERVICE = "bedrock"
_REQUIRED = ("access_key_id", "secret_access_key")


class _Keys(NamedTuple):
    """Credentials, as botocore names them."""

    access_key: str
    secret_key: str
    token: str | None


async def strategy(profile: Profile, target: Target, method: str, url: str, body: bytes) -> dict[str, str]:
    """The headers of a call. The secret is an API key, or JSON `{"access_key_id", "secret_access_key",
    "session_token"?}`. Only what stands here is signed: headers may be added later. Raises UPSTREAM_AUTHENTICATION."""
    secret = target.secret.strip()
    if not secret.startswith("{"):
        return {"Authorization": f"Bearer {secret}"}
    region = target.options.get("region") or profile.parameters.get("region", "")
    request = AWSRequest(method=method, url=url, data=body)
    SigV4Auth(_keys(secret, target.provider), _SERVICE, region).add_auth(request)
    return dict(request.headers.items())


def _keys(secret: str, provider: str) -> _Keys:
    try:
        found = orjson.loads(secret)
    except orjson.JSONDecodeError:
        raise unusable(provider, "it is not valid JSON") from None
    missing = [name for name in _REQUIRED if not (isinstance(found.get(name), str) and found[name])]
    if missing:
        raise unusable(provider, f"it has no {missing[0]}")
    token = found.get("session_token")
    return _Keys(found["access_key_id"], found["secret_access_key"], str(token) if token else None)
