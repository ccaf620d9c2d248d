"""The live check of a provider: which models does it list?"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import orjson
from trunkline.v1.integration_health_pb2 import HealthCheck

from trunkline_server.domain.duration import duration
from trunkline_server.domain.errors import ProviderError
from trunkline_server.providers.http import Bound, Http, Unauthorized
from trunkline_server.providers.wire import HttpResponse, MalformedError

MAX_MODELS = 1000
ErrorOf = Callable[[HttpResponse, str], ProviderError]


async def check(
    http: Http,
    url: str,
    headers: Mapping[str, str],
    provider: str,
    bound: Bound,
    error_of: ErrorOf,
    unauthorized: Unauthorized | None = None,
) -> HealthCheck:
    """GET `url`; a 2xx answer is healthy, any other is an error that `error_of` reads. `unauthorized` is that of
    `Http.send`. Never raises for what the provider does."""
    found = HealthCheck()
    found.check_time.GetCurrentTime()
    start = time.monotonic()
    try:
        with await http.send("GET", url, headers, None, bound, provider, unauthorized) as response:
            _judge(found, await http.whole(response, bound, provider), provider, error_of)
    except ProviderError as error:
        _tell(found, error)
    except MalformedError as error:
        found.detail = str(error)
    found.latency.CopyFrom(duration(time.monotonic() - start))
    return found


def failed(error: ProviderError) -> HealthCheck:
    """The finding where the provider could not even be asked."""
    found = HealthCheck()
    found.check_time.GetCurrentTime()
    _tell(found, error)
    return found


def _tell(found: HealthCheck, error: ProviderError) -> None:
    if error.http_status is not None:
        found.http_status = error.http_status
    told = error.metadata.get("upstream_message")
    found.detail = f"{error.message}: {told}" if told else error.message


def _judge(found: HealthCheck, answer: HttpResponse, provider: str, error_of: ErrorOf) -> None:
    found.http_status = answer.status
    if not 200 <= answer.status < 300:
        _tell(found, error_of(answer, provider))
        return
    found.healthy = True
    found.models.extend(_models(answer.body)[:MAX_MODELS])
    found.detail = (
        f"{provider} answered and lists {len(found.models)} models" if found.models else f"{provider} answered"
    )


def _models(body: bytes) -> list[str]:
    """The ids in `{"data": [{"id": …}]}`, `{"models": [{"name": …}]}`, `{"modelSummaries": [{"modelId": …}]}` or in a
    bare list, as Together sends it; none where the answer is other."""
    try:
        listed = orjson.loads(body)
    except orjson.JSONDecodeError:
        return []
    if isinstance(listed, dict):
        listed = listed.get("data") or listed.get("models") or listed.get("modelSummaries")
    rows = [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []
    # Gemini's names are paths: `models/<id>`.
    names = [row.get("id") or row.get("modelId") or str(row.get("name") or "").removeprefix("models/") for row in rows]
    return [name for name in names if name and isinstance(name, str)]
