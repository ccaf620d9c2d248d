"""What is sent: the bodies of messages, as Standard Webhooks has them: `{"type": …, "timestamp": …, "data": {…}}`."""

from __future__ import annotations

import json

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError
from google.protobuf.timestamp_pb2 import Timestamp
from trunkline.v1.event_pb2 import Event

VERIFICATION = "webhook.verification"


class Poison(Exception):
    """An event that cannot be read or told; the message says why, for people."""


def read_event(payload: bytes | None) -> Event:
    """The event of an outbox row. Raises Poison."""
    if payload is None:
        raise Poison("the event is kept no longer")
    try:
        return Event.FromString(payload)
    except DecodeError:
        raise Poison("the event cannot be read") from None


def event_body(event: Event) -> bytes:
    """An event as JSON: the payload with the contract's field names, and which tenant and trace it is of. Raises
    Poison."""
    kind = event.WhichOneof("payload")
    if not kind or not event.event_id or not event.event_id.isascii() or not event.event_id.isprintable():
        raise Poison("the event holds nothing that this version knows")
    try:
        data = MessageToDict(
            getattr(event, kind), preserving_proto_field_name=True, always_print_fields_with_no_presence=True
        )
        timestamp = event.create_time.ToJsonString()
    except (ValueError, TypeError):
        raise Poison("the event cannot be told in JSON") from None
    data["tenant_id"] = event.tenant_id
    if event.trace_id:
        data["trace_id"] = event.trace_id
    return _encoded(event.type, timestamp, data)


def verification_body(challenge: str) -> bytes:
    """The message that an endpoint answers with the challenge."""
    now = Timestamp()
    now.GetCurrentTime()
    return _encoded(VERIFICATION, now.ToJsonString(), {"challenge": challenge})


def _encoded(type_: str, timestamp: str, data: object) -> bytes:
    return json.dumps({"type": type_, "timestamp": timestamp, "data": data}, separators=(",", ":")).encode()
