"""Calls of language models over HTTP: implements `Providers` of domain/ports.py."""

from __future__ import annotations

import ssl
import time
from collections.abc import AsyncGenerator, Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Any, Self

from trunkline.v1.completion_pb2 import CompleteRequest, CompleteResponse, StreamCompleteResponse
from trunkline.v1.connector_pb2 import Connector
from trunkline.v1.integration_health_pb2 import HealthCheck
from trunkline.v1.integration_pb2 import Integration
from trunkline.v1.llm_pb2 import EmbedRequest

from trunkline_server import heads
from trunkline_server.domain.addresses import OutboundPolicy
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import ProviderError, Reason, invalid_fields
from trunkline_server.domain.fold import fold
from trunkline_server.domain.ports import Heard, Target, Vectors
from trunkline_server.domain.redaction import conceal
from trunkline_server.providers import check, echo, embedding, foreign, taxonomy, tokens, urls
from trunkline_server.providers.auth import Authenticator
from trunkline_server.providers.bedrock import signing
from trunkline_server.providers.echo import Echo
from trunkline_server.providers.http import Bound, BrokenOffError, Http, Unauthorized
from trunkline_server.providers.http1 import Answer
from trunkline_server.providers.profiles import Profile, builtin
from trunkline_server.providers.progress import Progress
from trunkline_server.providers.schema import connector_of
from trunkline_server.providers.tokens import exchange
from trunkline_server.providers.tokens.cache import ProviderTokens
from trunkline_server.providers.wire import (
    Decoder,
    Frame,
    FrameParser,
    FrameTooLongError,
    HttpResponse,
    MalformedError,
    Subject,
    Wire,
)
from trunkline_server.providers.wires import WIRES

TOKEN_SECONDS = 10.0


@dataclass(slots=True)
class _Call:
    """One attempt, encoded; then authenticated."""

    profile: Profile
    wire: Wire
    provider: str
    url: str
    body: bytes
    decoder: Decoder
    # What the answer will repeat of the request, and what is cut.
    repeats: str
    echo: Echo | None
    headers: dict[str, str] = field(default_factory=dict)
    unauthorized: Unauthorized | None = None


