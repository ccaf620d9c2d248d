"""What becomes of a received webhook: found, read, filtered, stored; and the integration that receives it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from google.protobuf.duration_pb2 import Duration
from trunkline.v1.access_pb2 import Tenant, TenantStatus
from trunkline.v1.authentication_pb2 import Authentication, AuthenticationScheme
from trunkline.v1.configuration_pb2 import Configuration, IntegrationType
from trunkline.v1.event_pb2 import Event
from trunkline.v1.integration_health_pb2 import IntegrationStatus
from trunkline.v1.integration_pb2 import Integration
from trunkline.v1.receiver_pb2 import WebhookConfiguration, WebhookScheme
from trunkline_server.connectors.webhook import WebhookConnector
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.ports import TenantView
from trunkline_server.domain.receivers import Receipt, Receivers, receive_path, source_id_of
from unit.service_parts import TENANT, MemoryDirectory, refused
from unit.test_webhook_signatures import BODY, NOW, STANDARD, signed, stripe_header

SCHEME = {name.removeprefix("WEBHOOK_SCHEME_").lower(): value for name, value in WebhookScheme.items()}
STRIPE = "whsec_of_stripe"


def receiver(scheme: str = "standard", **fields: object) -> Integration:
    """An integration that receives."""
    return Integration(
        integration_id="in",
        type=IntegrationType.INTEGRATION_TYPE_WEBHOOK,
        configuration=Configuration(webhook=WebhookConfiguration(scheme=SCHEME[scheme], **fields)),  # type: ignore[arg-type]
        status=IntegrationStatus.INTEGRATION_STATUS_ACTIVE,
    )


class Kept:
    """Receipts in memory."""

    def __init__(self) -> None:
        self.events: dict[str, Event] = {}
        self.asked: list[tuple[str, str]] = []
        self.away = False

    async def known(self, tenant_id: str, integration_id: str) -> bool:
        self.asked.append((tenant_id, integration_id))
        return (tenant_id, integration_id) == (TENANT, "in")

    async def write(self, event: Event) -> None:
        if self.away:
            raise TrunklineError(Reason.ERROR_REASON_STORE_UNAVAILABLE, "away")
        self.events.setdefault(event.event_id, event)


class Scene:
    """A tenant with one receiver."""

    def __init__(self, integration: Integration, secret: str = STANDARD) -> None:
        self.kept, self.directory = Kept(), MemoryDirectory()
        self.directory.view = TenantView(Tenant(tenant_id=TENANT), {"in": integration}, {"in": secret}, ())
        self.receivers = Receivers(self.directory, self.kept, WebhookConnector(), lambda: NOW)

    async def receive(self, headers: dict[str, str], body: bytes = BODY) -> Receipt:
        found = await self.receivers.find(TENANT, "in")
        return await self.receivers.receive(found, headers, body, "0af7651916cd43dd8448eb211c80319c")

    @property
    def event(self) -> Event:
        (event,) = self.kept.events.values()
        return event


async def test_a_webhook_is_an_event_once() -> None:
    scene = Scene(receiver())
    headers = signed() | {"content-type": "application/json"}
    first = await scene.receive(headers)
    assert first.outcome == "recorded" and first.source_type == "user.created"
    assert (await scene.receive(signed(at=NOW - 60))).event_id == first.event_id, "the sender's repetition"
    event, told = scene.event, scene.event.webhook_received
    assert (event.event_id, event.type, event.tenant_id) == (first.event_id, "webhook.received", TENANT)
    assert (event.schema_version, event.trace_id) == (1, "0af7651916cd43dd8448eb211c80319c")
    assert (told.integration_id, told.source_event_id, told.source_type) == ("in", "msg_1", "user.created")
    assert (told.body, told.content_type, told.timestamp.seconds) == (BODY, "application/json", NOW)
    assert (await scene.receive(signed(name="msg_2"))).event_id != first.event_id


async def test_what_is_not_signed_right_is_refused() -> None:
    scene = Scene(receiver())
    with refused("CREDENTIAL_INVALID"):
        await scene.receive(signed(), b"{}")
    with refused("CREDENTIAL_INVALID"):
        await scene.receive({})
    for secret in ("", "no secret of this scheme", STRIPE):
        with refused("CREDENTIAL_INVALID"):
            await Scene(receiver(), secret).receive(signed())
    with refused("CREDENTIAL_INVALID"):
        await Scene(receiver("unspecified")).receive(signed())
    strict = Scene(receiver(tolerance=Duration(seconds=10)))
    with refused("CREDENTIAL_INVALID"):
        await strict.receive(signed(at=NOW - 11))
    assert (await strict.receive(signed(at=NOW - 10))).outcome == "recorded"
    assert not scene.kept.events


async def test_two_secrets_serve_while_one_is_replaced() -> None:
    new = "whsec_" + "YWJj" * 8
    scene = Scene(receiver(), f"{new}\n{STANDARD}")
    await scene.receive(signed(name="old"))
    await scene.receive(signed(name="new", secret=new))
    assert len(scene.kept.events) == 2


async def test_only_wanted_types_are_kept() -> None:
    scene = Scene(receiver(types=["invoice.*", "user.deleted"]))
    left = await scene.receive(signed())
    assert left == Receipt("left", source_type="user.created") and not scene.kept.events
    body = b'{"type": "invoice.paid"}'
    assert (await scene.receive(signed(body), body)).outcome == "recorded"


async def test_the_ids_and_types_of_each_sender() -> None:
    body = b'{"id": "evt_1", "type": "invoice.paid"}'
    stripe = Scene(receiver("stripe"), STRIPE)
    await stripe.receive({"stripe-signature": stripe_header(body, STRIPE)}, body)
    told = stripe.event.webhook_received
    assert (told.source_event_id, told.source_type) == ("evt_1", "invoice.paid")
    odd = Scene(receiver("stripe"), STRIPE)
    await odd.receive({"stripe-signature": stripe_header(b"[1]", STRIPE)}, b"[1]")
    assert odd.event.webhook_received.source_event_id == source_id_of("", b"[1]") and odd.event.webhook_received.body
    read = WebhookConnector().read
    github = {"x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}
    github |= {"x-github-delivery": "72d3162e", "x-github-event": "push\udcff"}
    said = read(receiver("github"), "It's a Secret to Everybody", github, b"Hello, World!", NOW)
    assert said is not None and (said.source_id, said.source_type) == ("72d3162e", "push?")


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ({"type": "event_callback", "event_id": "Ev1", "event": {"type": "app_mention"}}, ("Ev1", "app_mention", "")),
        ({"type": "app_rate_limited"}, ("", "app_rate_limited", "")),
        ({"type": "url_verification", "challenge": "3eZb"}, ("", "", "3eZb")),
        ({"type": 7, "event": "odd", "event_id": None}, ("", "", "")),
    ],
)
def test_slack(told: dict[str, object], found: tuple[str, str, str]) -> None:
    import hashlib  # noqa: PLC0415
    import hmac  # noqa: PLC0415

    body, secret = json.dumps(told).encode(), "a-secret-of-slack"
    made = hmac.new(secret.encode(), b"v0:%d:" % NOW + body, hashlib.sha256).hexdigest()
    headers = {"x-slack-request-timestamp": str(NOW), "x-slack-signature": f"v0={made}"}
    said = WebhookConnector().read(receiver("slack"), secret, headers, body, NOW)
    assert said is not None and (said.source_id, said.source_type, said.challenge) == found
    assert WebhookConnector().read(receiver("slack"), "another-secret", headers, body, NOW) is None


def test_ids_that_cannot_be_kept_are_told_by_a_digest() -> None:
    assert source_id_of("evt", b"") == "evt" and source_id_of("x" * 256, b"") == "x" * 256
    assert source_id_of("x" * 257, b"").startswith("sha256:") and source_id_of("x" * 257, b"a") == source_id_of(
        "x" * 257, b""
    )
    assert source_id_of("", b"a") != source_id_of("", b"b")


async def test_whatever_does_not_receive_is_missing_alike() -> None:
    off = receiver()
    off.status = IntegrationStatus.INTEGRATION_STATUS_DISABLED
    api = Integration(integration_id="in", configuration=Configuration(endpoint="https://a.example"))
    suspended = Scene(receiver())
    suspended.directory.view.tenant.status = TenantStatus.TENANT_STATUS_SUSPENDED
    gone = Scene(receiver())
    gone.directory.view = replace(gone.directory.view, integrations={})
    texts = set()
    for scene in (Scene(off), Scene(api), suspended, gone):
        with refused("NOT_FOUND") as told:
            await scene.receivers.find(TENANT, "in")
        texts.add(told.text)
    scene = Scene(receiver())
    for tenant, name in ((TENANT, "out"), ("other", "in"), ("Acme", "in"), ("a" * 65, "in"), ("", "in"), (TENANT, "é")):
        with refused("NOT_FOUND") as told:
            await scene.receivers.find(tenant, name)
        texts.add(told.text)
    assert len(texts) == 1
    assert scene.kept.asked == [(TENANT, "out"), ("other", "in")], "what can be no id is looked for nowhere"


async def test_a_tenant_that_is_gone_is_missing_and_one_that_cannot_be_read_is_not() -> None:
    scene = Scene(receiver())

    async def fails(tenant_id: str) -> TenantView:
        raise TrunklineError(reason, "no view")

    scene.directory.tenant = fails  # type: ignore[method-assign]
    for name in ("NOT_FOUND", "STORE_UNAVAILABLE"):
        reason = Reason.Value(f"ERROR_REASON_{name}")
        with refused(name):
            await scene.receivers.find(TENANT, "in")


async def test_nothing_is_received_that_is_not_stored() -> None:
    scene = Scene(receiver())
    scene.kept.away = True
    with refused("STORE_UNAVAILABLE"):
        await scene.receive(signed())
    unresolved = Scene(receiver())
    unresolved.directory.view = replace(unresolved.directory.view, unresolved={"in": "vault is away"})
    with refused("SECRET_UNAVAILABLE"):
        await unresolved.receive(signed())


async def test_the_largest_body() -> None:
    assert (await Scene(receiver()).receivers.find(TENANT, "in")).max_bytes == 1 << 20
    assert (await Scene(receiver(max_bytes=7)).receivers.find(TENANT, "in")).max_bytes == 7


# ── The integration ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_configurations() -> None:
    connector = WebhookConnector()
    assert connector.validate(receiver()) == []
    wrong = receiver("unspecified")
    wrong.configuration.endpoint = "https://a.example"
    wrong.configuration.authentication.CopyFrom(
        Authentication(scheme=AuthenticationScheme.AUTHENTICATION_SCHEME_BEARER)
    )
    fields = [field for field, _ in connector.validate(wrong)]
    assert fields == [f"configuration.{name}" for name in ("webhook.scheme", "endpoint", "authentication.scheme")]
    assert connector.validate_secret(wrong, "whatever") == []


def test_secrets_are_checked_and_never_told() -> None:
    connector = WebhookConnector()
    assert connector.validate_secret(receiver(), f"{STANDARD}\n{STANDARD}") == []
    ((field, why),) = connector.validate_secret(receiver(), "hunter2-hunter2")
    assert field == "configuration.authentication.secret" and "hunter2" not in why
    assert connector.validate_secret(receiver("github"), "\n".join(["a-secret"] * 16)) == []
    assert "16" in connector.validate_secret(receiver("github"), "\n".join(["a-secret"] * 17))[0][1]


async def test_checks_and_what_is_listed() -> None:
    connector, deadline = WebhookConnector(), Deadline.after(1)
    one = await connector.check(receiver("stripe"), STRIPE, deadline)
    two = await connector.check(receiver(), f"{STANDARD}\n{STANDARD}", deadline)
    assert one.healthy and "Stripe" in one.detail and two.healthy and "2 secrets" in two.detail
    for integration, secret in ((receiver(), ""), (receiver(), "wrong"), (receiver("unspecified"), STANDARD)):
        found = await connector.check(integration, secret, deadline)
        assert not found.healthy and "secret is required" in found.detail and found.HasField("check_time")
    names = [one.name for one in connector.connectors()]
    assert names == [f"webhook_{scheme}" for scheme in ("standard", "stripe", "github", "slack")]
    assert connector.tools(receiver()) == {}
    given = receiver(receive_path="/elsewhere")
    await connector.discover(given, STANDARD, deadline)
    assert given.configuration.webhook.receive_path == ""
    assert receive_path("acme", "in") == "/webhooks/acme/in"
