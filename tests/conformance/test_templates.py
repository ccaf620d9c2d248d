"""Every shipped template does the same: its sandbox plays the API from its data, the real engine calls it."""

from __future__ import annotations

import asyncio
import math
import time
from urllib.parse import quote

import orjson
import pytest
from conformance.template_scene import (
    TEMPLATES,
    Scene,
    first_read,
    hidden_in,
    parts_of,
    scene,
    until,
    wrong,
)
from conformance.template_table import DOCUMENT, document
from trunkline_server.connectors.rest.template_models import Template, TemplateTool
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import TrunklineError
from trunkline_server.sandbox import Faults
from trunkline_server.sandbox.credentials import TOKEN_SCHEMES
from trunkline_server.sandbox.paging import at, items_of
from trunkline_server.services.tool import ToolService

NAMES = sorted(TEMPLATES)
TOOLS = [(name, tool) for name in NAMES for tool in TEMPLATES[name].tools]
PAGED = [(name, tool) for name, tool in TOOLS if tool.pagination]
RENEWED = [name for name in NAMES if TEMPLATES[name].authentication.scheme in TOKEN_SCHEMES]
LIMITED = [name for name in NAMES if TEMPLATES[name].rates]
# In seconds.
WAIT = 2.0


def of(pairs: list[tuple[str, TemplateTool]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("name", "tool"), pairs, ids=[f"{name}/{tool.name}" for name, tool in pairs])


every = pytest.mark.parametrize("name", NAMES)


def reason(error: pytest.ExceptionInfo[TrunklineError]) -> str:
    return error.value.reason_name


async def test_the_services_of_the_issue_are_there() -> None:
    wanted = "openai plaid firestore fcm google_vision notion telegram perplexity slack github stripe"
    assert set(wanted.split()) == set(NAMES)
    assert all(4 <= len(template.tools) <= 12 for template in TEMPLATES.values())


@of(TOOLS)
async def test_success(name: str, tool: TemplateTool) -> None:
    async with scene(name) as played:
        result = await played.execute(tool)
        assert played.sandbox.state.calls == {tool.name: 1}
        assert played.sandbox.state.effects.total() == (0 if tool.reads else 1)
        assert not played.sandbox.state.refused, played.sandbox.state.finding
    if tool.pagination:
        wanted = items_of(tool.example.result, tool.pagination.items)
        assert items_of(result, tool.pagination.items)[: len(wanted)] == wanted
    else:
        assert result == orjson.loads(orjson.dumps(tool.example.result))


@every
async def test_success_through_the_service(name: str) -> None:
    async with scene(name) as played:
        tool = first_read(played.template)
        answer = await played.served(played.service(), tool)
    assert orjson.loads(answer.result_json) == orjson.loads(orjson.dumps(tool.example.result))
    assert not answer.warnings


@every
async def test_a_live_check(name: str) -> None:
    async with scene(name) as played:
        good = await played.rest.check(played.integration, played.secret, Deadline.after(10))
        bad = await played.rest.check(played.integration, wrong(played.secret), Deadline.after(10))
    assert good.healthy, good.detail
    assert not bad.healthy


@every
async def test_authentication_failure(name: str) -> None:
    async with scene(name) as played:
        with pytest.raises(TrunklineError) as caught:
            await played.execute(first_read(played.template), secret=wrong(played.secret))
        assert not played.sandbox.state.calls
    assert reason(caught) == "UPSTREAM_AUTHENTICATION"


@pytest.mark.parametrize("name", RENEWED)
async def test_token_refresh(name: str) -> None:
    async with scene(name) as played:
        tool = first_read(played.template)
        await asyncio.gather(*(played.execute(tool) for _ in range(5)))
        assert played.sandbox.tokens.issued == 1
        # It ends before its time: the call that finds out gets another, and nobody notices.
        played.sandbox.tokens.end_all()
        await played.execute(tool)
        assert played.sandbox.tokens.issued == 2
        # A credential that is refused whatever the token is: one refresh at most.
        played.meets(authentication=1.0)
        with pytest.raises(TrunklineError) as caught:
            await played.execute(tool)
        assert played.sandbox.tokens.issued <= 3
    assert reason(caught) == "UPSTREAM_AUTHENTICATION"


def tells_its_wait(template: Template) -> bool:
    shape = orjson.dumps(template.sandbox.rate_limited.model_dump()).decode()
    return "{seconds}" in shape or "{reset}" in shape


@every
async def test_rate_limit_with_its_exact_wait(name: str) -> None:
    async with scene(name) as played:
        tool = first_read(played.template)
        played.meets(times=1, rate_limited=1.0)
        played.sandbox.faults = played.sandbox.faults.model_copy(update={"retry_after_seconds": WAIT})
        asked = time.monotonic()
        with pytest.raises(TrunklineError) as caught:
            await played.execute(tool)
        assert reason(caught) == "UPSTREAM_RATE_LIMITED"
        assert caught.value.retry_after == (WAIT if tells_its_wait(played.template) else None)
        if not tells_its_wait(played.template):
            return
        # Who has no time to wait is told so at once, and the API is left alone; who has, comes when it said.
        with pytest.raises(TrunklineError) as early:
            await played.execute(tool, seconds=0.1)
        assert reason(early) == "UPSTREAM_RATE_LIMITED"
        assert early.value.retry_after is not None and 0 < early.value.retry_after <= WAIT
        assert played.sandbox.state.calls[tool.name] == 0
        await played.execute(tool)
        assert time.monotonic() - asked >= WAIT
        assert played.sandbox.state.calls[tool.name] == 1


@pytest.mark.parametrize("name", LIMITED)
async def test_the_documented_rates_are_enforced(name: str) -> None:
    async with scene(name, Faults()) as played:
        rate = min(played.template.rates, key=lambda one: one.calls)
        fitting = [one for one in played.template.tools if bound(one, rate.subject)]
        tool = next((one for one in fitting if one.reads), fitting[0])
        left = played.sandbox.use_up(tool.name, tool.example.parameters)
        with pytest.raises(TrunklineError) as caught:
            await played.execute(tool)
        assert reason(caught) == "UPSTREAM_RATE_LIMITED"
        assert played.sandbox.state.refused == {"rate_limited": 1}
        if tells_its_wait(played.template):
            assert 0 < played.sandbox.state.wait <= left
            assert caught.value.retry_after == math.ceil(played.sandbox.state.wait)


def bound(tool: TemplateTool, subject: str) -> bool:
    return subject in ("", tool.name) or subject.strip("{}") in tool.example.parameters


@every
async def test_the_engine_keeps_the_rates_itself(name: str) -> None:
    async with scene(name, Faults()) as played:
        tool = first_read(played.template)
        # The first call takes long to arrive: those after it would seem to follow too soon.
        await played.execute(tool)
        played.sandbox.reset()
        await asyncio.gather(*(played.execute(tool) for _ in range(4)))
        assert not played.sandbox.state.refused


@of(PAGED)
async def test_pagination_to_the_end(name: str, tool: TemplateTool) -> None:
    assert tool.pagination is not None
    async with scene(name) as played:
        answers = [page async for page in played.rest.pages(played.call(tool), Deadline.after(20))]
        assert not any(page.drifts for page in answers)
        assert played.sandbox.state.calls == {tool.name: tool.example.pages}
        assert not played.sandbox.state.refused, played.sandbox.state.finding
    items = [orjson.dumps(one) for page in answers for one in items_of(orjson.loads(page.json), tool.pagination.items)]
    assert len(answers) == tool.example.pages
    assert len(set(items)) == len(items) > tool.example.pages - 1


@of(PAGED)
async def test_pages_that_are_left_early(name: str, tool: TemplateTool) -> None:
    async with scene(name) as played:
        pages = played.rest.pages(played.call(tool), Deadline.after(20))
        await anext(pages)
        await pages.aclose()
        assert played.sandbox.state.calls == {tool.name: 1}
        assert await until(lambda: played.sandbox.state.in_flight == 0)


@every
async def test_malformed_answer(name: str) -> None:
    async with scene(name) as played:
        played.meets(malformed=1.0)
        with pytest.raises(TrunklineError) as caught:
            await played.execute(first_read(played.template))
    assert reason(caught) == "UPSTREAM_MALFORMED"


@every
async def test_an_answer_that_breaks_its_schema(name: str) -> None:
    async with scene(name) as played:
        tool = first_read(played.template)
        played.meets(drift=1.0)
        answer = await played.rest.execute(played.call(tool), Deadline.after(20))
        assert [one.tool_name for one in answer.drifts] == [tool.name] and answer.warnings
        assert all(one.path.startswith("result_json") for one in answer.drifts)
        played.integration.configuration.api.strict_results = True
        strict = type(played.integration)()
        strict.CopyFrom(played.integration)
        with pytest.raises(TrunklineError) as caught:
            await played.execute(tool, integration=strict)
    assert reason(caught) == "UPSTREAM_MALFORMED"


@every
@pytest.mark.parametrize("fault", ["disconnect_before", "disconnect_within"])
async def test_a_connection_that_breaks(name: str, fault: str) -> None:
    async with scene(name) as played:
        tool = first_read(played.template)
        played.meets(times=1, **{fault: 1.0})
        with pytest.raises(TrunklineError) as caught:
            await played.execute(tool)
        assert reason(caught) == "INTEGRATION_UNAVAILABLE"
        await played.execute(tool)


@every
async def test_timeout(name: str) -> None:
    async with scene(name) as played:
        tool = first_read(played.template)
        # With a token, where there are some, that is not waited for.
        await played.execute(tool)
        played.meets(hang=1.0)
        with pytest.raises(TrunklineError) as caught:
            await played.execute(tool, seconds=0.3)
        assert await until(lambda: played.sandbox.state.aborted == 1)
    assert reason(caught) == "UPSTREAM_TIMEOUT"


@every
@pytest.mark.parametrize("served", [False, True], ids=["engine", "service"])
async def test_cancel_reaches_the_api(name: str, served: bool) -> None:
    async with scene(name) as played:
        tool = first_read(played.template)
        played.meets(hang=1.0)
        work = played.served(played.service(), tool) if served else played.execute(tool)
        task = asyncio.ensure_future(work)
        assert await until(lambda: played.sandbox.state.calls[tool.name] == 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await until(lambda: played.sandbox.state.aborted == 1)
        assert played.sandbox.state.in_flight == 0


@every
async def test_breaker_opens_and_recovers(name: str) -> None:
    async with scene(name) as played:
        played.integration.configuration.circuit_breaker.open_duration.FromSeconds(1)
        service, tool = played.service(), first_read(played.template)
        played.meets(unavailable=1.0)
        for _ in range(5):
            with pytest.raises(TrunklineError):
                await played.served(service, tool)
        # It is open: the API is left alone.
        before = played.sandbox.state.refused["unavailable"]
        with pytest.raises(TrunklineError) as caught:
            await played.served(service, tool, seconds=0.2)
        assert reason(caught) == "INTEGRATION_UNAVAILABLE"
        assert played.sandbox.state.refused["unavailable"] == before < 10
        played.meets()
        assert await served_in_time(played, service, tool)


async def served_in_time(played: Scene, service: ToolService, tool: TemplateTool, seconds: float = 10.0) -> bool:
    """Whether a call is answered in time."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        try:
            await played.served(service, tool)
            return True
        except TrunklineError:
            await asyncio.sleep(0.1)
    return False


@every
async def test_an_idempotent_repetition_is_done_once(name: str) -> None:
    async with scene(name) as played:
        tool = next(one for one in played.template.tools if not one.reads)
        first, second = await played.execute(tool), await played.execute(tool)
        keyed = bool(played.template.idempotency_header)
        assert first == second
        assert played.sandbox.told()["duplicates"] == (0 if keyed else 1)
        assert played.sandbox.state.replayed == (1 if keyed else 0)


@every
async def test_what_changes_something_is_sent_once(name: str) -> None:
    """Whatever the method: nobody below the attempts sends it again when the connection breaks."""
    async with scene(name) as played:
        await played.execute(first_read(played.template))
        played.meets(disconnect_before=1.0)
        changing = [tool for tool in played.template.tools if not tool.reads]
        for tool in changing:
            with pytest.raises(TrunklineError) as caught:
                await played.execute(tool)
            assert reason(caught) == "INTEGRATION_UNAVAILABLE"
        assert played.sandbox.state.effects.total() == len(changing)
        assert played.sandbox.told()["duplicates"] == 0


@every
async def test_redaction(name: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    """An API that repeats in its errors what it was sent: nothing of that comes through."""
    async with scene(name) as played:
        fields = played.template.redaction.fields
        for tool in played.template.tools:
            texts = []
            for fault in ("authentication", "unavailable", "rejected"):
                played.meets(**{fault: 1.0})
                played.sandbox.faults = played.sandbox.faults.model_copy(update={"echo": True})
                with pytest.raises(TrunklineError) as caught:
                    await played.execute(tool)
                texts.append(f"{caught.value!r} {caught.value.message} {caught.value.status()}")
            preview = await played.rest.preview(played.call(tool))  # type: ignore[misc]
            texts.append(f"{preview} {preview.body.decode()} {preview.url}")
            hidden = [form for one in hidden_in(tool.example.parameters, fields) for form in (one, quote(one, safe=""))]
            secret = [*parts_of(played.secret), *played.sandbox.tokens.live()]
            out, err = capfd.readouterr()
            whole = "\n".join((*texts, caplog.text, out, err))
            assert not [one for one in (*hidden, *secret) if one in whole], tool.name


def test_the_table_is_current() -> None:
    assert DOCUMENT.read_text() == document(), "run: make templates-doc"


def test_examples_fit() -> None:
    """What the sandbox answers with is where the pagination says."""
    for _, tool in PAGED:
        assert tool.pagination is not None
        assert items_of(tool.example.result, tool.pagination.items)
        if tool.pagination.next:
            assert at(tool.example.result, tool.pagination.next)
