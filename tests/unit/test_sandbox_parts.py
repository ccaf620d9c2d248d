"""The pure parts of the sandbox: faults, windows of calls, pages, parameters read back, credentials."""

from __future__ import annotations

import base64
import hashlib
import hmac
import random
import time
from collections import Counter
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from pydantic import ValidationError
from trunkline_server.connectors.rest.template_models import Rate, Template, TemplateTool
from trunkline_server.connectors.rest.templates import load_templates, parse_template
from trunkline_server.sandbox.answers import refusal
from trunkline_server.sandbox.asked import Asked
from trunkline_server.sandbox.credentials import SandboxError, gate_of, with_scheme
from trunkline_server.sandbox.faults import Die, Faults
from trunkline_server.sandbox.matching import Routes
from trunkline_server.sandbox.paging import NoSuchPage, drifted, items_of, page_of
from trunkline_server.sandbox.settings import samples
from trunkline_server.sandbox.state import Answer, Misused, State
from trunkline_server.sandbox.tokens import CLIENT_ID, TOKEN_PATH, Tokens
from trunkline_server.sandbox.windows import Windows

TEMPLATES = load_templates()


def asked(method: str = "GET", target: str = "/", body: bytes = b"", **headers: str) -> Asked:
    path, _, query = target.partition("?")
    return Asked(method, path, query, {k.replace("_", "-"): v for k, v in headers.items()}, body, "http://sandbox")


def own(scheme: str, more: str = "", tools: str = "") -> Template:
    text = f"""
display_name = "Own"
endpoint = "https://api.example.com/{{secret}}"
timeout_seconds = 5
check_path = "/ping"
tools = []
[authentication]
scheme = "{scheme}"
{more}
"""
    return parse_template("own", text.replace("tools = []\n", "") + tools if tools else text)


def paged(style: str, result: Any, **pagination: Any) -> TemplateTool:
    return TemplateTool.model_validate(
        {
            "name": "list",
            "description": "",
            "method": "GET",
            "path": "/things",
            "pagination": {"style": style, "parameter": "at", **pagination},
            "parameters": {},
            "example": {"result": result, "pages": 3},
        }
    )


# ── Faults ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_seed_decides_what_calls_meet() -> None:
    def thrown(seed: int) -> list[str | None]:
        die = Die(seed)
        die.faults = Faults(shares={"unavailable": 0.1, "hang": 0.05})
        return [die.throw() for _ in range(4000)]

    assert thrown(7) == thrown(7) != thrown(8)
    met = Counter(thrown(7))
    assert 300 < met["unavailable"] < 500
    assert 130 < met["hang"] < 270


def test_faults_end_after_so_many() -> None:
    die = Die(0)
    die.faults = Faults(shares={"hang": 1.0}, times=2)
    assert [die.throw() for _ in range(4)] == ["hang", "hang", None, None]
    die.faults = Faults(latency_seconds=0.1, jitter_seconds=0.2)
    assert all(0.1 <= die.latency() <= 0.3 for _ in range(100))


@pytest.mark.parametrize("told", [{"shares": {"hang": 0.6, "drip": 0.6}}, {"shares": {"other": 1}}, {"wait": 1}])
def test_faults_that_are_none(told: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Faults.model_validate(told)


# ── Windows of calls ────────────────────────────────────────────────────────────────────────────────────────────────


def test_never_more_than_the_rate_in_any_window() -> None:
    windows, now, let_in = Windows([Rate(calls=3, per_seconds=1)]), 0.0, []
    rng = random.Random(5)
    for _ in range(2000):
        now += rng.expovariate(10)
        wait = windows.wait("call", {}, now)
        if wait == 0:
            let_in.append(now)
        else:
            # The wait is exact: a moment before it is too early, then it is not.
            assert windows.wait("call", {}, now + wait - 0.06) > 0
    assert all(later - first > 0.94 for first, later in zip(let_in, let_in[3:], strict=False))


def test_what_a_rate_counts() -> None:
    rates = [Rate(calls=1, per_seconds=1, subject="{chat}"), Rate(calls=2, per_seconds=1, subject="send")]
    windows = Windows(rates)
    assert windows.wait("send", {"chat": 1}, 0.0) == 0
    assert windows.wait("send", {"chat": 1}, 0.2) == pytest.approx(0.8)
    assert windows.wait("read", {"chat": 1}, 0.2) == pytest.approx(0.8)
    assert windows.wait("send", {"chat": 2}, 0.2) == 0
    # All or nothing: what one rate refuses, no other counts.
    assert windows.wait("send", {"chat": 3}, 0.3) == pytest.approx(0.7)
    assert windows.wait("read", {"chat": 3}, 0.3) == 0
    assert windows.wait("read", {}, 0.3) == 0


# ── Pages ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("tool", "sizes"),
    [
        (paged("page", [{"id": 1}, {"id": 2}], size_parameter="size"), [2, 2, 1]),
        (paged("page", [{"id": 1}], first=0, page_size=4), [4, 4, 1]),
        (paged("offset", {"data": ["a", "b"]}, items="data"), [2, 2, 1]),
    ],
)
def test_numbered_pages(tool: TemplateTool, sizes: list[int]) -> None:
    pages = tool.pagination
    assert pages is not None
    start = 0 if pages.style == "offset" or pages.first == 0 else 1
    found, at = [], start
    for size in sizes:
        items = items_of(page_of(tool, {"at": at}, asked()).result, pages.items)
        assert len(items) == size
        found += [orjson.dumps(item) for item in items]
        at += len(items) if pages.style == "offset" else 1
    assert len(set(found)) == len(found) == sum(sizes)
    assert not items_of(page_of(tool, {"at": at + 9}, asked()).result, pages.items)


