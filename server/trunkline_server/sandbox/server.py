"""The sandbox's HTTP server: the API of a template at its own paths, and `/_sandbox` to watch and to steer it."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson
from aiohttp import web
from pydantic import ValidationError
from trunkline.v1.api_pb2 import ApiConfiguration
from trunkline.v1.authentication_pb2 import Authentication, OAuth2
from trunkline.v1.configuration_pb2 import Configuration

from trunkline_server.connectors.rest.template_models import Template, TemplateTool
from trunkline_server.connectors.rest.templates import scheme_of
from trunkline_server.sandbox.answers import JSON, passed_check, refusal
from trunkline_server.sandbox.asked import Asked, read
from trunkline_server.sandbox.credentials import TOKEN_SCHEMES, fill, gate_of
from trunkline_server.sandbox.faults import REFUSALS, Die, Fault, Faults, Refusal
from trunkline_server.sandbox.matching import Matched, Routes
from trunkline_server.sandbox.paging import NoSuchPage, drifted, page_of
from trunkline_server.sandbox.settings import samples
from trunkline_server.sandbox.state import Answer, Misused, State
from trunkline_server.sandbox.tokens import CLIENT_ID, TOKEN_PATH, Tokens
from trunkline_server.sandbox.windows import Windows
from trunkline_server.sandbox.wire import Wire

CONTROL_PATH = "/_sandbox"


class Sandbox:
    """One template, played. `running` serves it; `url` is known then."""

    def __init__(self, template: Template, faults: Faults | None = None, seed: int = 0) -> None:
        own = random.Random(seed)
        self.template = template
        self.url = ""
        self.tokens = Tokens(own)
        self._gate = gate_of(template, own, self.tokens)
        self._routes = Routes(template)
        self._settings = samples(template.settings)
        self._die = Die(seed)
        self._server: web.Server | None = None
        self.faults = faults or Faults()
        self.reset()

    @property
    def faults(self) -> Faults:
        """Which faults are in force."""
        return self._die.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._die.faults = faults

    @property
    def secret(self) -> str:
        """A credential that works."""
        return self._gate.secret(self.url)

    def reset(self) -> None:
        """Count from zero; forget keys and rates."""
        self.state = State()
        self._windows = Windows(self.template.rates)

    def use_up(self, tool: str, parameters: Mapping[str, Any]) -> float:
        """As if the tool had been called as often as its rates allow; seconds until it may be called again."""
        now = time.monotonic()
        while not (wait := self._windows.wait(tool, parameters, now)):
            pass
        return wait

    def configuration(self) -> Configuration:
        """How an integration calls the sandbox; without the secret."""
        own = self.template.authentication
        authentication = Authentication(scheme=scheme_of(own.scheme), parameter_name=own.parameter_name)
        if own.scheme in TOKEN_SCHEMES:
            # A service account is its own client.
            client = "" if own.scheme == "service_account" else CLIENT_ID
            authentication.oauth2.CopyFrom(OAuth2(token_url=self.url + TOKEN_PATH, client_id=client))
        settings = orjson.dumps(self._settings) if self._settings else b""
        return Configuration(
            endpoint=self.url + self._routes.prefix,
            authentication=authentication,
            api=ApiConfiguration(template=self.template.name, settings_json=settings),
        )

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Any request."""
        asked = await read(request)
        if asked.raw_path == CONTROL_PATH:
            return self._control(asked)
        if asked.raw_path == TOKEN_PATH:
            status, body = self.tokens.answer(asked)
            return web.Response(status=status, body=orjson.dumps(body), content_type=JSON)
        wire = Wire(request)
        self.state.in_flight += 1
        try:
            return await self._play(asked, wire)
        except asyncio.CancelledError:
            self.state.aborted += not wire.cut
            raise
        finally:
            self.state.in_flight -= 1

    async def _play(self, asked: Asked, wire: Wire) -> web.StreamResponse:
        fault = self._die.throw()
        if fault:
            self.state.met[fault] += 1
        if late := self._die.latency():
            await asyncio.sleep(late)
        answer = self._answer(asked, fault)
        drip = self.faults.drip_seconds
        return await wire.send(answer, fault, drip)

    def _answer(self, asked: Asked, fault: Fault | None) -> Answer:
        """What the API says; side effects are done when this returns."""
        key = self._routes.key(asked)
        if fault == "expired_token":
            self._gate.expire(asked)
        if not self._gate.admits(asked, key) or fault in ("authentication", "expired_token"):
            return self._refused("authentication", asked, finding="the credential is not the one that works")
        if fault in REFUSALS:
            wait = self.faults.retry_after_seconds if fault == "rate_limited" else 0.0
            return self._refused(fault, asked, wait)  # type: ignore[arg-type]
        if missing := self._missing_header(asked):
            return self._refused("rejected", asked, finding=f"the header {missing} is missing or another")
        matched = self._routes.match(asked)
        if matched is None:
            if self._routes.is_check(asked):
                return passed_check(self.template)
            return self._refused("rejected", asked, finding=f"no tool is {asked.method} {asked.raw_path}")
        self.state.calls[matched.tool.name] += 1
        if self.faults.rates and (wait := self._windows.wait(matched.tool.name, matched.parameters, time.monotonic())):
            return self._refused("rate_limited", asked, wait)
        if matched.wrong:
            return self._refused("rejected", asked, finding=f"{matched.tool.name}: {matched.wrong}")
        return self._carried_out(matched, asked, fault)

    def _carried_out(self, matched: Matched, asked: Asked, fault: Fault | None) -> Answer:
        tool = matched.tool
        header = self.template.idempotency_header.lower()
        key = asked.headers.get(header, "") if header and not tool.reads else ""
        try:
            known = self.state.known(key, tool.name, matched.parameters)
            answer = known or self._result(tool, matched.parameters, asked, fault)
        except (NoSuchPage, Misused) as error:
            return self._refused("rejected", asked, finding=f"{tool.name}: {error}")
        if known is None and not tool.reads:
            self.state.did(key, tool.name, matched.parameters, answer)
        return answer

    def _result(self, tool: TemplateTool, parameters: Mapping[str, Any], asked: Asked, fault: Fault | None) -> Answer:
        result, headers = tool.example.result, {}
        if tool.pagination:
            page = page_of(tool, parameters, asked)
            result, headers = page.result, dict(page.headers)
        if fault == "drift":
            result = drifted(tool, result)
        return Answer(200, orjson.dumps(result), headers)

    def _refused(self, kind: Refusal, asked: Asked, wait: float = 0.0, finding: str = "") -> Answer:
        self.state.refused[kind] += 1
        self.state.wait = wait
        self.state.finding = finding or self.state.finding
        echo = ""
        if self.faults.echo:
            said = (asked.raw_path, asked.raw_query, asked.headers.get("authorization", ""), asked.body.decode())
            echo = " ".join(said)
        return refusal(self.template, kind, wait, echo)

    def _missing_header(self, asked: Asked) -> str:
        """The name of a header that every call has and this one has not; empty: none."""
        wanted = dict(self.template.headers)
        if self.template.version and self.template.version.header:
            wanted[self.template.version.header] = self.template.version.value
        for name, value in wanted.items():
            told = asked.headers.get(name.lower())
            if name.lower() != "content-type" and told != fill(value, self._settings):
                return name
        return ""

    def _control(self, asked: Asked) -> web.Response:
        """GET tells the figures. PUT sets the faults, all of them, and with `expire_tokens` ends all access tokens,
        with `reset` counts from zero."""
        if asked.method == "PUT":
            try:
                told = orjson.loads(asked.body)
                actions = {name: told.pop(name, False) for name in ("expire_tokens", "reset")}
                self.faults = Faults.model_validate(told)
            except (orjson.JSONDecodeError, AttributeError, TypeError, ValidationError) as error:
                return web.json_response({"error": str(error)}, status=400)
            if actions["expire_tokens"]:
                self.tokens.end_all()
            if actions["reset"]:
                self.reset()
        return web.json_response(self.told())

    def told(self) -> dict[str, Any]:
        """The figures and the faults, as `/_sandbox` tells them."""
        connections = len(self._server.connections) if self._server else 0
        figures = {"template": self.template.name, "tokens_issued": self.tokens.issued, **self.state.told()}
        return figures | {"open_connections": connections, "faults": self.faults.model_dump()}

    def attach(self, server: web.Server, url: str) -> None:
        """It is served there."""
        self._server, self.url = server, url


@asynccontextmanager
async def running(sandbox: Sandbox, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Sandbox]:
    """Serve until the end of the block; port 0 is any free one."""
    server = web.Server(sandbox.handle, handler_cancellation=True)
    runner = web.ServerRunner(server, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        sandbox.attach(server, f"http://{host}:{runner.addresses[0][1]}")
        yield sandbox
    finally:
        await runner.cleanup()
