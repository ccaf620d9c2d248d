"""The life of an integration: versions, where its credential may go, checks, and what calls tell of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from trunkline.v1.analytics_pb2 import RecordedRequest
from trunkline.v1.api_pb2 import McpTool
from trunkline.v1.common_pb2 import Attempt, AttemptOutcome, CostDetails, Usage
from trunkline.v1.configuration_pb2 import Monitoring
from trunkline.v1.integration_health_pb2 import HealthCheck, IntegrationStatus
from trunkline.v1.integration_pb2 import Integration, UpdateIntegrationRequest
from trunkline.v1.model_pb2 import BreakerState
from trunkline_server.domain.breaker import BreakerRule
from trunkline_server.domain.breakers import Breakers
from trunkline_server.domain.errors import Reason, TrunklineError, not_found, store_unavailable
from trunkline_server.domain.events import health_changed
from trunkline_server.domain.integrations.checker import Checker
from trunkline_server.domain.integrations.credentials import Change, moved, rolled_back, rotated, updated
from trunkline_server.domain.integrations.health import faults_of
from trunkline_server.domain.integrations.monitoring import METRICS, measure, wanted
from trunkline_server.domain.integrations.versions import changed_paths
from trunkline_server.domain.opening import BreakerKey
from trunkline_server.domain.ports import Actor
from unit.breaker_parts import FakeClock, Heard, fail
from unit.service_parts import refused

DISABLED = IntegrationStatus.INTEGRATION_STATUS_DISABLED
DEGRADED = IntegrationStatus.INTEGRATION_STATUS_DEGRADED
FAILED, SUCCEEDED = AttemptOutcome.ATTEMPT_OUTCOME_FAILED, AttemptOutcome.ATTEMPT_OUTCOME_SUCCEEDED


def an_integration(reference: str = "", secret: bool = False, endpoint: str = "https://a.example") -> Integration:
    found = Integration(integration_id="one", display_name="One")
    found.configuration.endpoint = endpoint
    found.configuration.api.template = "hub"
    found.configuration.authentication.secret_reference = reference
    found.configuration.authentication.secret_set = secret
    return found


# ── Versions ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_differs_is_told_by_its_path() -> None:
    before, after = an_integration(), an_integration(endpoint="https://b.example")
    after.display_name, after.status, after.monitoring.metrics[:] = "Two", DISABLED, ["cost"]
    after.configuration.timeout.FromSeconds(3)
    after.configuration.mcp.headers["a"] = "b"
    assert changed_paths(before, after) == [
        *("display_name", "status", "monitoring"),
        *("configuration.endpoint", "configuration.timeout", "configuration.api", "configuration.mcp"),
    ]
    assert changed_paths(before, before) == []


def test_credentials_health_and_what_a_server_says_of_itself_are_no_change() -> None:
    before, after = an_integration(), an_integration("env:A", secret=True)
    after.configuration.authentication.secret_hint, after.status = "wxyz", DEGRADED
    assert changed_paths(before, after) == []
    for one, names in ((before, "ab"), (after, "ba")):
        one.configuration.mcp.tools.extend(McpTool(name=name) for name in names)
    after.configuration.mcp.server, after.configuration.mcp.protocol_version = "files 2", "2025-06-18"
    assert changed_paths(before, after) == []
    after.configuration.mcp.tools[0].description = "else"
    assert changed_paths(before, after) == ["configuration.mcp"]


# ── Credentials ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "edit",
    [
        lambda one: setattr(one.configuration, "endpoint", "https://b.example"),
        lambda one: setattr(one.configuration, "endpoint", "http://a.example"),
        lambda one: setattr(one.configuration.api, "template", "other"),
        lambda one: setattr(one.configuration.api, "settings_json", b'{"workspace":"theirs"}'),
        lambda one: setattr(one.configuration.authentication.oauth2, "token_url", "https://tokens.example/"),
        lambda one: setattr(one.configuration.llm_provider, "provider", "openai"),
    ],
)
def test_calls_go_elsewhere_with(edit: object) -> None:
    before, after = an_integration(), an_integration()
    assert not moved(before, after)
    assert callable(edit)
    edit(after)
    assert moved(before, after)


def test_calls_go_where_they_went_with_another_path_or_spelling() -> None:
    before, after = an_integration(), an_integration(endpoint="https://a.example/v2")
    before.configuration.api.settings_json = b'{"a": 1, "b": 2}'
    after.configuration.api.settings_json = b'{"b":2,"a":1}'
    assert not moved(before, after)
    before.configuration.api.settings_json = b"{"
    assert moved(before, after)


def _update(current: Integration, changed: Integration, *paths: str) -> Change:
    return updated(current, changed, UpdateIntegrationRequest(update_mask=FieldMask(paths=paths)))


def test_an_update_holds_one_credential() -> None:
    changed = an_integration("env:A")
    changed.configuration.authentication.secret = "new"
    assert _update(an_integration("env:A"), changed, "configuration") == Change("new")
    assert changed == an_integration()
    assert _update(an_integration(secret=True), an_integration("env:A"), "configuration") == Change("")
    kept = _update(an_integration(secret=True), an_integration(secret=True), "configuration.endpoint")
    assert kept == Change(None, inherited=True)
    refers = an_integration("env:A")
    assert _update(refers, an_integration("env:A"), "configuration.endpoint") == Change(None, inherited=True)
    for path in ("configuration", "configuration.authentication", "configuration.authentication.secret_reference"):
        assert _update(refers, an_integration("env:A"), path) == Change(None), "it was named anew"
    assert _update(refers, an_integration(), "configuration") == Change(None)
    assert "hush" not in repr(Change("hush"))


def test_a_rollback_keeps_the_credential_where_calls_go_where_they_went() -> None:
    wanted = an_integration("env:OLD")
    assert rolled_back(an_integration("env:NEW"), wanted, "") == Change(None, inherited=True)
    assert wanted == an_integration("env:NEW")
    wanted = an_integration("env:OLD")
    assert rolled_back(an_integration(secret=True), wanted, "given") == Change("given")
    assert wanted == an_integration()


def test_a_rollback_elsewhere_takes_its_own_reference_or_a_new_secret() -> None:
    current, elsewhere = an_integration(secret=True), "https://old.example"
    with refused("INVALID_CONFIGURATION", "secret"):
        rolled_back(current, an_integration(endpoint=elsewhere), "")
    wanted = an_integration("env:OLD", endpoint=elsewhere)
    assert rolled_back(current, wanted, "") == Change("")
    assert wanted.configuration.authentication.secret_reference == "env:OLD"
    assert rolled_back(an_integration(), an_integration(endpoint=elsewhere), "") == Change(None)


def test_a_rotation_replaces_one_by_the_other() -> None:
    one = an_integration("env:A")
    assert rotated(one, "new", "") == Change("new") and one == an_integration()
    assert rotated(one, "", "env:B") == Change("")
    assert one.configuration.authentication.secret_reference == "env:B"


# ── What calls tell ─────────────────────────────────────────────────────────────────────────────────────────────


def attempt(name: str, reason: str = "", milliseconds: int = 5) -> Attempt:
    made = Attempt(integration_id=name, outcome=FAILED if reason else SUCCEEDED)
    made.latency.FromMilliseconds(milliseconds)
    if reason:
        error = TrunklineError(Reason.Value(f"ERROR_REASON_{reason}"), "failed")
        made.error.CopyFrom(error.status())
    return made


def test_each_integration_that_failed_a_call_is_named() -> None:
    failed_over = RecordedRequest(
        integration_id="b", attempts=[attempt("a", "UPSTREAM_UNAVAILABLE"), attempt("b", milliseconds=9)]
    )
    assert faults_of(failed_over) == {"a": ("UPSTREAM_UNAVAILABLE", 5000)}
    again = RecordedRequest(integration_id="a", attempts=[attempt("a", "UPSTREAM_TIMEOUT"), attempt("a")])
    assert faults_of(again) == {}, "a second attempt made it good"
    for reason in ("UPSTREAM_REJECTED", "CALLER_CANCELLED"):
        ours = RecordedRequest(integration_id="a", error_reason=reason, attempts=[attempt("a", "UPSTREAM_REJECTED")])
        assert faults_of(ours) == {}
    untried = RecordedRequest(
        integration_id="a", error_reason="INTEGRATION_UNAVAILABLE", latency=Duration(nanos=2_000_000)
    )
    assert faults_of(untried) == {"a": ("INTEGRATION_UNAVAILABLE", 2000)}
    assert faults_of(RecordedRequest(error_reason="UPSTREAM_UNAVAILABLE")) == {}
    unnamed = RecordedRequest(integration_id="a", attempts=[attempt("", "UPSTREAM_MALFORMED")])
    assert faults_of(unnamed) == {"a": ("UPSTREAM_MALFORMED", 5000)}
    bare = RecordedRequest(integration_id="a", attempts=[Attempt(integration_id="a", outcome=FAILED)])
    assert faults_of(bare) == {}


class Meter:
    def __init__(self) -> None:
        self.calls: list[tuple[str, frozenset[str]]] = []
        self.failures: list[tuple[str, str]] = []

    def called(self, tenant_id: str, record: RecordedRequest, wanted: frozenset[str]) -> None:
        self.calls.append((record.integration_id, wanted))

    def failed(self, tenant_id: str, integration_id: str, reason: str) -> None:
        self.failures.append((integration_id, reason))


def test_what_is_measured_is_what_its_owner_wants() -> None:
    assert wanted(Monitoring()) == wanted(Monitoring(enabled=True)) == METRICS
    assert wanted(Monitoring(enabled=False, metrics=["cost"])) == frozenset()
    assert wanted(Monitoring(metrics=["cost", "errors"])) == {"cost", "errors"}
    monitored = {"a": METRICS, "b": frozenset({"cost"}), "c": frozenset[str]()}
    meter = Meter()
    usage, cost = Usage(input_tokens=1), CostDetails(nano_usd=1)
    for name in "abcd":
        record = RecordedRequest(integration_id=name, usage=usage, cost_details=cost)
        measure(meter, "acme", record, monitored)
    assert meter.calls == [("a", METRICS), ("b", {"cost"})]
    measure(meter, "acme", RecordedRequest(integration_id="a", cache_hit=True), monitored)
    rejected = RecordedRequest(integration_id="a", status_code=3, error_reason="UPSTREAM_REJECTED")
    measure(meter, "acme", rejected, monitored)
    failed_over = RecordedRequest(integration_id="b", attempts=[attempt("a", "UPSTREAM_TIMEOUT"), attempt("b")])
    measure(meter, "acme", failed_over, monitored)
    measure(meter, "acme", RecordedRequest(integration_id="b", status_code=14, error_reason="X"), monitored)
    assert meter.failures == [("a", "UPSTREAM_REJECTED"), ("a", "UPSTREAM_TIMEOUT")]


def test_breakers_that_hold_calls_back_are_told() -> None:
    clock = FakeClock()
    breakers = Breakers(clock=clock)
    for name, model in (("one", "m"), ("one", ""), ("two", "m")):
        fail(breakers.get(BreakerKey("acme", name, model), BreakerRule()), 5, answered=False)
    breakers.get(BreakerKey("acme", "one", "closed"), BreakerRule())
    found = breakers.held("acme", "one")
    assert [(one.model, one.state) for one in found] == [
        ("", BreakerState.BREAKER_STATE_OPEN),
        ("m", BreakerState.BREAKER_STATE_OPEN),
    ]
    assert found[0].retry_after.ToSeconds() == 30
    clock.now += 31
    half = breakers.held("acme", "one")
    assert [one.state for one in half] == [BreakerState.BREAKER_STATE_HALF_OPEN] * 2
    assert not half[0].HasField("retry_after") and breakers.held("other", "one") == []


def test_an_event_of_a_check_has_one_id() -> None:
    check = HealthCheck(healthy=False, detail="no answer")
    check.check_time.FromSeconds(7)
    event = health_changed("acme", "one", check, 3)
    assert event == health_changed("acme", "one", check, 3)
    assert event.event_id != health_changed("acme", "one", check, 4).event_id
    payload = event.integration_health_changed
    assert (event.type, payload.integration_id, payload.healthy) == ("integration.health_changed", "one", False)
    assert event.create_time.seconds == payload.timestamp.seconds == 7


# ── Checks by themselves ────────────────────────────────────────────────────────────────────────────────────────


class Due:
    """A schedule that tells `due` once, and is away as told."""

    def __init__(self, due: Sequence[str]) -> None:
        self.due = list(due)
        self.away = 0

    async def claim(self, most: int) -> Sequence[tuple[str, str]]:
        if self.away:
            self.away -= 1
            raise store_unavailable("postgres")
        taken, self.due = self.due[:most], self.due[most:]
        return [("acme", name) for name in taken]


class Made:
    """Checks that find what they are told to, by name."""

    def __init__(self) -> None:
        self.findings: dict[str, HealthCheck | Exception] = {}
        self.made: list[str] = []
        self.running = self.most = 0

    async def check(self, actor: Actor, integration_id: str, deadline: object) -> HealthCheck:
        assert actor == Actor("acme", "")
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(0)
        self.running -= 1
        self.made.append(integration_id)
        found = self.findings.get(integration_id, HealthCheck(healthy=True))
        if isinstance(found, Exception):
            raise found
        return found


async def test_whatever_one_check_meets_the_others_are_made() -> None:
    made, heard = Made(), Heard()
    made.findings = {
        "gone": not_found("integration", "gone"),
        "away": store_unavailable("postgres"),
        "broken": ValueError("a mistake"),
        "ill": HealthCheck(),
    }
    checker = Checker(Due([*made.findings, "well"]), made, 60.0, heard)  # type: ignore[arg-type]
    assert await checker.turn() == 5 and await checker.turn() == 0
    assert sorted(made.made) == sorted([*made.findings, "well"])
    assert sorted(heard.names()) == ["check_failed", "check_passed"]


async def test_the_job_goes_on_until_it_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trunkline_server.domain.integrations.checker._LOOK_SECONDS", 0.01)
    due, made = Due([str(number) for number in range(20)]), Made()
    due.away = 2
    await Checker(due, made, 0.0).run()  # type: ignore[arg-type]
    assert not made.made, "switched off"
    job = asyncio.create_task(Checker(due, made, 60.0).run())  # type: ignore[arg-type]
    async with asyncio.timeout(10):
        while len(made.made) < 20:
            await asyncio.sleep(0.01)
    job.cancel()
    await asyncio.gather(job, return_exceptions=True)
    assert job.cancelled() and 1 < made.most <= 8