def test_pages_by_links() -> None:
    tool = paged("link", [{"id": 1}], parameter="page")
    first = page_of(tool, {}, asked(target="/things?q=1"))
    assert first.headers == {"Link": '<http://sandbox/things?q=1&page=2>; rel="next"'}
    last = page_of(tool, {}, asked(target="/things?q=1&page=3"))
    assert not last.headers and last.result != first.result
    inside = paged("link", {"data": [{"id": 1}], "next": "x"}, items="data", next="next")
    assert page_of(inside, {}, asked(target="/things")).result["next"] == "http://sandbox/things?at=2"
    assert "next" not in page_of(inside, {}, asked(target="/things?at=3")).result


def test_a_cursor_of_nobody() -> None:
    tool = next(tool for tool in TEMPLATES["notion"].tools if tool.name == "search")
    with pytest.raises(NoSuchPage):
        page_of(tool, {"start_cursor": "mine"}, asked())


@pytest.mark.parametrize("name", ["openai", "stripe"])
def test_cursors_that_are_ids(name: str) -> None:
    tool = next(tool for tool in TEMPLATES[name].tools if tool.pagination and tool.name.startswith("list_"))
    assert tool.pagination is not None
    cursor, seen = None, []
    for number in range(tool.example.pages):
        page = page_of(tool, {tool.pagination.parameter: cursor} if cursor else {}, asked()).result
        assert page["has_more"] == (number < tool.example.pages - 1)
        cursor = page["data"][-1]["id"]
        assert page.get("last_id", cursor) == cursor
        seen += [item["id"] for item in page["data"]]
    assert len(set(seen)) == len(seen)


def test_drift_breaks_every_schema() -> None:
    import jsonschema_rs  # noqa: PLC0415 — only here.

    for template in TEMPLATES.values():
        for tool in template.tools:
            if tool.result is not None and (tool.result.get("required") or tool.result.get("type") == "array"):
                schema = jsonschema_rs.validator_for(orjson.loads(orjson.dumps(tool.result)))
                assert not schema.is_valid(drifted(tool, orjson.loads(orjson.dumps(tool.example.result))))


# ── Parameters, read back ───────────────────────────────────────────────────────────────────────────────────────────

