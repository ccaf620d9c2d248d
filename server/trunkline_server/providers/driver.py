"""Calls of language models over HTTP: implements `Providers` of domain/ports.py."""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import aiohttp
from trunkline.v1.completion_pb2 import CompleteRequest, CompleteResponse, StreamCompleteResponse
from trunkline.v1.integration_pb2 import Connector, HealthCheck

from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import ProviderError, Reason, invalid_fields
from trunkline_server.domain.fold import fold
from trunkline_server.domain.ports import Target
from trunkline_server.providers import auth, check
from trunkline_server.providers.http import Bound, BrokenOffError, Http
from trunkline_server.providers.openai_compatible import errors, request, response
from trunkline_server.providers.openai_compatible.stream import Decoder
from trunkline_server.providers.profiles import Profile, builtin
from trunkline_server.providers.sse import SseEvent, SseParser, SseTooLongError
from trunkline_server.providers.wire import MalformedError

# No provider stays silent this long within an answer unless it is stuck.
STREAM_IDLE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class _Call:
    """One attempt, encoded."""

    provider: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    decoder: Decoder


class ProviderDriver:
    """Every provider profile behind one pool. Use as an async context manager, or `close` it.

    `stream_idle_timeout` is in seconds. `tls` absent: TLS 1.3 with the system's roots.
    """

    def __init__(
        self,
        profiles: Mapping[str, Profile] | None = None,
        *,
        stream_idle_timeout: float = STREAM_IDLE_SECONDS,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._profiles = builtin() if profiles is None else profiles
        self._idle = stream_idle_timeout
        self._http = Http(tls)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection."""
        await self._http.close()

    async def complete(self, target: Target, request: CompleteRequest, deadline: Deadline) -> CompleteResponse:
        """One attempt; `target.timeout` and the deadline bound all of it. Raises ProviderError, TrunklineError."""
        if self._profile(target.profile).whole_by_stream:
            within = deadline.sooner(target.timeout)
            return fold([event async for event in self.stream(target, request, within)])
        call = self._prepare(target, request, stream=False)
        bound = Bound.of(deadline, target.timeout)
        sent = self._http.send("POST", call.url, call.headers, call.body, bound, call.provider)
        async with sent as answer:
            try:
                whole = await self._http.whole(answer, bound, call.provider)
                if whole.status != 200:
                    raise errors.decode(whole, call.provider)
                return response.decode(whole.body, call.decoder)
            except MalformedError as error:
                raise _malformed(call, error) from None

    async def stream(
        self, target: Target, request: CompleteRequest, deadline: Deadline
    ) -> AsyncGenerator[StreamCompleteResponse, None]:
        """One attempt. `target.timeout` bounds the wait for its beginning, the idle timeout every wait after it, and
        the deadline all of it. Raises ProviderError, STREAM_TRUNCATED without the end mark; TrunklineError."""
        call = self._prepare(target, request, stream=True)
        bound = Bound.of(deadline, target.timeout)
        sent = self._http.send("POST", call.url, call.headers, call.body, bound, call.provider)
        async with sent as answer:
            try:
                await self._accept(answer, bound, call)
                parser = SseParser()
                while data := await self._http.chunk(answer, bound, call.provider):
                    for event in self._decode(call, parser.feed(data)):
                        yield event
                    if call.decoder.done:
                        return
                    bound = Bound.of(deadline, self._idle)
                for event in self._last(call, parser):
                    yield event
            except (MalformedError, SseTooLongError) as error:
                raise _malformed(call, error) from None
            except BrokenOffError:
                raise _truncated(call) from None
            except ProviderError as error:
                error.usage = error.usage or call.decoder.usage
                raise
        if not call.decoder.done:
            raise _truncated(call)

    def unsupported(self, profile: str, provider: str, request: CompleteRequest) -> Sequence[tuple[str, str]]:
        """(field path, why) of every option of the request that the provider cannot honour."""
        return _unsupported(request, self._facts(self._profile(profile), provider))

    async def check(self, target: Target, deadline: Deadline) -> HealthCheck:
        """Ask the provider for its models. Never raises for what the provider does; the finding tells."""
        profile = self._profile(target.profile)
        bound = Bound.of(deadline, target.timeout)
        url = _url(target.endpoint or profile.endpoint, profile.check_path)
        return await check.check(self._http, url, auth.headers(profile, target), target.provider, bound)

    def connectors(self) -> Sequence[Connector]:
        """Every profile, by name."""
        return [self._profiles[name].connector() for name in sorted(self._profiles)]

    def _profile(self, name: str) -> Profile:
        profile = self._profiles.get(name)
        if profile is None:
            finding = f"there is no provider profile {name!r}; ListConnectors names them"
            path = "configuration.llm_provider.provider"
            raise invalid_fields([(path, finding)], reason=Reason.ERROR_REASON_INVALID_CONFIGURATION)
        return profile

    def _facts(self, profile: Profile, provider: str) -> Profile:
        """The profile whose wire applies: behind a gateway, that of the provider, where it is known."""
        return self._profiles.get(provider, profile) if profile.gateway_header else profile

    def _prepare(self, target: Target, asked: CompleteRequest, *, stream: bool) -> _Call:
        profile = self._profile(target.profile)
        facts = self._facts(profile, target.provider)
        headers = auth.headers(profile, target)
        headers["Content-Type"] = "application/json"
        headers["Accept"] = "text/event-stream" if stream else "application/json"
        if stream and profile.close_after_stream:
            headers["Connection"] = "close"
        return _Call(
            provider=target.provider,
            url=_url(target.endpoint or profile.endpoint, profile.path),
            headers=headers,
            body=request.encode(asked, target.model, facts, target.provider, stream),
            decoder=Decoder(target.provider, facts.end_mark),
        )

    async def _accept(self, answer: aiohttp.ClientResponse, bound: Bound, call: _Call) -> None:
        """Raise unless the answer is a stream: the error that it is, or MalformedError."""
        kind = answer.headers.get("Content-Type", "")
        if answer.status == 200 and not kind.startswith("application/json"):
            return
        whole = await self._http.whole(answer, bound, call.provider)
        if whole.status != 200:
            raise errors.decode(whole, call.provider)
        response.decode(whole.body, call.decoder)
        raise MalformedError("an answer in one piece came where a stream was asked for")

    def _decode(self, call: _Call, frames: Iterable[SseEvent]) -> Iterable[StreamCompleteResponse]:
        for frame in frames:
            yield from call.decoder.feed(frame)
            if call.decoder.done:
                return

    def _last(self, call: _Call, parser: SseParser) -> Iterable[StreamCompleteResponse]:
        """What the end of the stream still tells. A frame that was cut off is a truncation, not a malformed answer."""
        try:
            yield from self._decode(call, parser.close())
            yield from call.decoder.close()
        except MalformedError:
            raise _truncated(call) from None


_unsupported = request.unsupported


def _url(endpoint: str, path: str) -> str:
    """`path` below the endpoint; a leading `../` leaves its last segment."""
    base = endpoint.rstrip("/")
    if path.startswith("../"):
        base, path = base.rpartition("/")[0], path[3:]
    return f"{base}/{path}"


def _malformed(call: _Call, error: Exception) -> ProviderError:
    return ProviderError(
        Reason.ERROR_REASON_UPSTREAM_MALFORMED,
        f"the answer of {call.provider} could not be understood: {error}",
        retry=True,
        http_status=200,
        usage=call.decoder.usage,
        metadata={"provider": call.provider},
    )


def _truncated(call: _Call) -> ProviderError:
    return ProviderError(
        Reason.ERROR_REASON_STREAM_TRUNCATED,
        f"the stream of {call.provider} ended without its end mark",
        retry=True,
        http_status=200,
        usage=call.decoder.usage,
        metadata={"provider": call.provider},
    )