class ProviderDriver:
    """Every provider profile behind one pool. Use as an async context manager, or `close` it.

    `policy` says which addresses may be called. `token_timeout`, that of fetching an access token, is in seconds. `tls`
    absent: TLS 1.3 with the system's roots.
    """

    def __init__(
        self,
        policy: OutboundPolicy,
        profiles: Mapping[str, Profile] | None = None,
        *,
        token_timeout: float = TOKEN_SECONDS,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._policy = policy
        self._profiles = builtin() if profiles is None else profiles
        self._http = Http(policy, tls)
        self._streams = Http(policy, tls, bounded=True)
        self._tokens = ProviderTokens(lambda grant, _: exchange.fetch(self._http, grant, token_timeout))
        self._authenticator = Authenticator(self._tokens, {"aws": signing.strategy})

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection."""
        await self._tokens.close()
        await self._http.close()
        await self._streams.close()

    def prepare(self, target: Target, request: CompleteRequest, *, stream: bool) -> _Call:
        """See Providers. Raises TrunklineError."""
        profile = self._profile(target.profile)
        facts = self._facts(profile, target.provider)
        wire, subject = WIRES[facts.wire], Subject(facts, target.provider, target.model)
        stream = stream or profile.whole_by_stream
        url = urls.of(profile, target, (profile.stream_path if stream else "") or profile.path)
        body = wire.encode(foreign.without(request, subject), subject, stream)
        repeats = echo.expected(request, subject)
        cutter = Echo(repeats) if repeats else None
        return _Call(profile, wire, target.provider, url, body, wire.decoder(subject), repeats, cutter)

    async def complete(
        self,
        target: Target,
        request: CompleteRequest,
        deadline: Deadline,
        heard: Heard | None = None,
        prepared: Any = None,
    ) -> CompleteResponse:
        """One attempt; `target.timeout` and the deadline bound all of it, `target.timeouts` its parts. Raises
        ProviderError, TrunklineError."""
        if self._profile(target.profile).whole_by_stream:
            within = deadline.sooner(target.timeout)
            return fold([event async for event in self.stream(target, request, within, heard, prepared)])
        bound = Bound.to(target, deadline)
        call = prepared or self.prepare(target, request, stream=False)
        await self._authenticate(call, target, bound, heard, "application/json")
        try:
            with await self._send(self._http, call, bound) as answer:
                _hear(answer, heard)
                whole = await self._http.whole(answer, bound, call.provider)
                if whole.status != 200:
                    raise call.wire.error(whole, call.provider)
                return echo.cut(call.decoder.whole(whole.body), call.repeats)
        except MalformedError as error:
            raise _malformed(call, error) from None

    async def stream(
        self,
        target: Target,
        request: CompleteRequest,
        deadline: Deadline,
        heard: Heard | None = None,
        prepared: Any = None,
    ) -> AsyncGenerator[StreamCompleteResponse, None]:
        """One attempt. `target.timeout` bounds the wait for its first frame, the idle timeout that for each
        other one, and the deadline all of it. Raises ProviderError, STREAM_TRUNCATED without the end mark;
        TrunklineError."""
        bound = Bound.to(target, deadline)
        call = prepared or self.prepare(target, request, stream=True)
        if call.profile.close_after_stream:
            call.headers["Connection"] = "close"
        await self._authenticate(call, target, bound, heard, call.wire.stream_type)
        try:
            with await self._send(self._streams, call, bound) as answer:
                _hear(answer, heard)
                await self._accept(answer, bound, call)
                parser = call.wire.parser()
                progress = Progress(parser)
                while data := await self._streams.chunk(answer, bound, call.provider):
                    for event in _decode(call, parser.feed(data)):
                        yield event
                    if call.decoder.done:
                        return
                    if progress.made(len(data)):
                        bound = Bound.lasting(target, deadline)
                for event in _last(call, parser):
                    yield event
        except (MalformedError, FrameTooLongError) as error:
            raise _malformed(call, error) from None
        except BrokenOffError:
            raise _truncated(call) from None
        except ProviderError as error:
            error.usage = error.usage or call.decoder.usage
            raise
        if not call.decoder.done:
            raise _truncated(call)

    async def embed(
        self, target: Target, request: EmbedRequest, deadline: Deadline, heard: Heard | None = None
    ) -> Vectors:
        """One attempt, in as many calls as the provider's batches need; `target.timeout` bounds each of them, and the
        deadline all. Raises ProviderError, TrunklineError."""
        if found := self.unsupported_embedding(target, request):
            raise invalid_fields(found, reason=Reason.ERROR_REASON_UNSUPPORTED_PARAMETER)
        profile = self._profile(target.profile)
        facts = self._facts(profile, target.provider)
        spoken = WIRES[facts.wire].embedding
        assert spoken is not None
        subject = Subject(facts, target.provider, target.model)
        post = partial(self._post, target, profile, profile.embed_path, facts.wire, deadline, heard=heard)
        return await embedding.embed(spoken, request, subject, facts.embed_batch, post)

    def unsupported_embedding(self, target: Target, request: EmbedRequest) -> Sequence[tuple[str, str]]:
        """(field path, why) of every option that the provider cannot honour; `model` where it embeds nothing."""
        profile = self._profile(target.profile)
        facts = self._facts(profile, target.provider)
        spoken = WIRES[facts.wire].embedding
        if spoken is None or not profile.embed_path or not facts.embed_path:
            return [("model", f"{facts.display_name} serves no embeddings")]
        return spoken.unsupported(request, Subject(facts, target.provider, target.model))

    async def count(self, target: Target, request: CompleteRequest, deadline: Deadline) -> int | None:
        """Input tokens by the provider's own counter, None where it has none. Raises ProviderError, TrunklineError."""
        profile = self._profile(target.profile)
        facts = self._facts(profile, target.provider)
        spoken = WIRES[facts.wire].counting
        if spoken is None or not profile.count_path:
            return None
        subject = Subject(facts, target.provider, target.model)
        body = spoken.encode(foreign.without(request, subject), subject)
        try:
            answer = await self._post(target, profile, profile.count_path, facts.wire, deadline, body)
            return spoken.decode(answer, subject)
        except MalformedError as error:
            raise embedding.malformed(target.provider, error) from None

    def unsupported(self, profile: str, provider: str, request: CompleteRequest) -> Sequence[tuple[str, str]]:
        """(field path, why) of every option of the request that the provider cannot honour."""
        facts = self._facts(self._profile(profile), provider)
        return WIRES[facts.wire].unsupported(request, facts)

    def prefills(self, target: Target) -> bool:
        """Whether the model goes on from a last message of the assistant."""
        return self._facts(self._profile(target.profile), target.provider).prefills(target.model)

    def validate(self, integration: Integration) -> Sequence[tuple[str, str]]:
        """(field path, what is wrong) of the configuration; paths start at `configuration`."""
        settings = integration.configuration.llm_provider
        profile = self._profiles.get(settings.provider)
        if profile is None:
            known = ", ".join(sorted(self._profiles))
            return [("configuration.llm_provider.provider", f"is not a profile; there are {known}")]
        allowed = {"provider", *profile.options}
        wrong = [(name, "is not an option of this profile") for name in settings.options if name not in allowed]
        wrong += urls.problems(profile, settings.options, integration.configuration.endpoint)
        wrong += tokens.problems(profile, settings.options)
        # A gateway would call them in our place.
        wrong += [
            (name, problem)
            for name, value in settings.options.items()
            for address in urls.within(value)
            if (problem := self._policy.relayed_problem(address))
        ]
        found = [(f"configuration.llm_provider.options[{name}]", why) for name, why in wrong]
        endpoint = urls.endpoint(profile, integration.configuration.endpoint, settings.options)
        if problem := self._policy.url_problem(endpoint):
            found.append(("configuration.endpoint", problem))
        return found

    async def check(self, target: Target, deadline: Deadline) -> HealthCheck:
        """Ask the provider for its models. Never raises for what the provider does; the finding tells."""
        profile = self._profile(target.profile)
        bound = Bound.to(target, deadline)
        url = urls.of(profile, target, profile.check_path)
        wire = WIRES[profile.wire]
        try:
            headers = await self._authenticator.headers(profile, target, "GET", url, b"", bound)
        except ProviderError as error:
            return check.failed(error)
        unauthorized = self._refresher(profile, target, wire, headers, bound)
        found = await check.check(self._http, url, headers, target.provider, bound, wire.error, unauthorized)
        found.detail = conceal(found.detail, target.secret)
        return found

    def connectors(self) -> Sequence[Connector]:
        """Every profile, by name."""
        return [connector_of(self._profiles[name]) for name in sorted(self._profiles)]

    def _profile(self, name: str) -> Profile:
        profile = self._profiles.get(name)
        if profile is None:
            finding = f"there is no provider profile {name!r}; ListConnectors names them"
            path = "configuration.llm_provider.provider"
            raise invalid_fields([(path, finding)], reason=Reason.ERROR_REASON_INVALID_CONFIGURATION)
        return profile

    def _facts(self, profile: Profile, provider: str) -> Profile:
        """The profile whose facts apply: behind a gateway, that of the provider, where it is known and speaks the
        gateway's wire."""
        facts = self._profiles.get(provider) if profile.gateway_header else None
        return facts if facts is not None and facts.wire == profile.wire else profile

    async def _authenticate(self, call: _Call, target: Target, bound: Bound, heard: Heard | None, kind: str) -> None:
        """Add the headers. `kind` is the type of answer that is asked for. Raises ProviderError."""
        call.headers |= await self._authenticator.headers(call.profile, target, "POST", call.url, call.body, bound)
        call.headers |= {"Content-Type": "application/json", "Accept": kind}
        call.unauthorized = self._refresher(call.profile, target, call.wire, call.headers, bound, heard)

    def _refresher(
        self,
        profile: Profile,
        target: Target,
        wire: Wire,
        headers: Mapping[str, str],
        bound: Bound,
        heard: Heard | None = None,
    ) -> Unauthorized | None:
        """What a 401 leads to: None, and so nothing more, where the credential is not one that can be fetched anew."""
        if not tokens.fetched(profile, target):
            return None

        async def again(answer: HttpResponse) -> Mapping[str, str]:
            """The headers with a fresh token. Raises the error that the answer is where none helps."""
            error = wire.error(answer, target.provider)
            fresh = await self._authenticator.fresh(profile, target, headers, bound) if error.refresh else None
            if fresh is None:
                _hear(answer, heard)
                raise error
            return fresh

        return again

    async def _post(
        self,
        target: Target,
        profile: Profile,
        path: str,
        wire: str,
        deadline: Deadline,
        body: bytes,
        heard: Heard | None = None,
    ) -> bytes:
        """The body of a whole answer. Raises ProviderError, MalformedError."""
        url, bound = urls.of(profile, target, path), Bound.to(target, deadline)
        headers = await self._authenticator.headers(profile, target, "POST", url, body, bound)
        headers |= {"Content-Type": "application/json", "Accept": "application/json"}
        unauthorized = self._refresher(profile, target, WIRES[wire], headers, bound, heard)
        with await self._http.send("POST", url, headers, body, bound, target.provider, unauthorized) as answer:
            _hear(answer, heard)
            whole = await self._http.whole(answer, bound, target.provider)
            if whole.status != 200:
                raise WIRES[wire].error(whole, target.provider)
            return whole.body

    def _send(self, http: Http, call: _Call, bound: Bound) -> Awaitable[Answer]:
        return http.send("POST", call.url, call.headers, call.body, bound, call.provider, call.unauthorized)

    async def _accept(self, answer: Answer, bound: Bound, call: _Call) -> None:
        """Raise unless the answer is a stream: the error that it is, or MalformedError."""
        kind = answer.headers.get("Content-Type", "")
        if answer.status == 200 and not kind.startswith("application/json"):
            return
        whole = await self._http.whole(answer, bound, call.provider)
        if whole.status != 200:
            raise call.wire.error(whole, call.provider)
        call.decoder.whole(whole.body)
        raise MalformedError("an answer in one piece came where a stream was asked for")


def _hear(answer: Answer | HttpResponse, heard: Heard | None) -> None:
    if heard is not None:
        heard.http_status = answer.status
        heard.request_id = heads.request_id(answer.headers)
        heard.quotas = heads.quotas(answer.headers, time.time())


def _decode(call: _Call, frames: Iterable[Frame]) -> Iterable[StreamCompleteResponse]:
    for frame in frames:
        yield from _kept(call, call.decoder.feed(frame))
        if call.decoder.done:
            return


def _kept(call: _Call, events: Iterable[StreamCompleteResponse]) -> Iterable[StreamCompleteResponse]:
    return events if call.echo is None else (kept for event in events for kept in call.echo.of(event))


def _last(call: _Call, parser: FrameParser) -> Iterable[StreamCompleteResponse]:
    """What the end of the stream still tells. A frame that was cut off is a truncation, not a malformed answer."""
    try:
        yield from _decode(call, parser.close())
        yield from _kept(call, call.decoder.close())
    except MalformedError:
        raise _truncated(call) from None


def _malformed(call: _Call, error: Exception) -> ProviderError:
    return _broken(call, taxonomy.MALFORMED, f": {error}")


def _truncated(call: _Call) -> ProviderError:
    return _broken(call, taxonomy.TRUNCATED)


def _broken(call: _Call, kind: taxonomy.Kind, more: str = "") -> ProviderError:
    return ProviderError(
        kind.reason,
        f"{call.provider} {kind.said}{more}",
        retry=kind.retry,
        fallback=kind.fallback,
        http_status=200,
        usage=call.decoder.usage,
        metadata={"provider": call.provider},
    )