FORM = {"content_type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("name", "request_", "tool", "parameters"),
    [
        (
            "stripe",
            asked("GET", "/v1/customers/search?query=a&limit=2"),
            "search_customers",
            {"query": "a", "limit": 2},
        ),
        ("stripe", asked("GET", "/v1/customers/cus_1"), "get_customer", {"customer": "cus_1"}),
        (
            "stripe",
            asked("POST", "/v1/payment_intents", b"amount=5&currency=usd&metadata[a]=1", **FORM),
            "create_payment_intent",
            {"amount": 5, "currency": "usd", "metadata": {"a": "1"}},
        ),
        (
            "stripe",
            asked("POST", "/v1/payment_intents", b"amount=5&currency=usd&payment_method_types[]=card", **FORM),
            "create_payment_intent",
            {"amount": 5, "currency": "usd", "payment_method_types": ["card"]},
        ),
        ("telegram", asked("GET", "/bot1:A/getChat?chat_id=7"), "get_chat", {"chat_id": 7}),
        ("telegram", asked("GET", "/bot1:A/getChat?chat_id=%40me"), "get_chat", {"chat_id": "@me"}),
        (
            "firestore",
            asked("GET", f"/v1/projects/p/databases/{quote('(default)', safe='')}/documents/a/b?mask.fieldPaths=x"),
            "get_document",
            {"collection": "a", "document_id": "b", "mask.fieldPaths": ["x"]},
        ),
        (
            "fcm",
            asked("POST", "/v1/projects/p/messages:send", b'{"message":{"topic":"t"},"validate_only":true}'),
            "validate_message",
            {"message": {"topic": "t"}},
        ),
        ("fcm", asked("POST", "/v1/projects/p/messages:send", b'{"message":{"topic":"t"}}'), "send_to_topic", None),
    ],
)
def test_calls_are_matched(name: str, request_: Asked, tool: str, parameters: dict[str, Any] | None) -> None:
    matched = Routes(TEMPLATES[name]).match(request_)
    assert matched is not None and not matched.wrong
    assert matched.tool.name == tool
    assert parameters is None or matched.parameters == parameters


@pytest.mark.parametrize(
    "request_",
    [
        asked("POST", "/v1/payment_intents", b'{"amount":5,"currency":"usd"}', content_type="application/json"),
        asked("POST", "/v1/payment_intents", b"amount=5", **FORM),
        asked("POST", "/v1/payment_intents", b"amount=5&amount[a]=1", **FORM),
        asked("GET", "/v1/customers?limit=1000"),
        asked("POST", "/v1/payment_intents", b"a", **FORM),
    ],
)
def test_calls_that_are_wrong(request_: Asked) -> None:
    matched = Routes(TEMPLATES["stripe"]).match(request_)
    assert matched is not None and matched.wrong


def test_what_is_no_tool() -> None:
    routes = Routes(TEMPLATES["github"])
    assert routes.match(asked("PUT", "/repos/a/b")) is None
    assert routes.is_check(asked("GET", "/rate_limit"))
    assert not routes.is_check(asked("GET", "/rate_limits"))
    assert Routes(TEMPLATES["telegram"]).key(asked("GET", "/bot1%3AA/getMe")) == "1:A"


# ── Credentials ─────────────────────────────────────────────────────────────────────────────────────────────────────


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("scheme", "more", "shown"),
    [
        ("bearer", "", lambda secret: asked(authorization=f"Bearer {secret}")),
        ("api_key_header", "", lambda secret: asked(x_api_key=secret)),
        ("api_key_header", 'parameter_name = "X-Own"', lambda secret: asked(x_own=secret)),
        ("api_key_query", 'parameter_name = "key"', lambda secret: asked(target=f"/?key={quote(secret)}")),
        ("basic", "", lambda secret: asked(authorization=basic(secret))),
    ],
)
def test_secrets_that_are_sent(scheme: str, more: str, shown: Any) -> None:
    gate = gate_of(own(scheme, more), random.Random(1), Tokens(random.Random(2)))
    assert gate.admits(shown(gate.secret("")), "")
    assert not gate.admits(shown(gate.secret("") + "x"), "")
    assert not gate.admits(asked(), "")


def test_a_key_in_the_path_and_none() -> None:
    gate = gate_of(own("api_key_path"), random.Random(1), Tokens(random.Random(2)))
    assert gate.admits(asked(), gate.secret("")) and not gate.admits(asked(), "other")
    assert gate_of(own("none"), random.Random(1), Tokens(random.Random(2))).admits(asked(), "")


def test_signatures() -> None:
    more = '[authentication.signature]\nheader = "X-Sign"\nformat = "v1={signature}"\ntimestamp_header = "X-Time"'
    gate = gate_of(own("hmac", more), random.Random(1), Tokens(random.Random(2)))

    def signed(at: float, body: bytes = b"{}") -> Asked:
        stamp = str(int(at))
        text = f"{stamp}.POST./a?b=1.".encode() + b"{}"
        digest = hmac.new(gate.secret("").encode(), text, hashlib.sha256).hexdigest()
        return asked("POST", "/a?b=1", body, x_sign=f"v1={digest}", x_time=stamp)

    assert gate.admits(signed(time.time()), "")
    assert not gate.admits(signed(time.time(), b"{} "), "")
    assert not gate.admits(signed(time.time() - 400), "")


