"""Requests of the contract and the bodies that they become, side by side in provider_requests.json."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from google.protobuf.json_format import ParseDict
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.providers.options import unsupported
from trunkline_server.providers.profiles import builtin
from trunkline_server.providers.wire import Subject
from trunkline_server.providers.wires import WIRES

CASES = orjson.loads(Path(__file__).with_name("provider_requests.json").read_bytes())


def _encode(asked: CompleteRequest, profile: str, stream: bool = False) -> Any:
    subject = Subject(builtin()[profile], profile, "m")
    return orjson.loads(WIRES[subject.profile.wire].encode(asked, subject, stream))


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_bodies(case: dict[str, Any]) -> None:
    asked = ParseDict(case["request"], CompleteRequest())
    assert _encode(asked, case["profile"], case.get("stream", False)) == case["body"]
    assert unsupported(asked, builtin()[case["profile"]]) == []


@pytest.mark.parametrize(
    ("options", "field", "reason"),
    [
        (b'{"model": "x"}', "provider_options_json[openai].model", Reason.ERROR_REASON_UNSUPPORTED_PARAMETER),
        (b'{"stream": true}', "provider_options_json[openai].stream", Reason.ERROR_REASON_UNSUPPORTED_PARAMETER),
        (b"[]", "provider_options_json[openai]", Reason.ERROR_REASON_INVALID_REQUEST),
        (b"{", "provider_options_json[openai]", Reason.ERROR_REASON_INVALID_REQUEST),
    ],
)
def test_options_that_are_refused(options: bytes, field: str, reason: int) -> None:
    asked = CompleteRequest(prompt="Hi", provider_options_json={"openai": options})
    with pytest.raises(TrunklineError) as caught:
        _encode(asked, "openai")
    assert (caught.value.reason, caught.value.metadata["field"]) == (reason, field)


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"topK": 1}, "top_k"),
        ({"reasoning": {"budgetTokens": 5}}, "reasoning.budget_tokens"),
        ({"stopSequences": ["a", "b", "c", "d", "e"]}, "stop_sequences"),
        (
            {"messages": [{"role": "ROLE_USER", "parts": [{"text": "a"}, {"media": {"kind": "MEDIA_KIND_VIDEO"}}]}]},
            "messages[0].parts[1].media",
        ),
        (
            {"messages": [{"role": "ROLE_USER", "parts": [{"media": {"kind": "MEDIA_KIND_IMAGE", "fileId": "f"}}]}]},
            "messages[0].parts[0].media",
        ),
    ],
)
def test_what_openai_cannot_honour(fields: dict[str, Any], path: str) -> None:
    found = unsupported(ParseDict(fields, CompleteRequest()), builtin()["openai"])
    assert [field for field, _ in found] == [path]
