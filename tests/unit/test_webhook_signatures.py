"""Signatures of received webhooks: the vectors that senders document, the reference library, and forgeries."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook
from trunkline.v1.receiver_pb2 import WebhookScheme
from trunkline_server.connectors.webhook import signatures
from trunkline_server.connectors.webhook.schemes import SCHEMES

NOW = 1_795_000_000
STANDARD = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
KEYS = SCHEMES[WebhookScheme.WEBHOOK_SCHEME_STANDARD].keys(STANDARD) or ()
BODY = '{"type": "user.created", "näme": "Zoë"}'.encode()

# https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries, "Testing the … validation"
GITHUB_SECRET, GITHUB_BODY = b"It's a Secret to Everybody", b"Hello, World!"
GITHUB = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
# https://api.slack.com/authentication/verifying-requests-from-slack, "Validating a request"
SLACK_SECRET, SLACK_TIME = b"8f742231b10e8888abcd99yyyzzz85a5", 1531420618
SLACK_BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&"
    b"channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url="
    b"https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&"
    b"trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
SLACK = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"


def signed(body: bytes = BODY, at: int = NOW, secret: str = STANDARD, name: str = "msg_1") -> dict[str, str]:
    """What a sender by the reference library sends."""
    made = Webhook(secret).sign(name, datetime.fromtimestamp(at, UTC), body.decode())
    return {"webhook-id": name, "webhook-timestamp": str(at), "webhook-signature": made}


def standard(headers: dict[str, str], body: bytes = BODY, tolerance: float = 300) -> bool:
    return signatures.standard(headers, body, KEYS, NOW, tolerance)


def stripe_header(body: bytes, secret: str, at: int = NOW) -> str:
    """As Stripe documents it: `t=…,v1=…` of `t.body`, and a `v0` of no meaning."""
    made = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={made},v0={'6' * 64}"


def test_standard_webhooks_as_the_reference_library_signs() -> None:
    assert standard(signed())
    assert standard(signed(b"{}"), b"{}") and not standard(signed(b"{}"))
    several = signed()
    several["webhook-signature"] = f"v1,{'A' * 43}= v1a,whatever {several['webhook-signature']}"
    assert standard(several)


def test_the_vector_of_the_specification() -> None:
    # https://github.com/standard-webhooks/standard-webhooks, the test vector of its libraries.
    keys = SCHEMES[WebhookScheme.WEBHOOK_SCHEME_STANDARD].keys("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw") or ()
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    assert signatures.standard(headers, b'{"test": 2432232314}', keys, 1614265330, 300)


@pytest.mark.parametrize("header", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_every_part_of_a_standard_signature_counts(header: str) -> None:
    headers = signed()
    assert not standard({**headers, header: ""})
    assert not standard({name: value for name, value in headers.items() if name != header})
    assert not standard({**headers, header: signed(at=NOW - 1, name="msg_2")[header]})


@pytest.mark.parametrize(("late", "right"), [(0, True), (300, True), (301, False), (-300, True), (-301, False)])
def test_the_clock_may_be_wrong_to_either_side(late: int, right: bool) -> None:
    assert standard(signed(at=NOW - late)) is right
    body, secret = b"{}", "whsec_stripe_secret"
    headers = {"stripe-signature": stripe_header(body, secret, NOW - late)}
    assert signatures.stripe(headers, body, [secret.encode()], NOW, 300) is right
    made = hmac.new(b"s", b"v0:%d:{}" % (NOW - late), hashlib.sha256).hexdigest()
    slack = {"x-slack-request-timestamp": str(NOW - late), "x-slack-signature": f"v0={made}"}
    assert signatures.slack(slack, body, [b"s"], NOW, 300) is right


@pytest.mark.parametrize("time", ["", "-1", "1e9", "NaN", "٣", " 1", f"{NOW}.0", "9" * 13])
def test_a_time_that_is_none_is_refused(time: str) -> None:
    body, key = b"{}", b"whsec_stripe_secret"
    made = hmac.new(key, time.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert not signatures.stripe({"stripe-signature": f"t={time},v1={made}"}, body, [key], NOW, 1e18)


def test_stripe() -> None:
    body, key = b'{"id": "evt_1"}', b"whsec_stripe_secret"
    header = stripe_header(body, key.decode())
    assert signatures.stripe({"stripe-signature": header}, body, [b"another", key], NOW, 300)
    assert not signatures.stripe({"stripe-signature": header}, body + b" ", [key], NOW, 300)
    assert not signatures.stripe({"stripe-signature": header}, body, [b"another"], NOW, 300)
    assert not signatures.stripe({"stripe-signature": header.replace("v1=", "v0=")}, body, [key], NOW, 300)
    assert not signatures.stripe({"stripe-signature": f"{header},t={NOW}"}, body, [key], NOW, 300)
    assert not signatures.stripe({"stripe-signature": f"t={NOW},v1=\udcff"}, body, [key], NOW, 300)
    assert not signatures.stripe({}, body, [key], NOW, 300)
    # While a secret is rolled Stripe signs by both.
    both = f"t={NOW},v1={'0' * 64},{header.split(',')[1]}"
    assert signatures.stripe({"stripe-signature": both}, body, [key], NOW, 300)


def test_the_vector_of_github() -> None:
    headers = {"x-hub-signature-256": GITHUB}
    assert signatures.github(headers, GITHUB_BODY, [GITHUB_SECRET], NOW, 300)
    assert not signatures.github(headers, b"Hello, World?", [GITHUB_SECRET], NOW, 300)
    assert not signatures.github(headers, GITHUB_BODY, [b"another"], NOW, 300)
    assert not signatures.github({"x-hub-signature-256": GITHUB[7:]}, GITHUB_BODY, [GITHUB_SECRET], NOW, 300)
    assert not signatures.github({"x-hub-signature-256": f"sha1={GITHUB[7:]}"}, GITHUB_BODY, [GITHUB_SECRET], NOW, 300)
    assert not signatures.github({}, GITHUB_BODY, [GITHUB_SECRET], NOW, 300)


def test_the_vector_of_slack() -> None:
    headers = {"x-slack-request-timestamp": str(SLACK_TIME), "x-slack-signature": SLACK}
    assert signatures.slack(headers, SLACK_BODY, [SLACK_SECRET], SLACK_TIME + 5, 300)
    assert not signatures.slack(headers, SLACK_BODY, [SLACK_SECRET], NOW, 300)
    moved = headers | {"x-slack-request-timestamp": str(SLACK_TIME + 1)}
    assert not signatures.slack(moved, SLACK_BODY, [SLACK_SECRET], SLACK_TIME, 300)
    assert not signatures.slack(headers, SLACK_BODY[1:], [SLACK_SECRET], SLACK_TIME, 300)
    assert not signatures.slack({}, SLACK_BODY, [SLACK_SECRET], SLACK_TIME, 300)


@pytest.mark.parametrize("verify", [signatures.standard, signatures.stripe, signatures.github, signatures.slack])
def test_without_a_key_nothing_is_right(verify: object) -> None:
    headers = signed() | {"x-hub-signature-256": "sha256=", "x-slack-signature": "v0="}
    headers |= {"stripe-signature": f"t={NOW},v1=", "x-slack-request-timestamp": str(NOW)}
    assert callable(verify) and verify(headers, BODY, [], NOW, 300) is False


def test_secrets_of_each_scheme() -> None:
    def keys(scheme: str, secret: str) -> tuple[bytes, ...] | None:
        return SCHEMES[WebhookScheme.Value(f"WEBHOOK_SCHEME_{scheme}")].keys(secret)

    raw = b"0123456789abcdef0123456789abcdef"
    assert keys("STANDARD", STANDARD) == (raw,) == keys("STANDARD", STANDARD.removeprefix("whsec_"))
    assert keys("STANDARD", f"{STANDARD}\r\n\n  {STANDARD} \n") == (raw, raw)
    assert keys("STANDARD", "whsec_no base64!") is None and keys("STANDARD", "whsec_aaaa") is None
    assert keys("STANDARD", f"{STANDARD}\nwrong") is None, "a line that is no secret is told, not skipped"
    assert keys("STRIPE", "whsec_abcdef") == (b"whsec_abcdef",) and keys("STRIPE", "sk_live_abcdef") is None
    assert keys("GITHUB", "It's a Secret to Everybody") == (GITHUB_SECRET,) and keys("GITHUB", "short") is None
    assert keys("SLACK", "8f742231b10e8888abcd99yyyzzz85a5") == (SLACK_SECRET,) and keys("SLACK", "é" * 9) is None
    assert keys("SLACK", "") == ()