def test_tokens_of_clients() -> None:
    tokens = Tokens(random.Random(2))
    gate = gate_of(own("oauth2_client_credentials"), random.Random(1), tokens)

    def told(form: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
        return tokens.answer(asked("POST", TOKEN_PATH, form, **headers))

    grant = b"grant_type=client_credentials"
    status, body = told(grant, authorization=basic(f"{CLIENT_ID}:{gate.secret('')}"))
    assert (status, body["token_type"]) == (200, "Bearer")
    shown = asked(authorization=f"Bearer {body['access_token']}")
    assert gate.admits(shown, "")
    gate.expire(shown)
    assert not gate.admits(shown, "")
    inside = grant + f"&client_id={CLIENT_ID}&client_secret={gate.secret('')}".encode()
    assert told(inside)[0] == 200
    assert told(inside + b"x") == (401, {"error": "invalid_client"})
    assert told(grant, authorization="Basic !") == (401, {"error": "invalid_client"})
    assert told(b"grant_type=password")[1] == {"error": "unsupported_grant_type"}


def test_refresh_tokens_are_replaced() -> None:
    tokens = Tokens(random.Random(2))
    gate = gate_of(own("oauth2_refresh_token"), random.Random(1), tokens)
    held = orjson.loads(gate.secret(""))
    form = f"grant_type=refresh_token&refresh_token={held['refresh_token']}&client_id={CLIENT_ID}"
    form += f"&client_secret={held['client_secret']}"
    status, body = tokens.answer(asked("POST", TOKEN_PATH, form.encode()))
    assert status == 200 and body["refresh_token"] != held["refresh_token"]
    assert tokens.answer(asked("POST", TOKEN_PATH, form.encode())) == (400, {"error": "invalid_grant"})


def test_statements_that_nobody_signed() -> None:
    tokens = Tokens(random.Random(2))
    form = b"grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion="
    assert tokens.answer(asked("POST", TOKEN_PATH, form + b"a.b.c"))[0] == 400
    gate_of(TEMPLATES["firestore"], random.Random(1), tokens)
    assert tokens.answer(asked("POST", TOKEN_PATH, form + b"a.b.c"))[0] == 400


def test_schemes_that_cannot_be_played() -> None:
    with pytest.raises(SandboxError, match="mtls"):
        gate_of(own("mtls"), random.Random(1), Tokens(random.Random(2)))
    assert with_scheme(TEMPLATES["stripe"], "basic").authentication.scheme == "basic"
    with pytest.raises(SandboxError, match="bearer"):
        with_scheme(TEMPLATES["notion"], "basic")


# ── The rest ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_refusals_tell_their_wait() -> None:
    telegram = orjson.loads(refusal(TEMPLATES["telegram"], "rate_limited", 2.1).body)
    assert telegram["parameters"] == {"retry_after": 3}
    assert telegram["description"].endswith("retry after 3")
    github = refusal(TEMPLATES["github"], "rate_limited", 2.1)
    assert int(github.headers["X-RateLimit-Reset"]) - time.time() == pytest.approx(3, abs=1)
    assert refusal(TEMPLATES["notion"], "rate_limited", 0.2).headers["Retry-After"] == "1"
    echoed = orjson.loads(refusal(TEMPLATES["notion"], "rejected", echo="said").body)
    assert echoed["message"].endswith("said") and echoed["code"] == "validation_error"


def test_side_effects_are_counted_by_key() -> None:
    state, answer = State(), Answer(200, b"{}")
    state.did("k1", "pay", {"amount": 1}, answer)
    assert state.known("k1", "pay", {"amount": 1}) is answer
    assert state.known("k2", "pay", {"amount": 1}) is None
    with pytest.raises(Misused):
        state.known("k1", "pay", {"amount": 2})
    state.did("k2", "pay", {"amount": 1}, answer)
    told = state.told()
    assert (told["side_effects"], told["duplicates"], told["replayed"]) == (2, 1, 1)


def test_settings_have_values() -> None:
    schema = {"properties": {"a": {"default": 1}, "b": {"enum": ["x"]}, "c": {}, "d": {"examples": ["e"]}}}
    assert samples(schema) == {"a": "1", "b": "x", "c": "sandbox-c", "d": "e"}
    assert samples({}) == {}
