"""What the recordings do not show: unknown fields, media, citations, ids, and arguments to the byte."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import orjson
import pytest
from trunkline.v1.completion_pb2 import CompleteResponse, StreamCompleteResponse
from trunkline_server.providers.openai_compatible.stream import Decoder
from trunkline_server.providers.profiles import parse
from trunkline_server.providers.wire import Frame, MalformedError, Subject

_ACME = Subject(parse('[acme]\ndisplay_name = "Acme"\nendpoint = "https://a.example"\n')["acme"], "acme", "m")


def _decode(message: dict[str, Any], **top: Any) -> CompleteResponse:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": "stop"}
    return Decoder(_ACME).whole(orjson.dumps({"id": "c1", "model": "m", "choices": [choice], **top}))


def test_unknown_fields_are_carried_and_noise_is_not() -> None:
    answer = _decode(
        {"content": "a", "novel": {"x": 2**60}, "empty": []}, created=5, system_fingerprint="f", extra=[1], none=None
    )
    assert [(event.provider, event.type, event.raw_json) for event in answer.provider_events] == [
        ("acme", "extra", b"[1]"),
        ("acme", "message.novel", b'{"x":1152921504606846976}'),
    ]


def test_citations_count_bytes() -> None:
    note = {
        "type": "url_citation",
        "url_citation": {"start_index": 2, "end_index": 4, "url": "https://x", "title": "X"},
    }
    (part,) = _decode({"content": "é: öü!", "annotations": [note]}).content
    (citation,) = part.citations
    assert part.text.encode()[citation.start : citation.end].decode() == "é: öü!"[2:4]
    assert (citation.uri, citation.title, orjson.loads(citation.raw_json)) == ("https://x", "X", note)


def test_audio_and_pictures() -> None:
    audio = {"id": "a1", "data": b64encode(b"\x00\x01").decode(), "transcript": "Hi", "expires_at": 5}
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + b64encode(b"png").decode()}}
    pictures, sound = _decode({"content": None, "audio": audio, "images": [image]}).content
    assert (pictures.media.mime_type, pictures.media.data) == ("image/png", b"png")
    assert (sound.media.id, sound.media.data, sound.media.transcript) == ("a1", b"\x00\x01", "Hi")


def test_a_call_without_id_gets_the_same_one_each_time() -> None:
    calls = [{"function": {"name": name, "arguments": "{}"}} for name in ("f", "g")]
    first, second = _decode({"tool_calls": calls}), _decode({"tool_calls": calls})
    ids = [part.tool_call.id for part in first.content]
    assert len(set(ids)) == 2
    assert first == second


def test_arguments_are_kept_to_the_byte() -> None:
    text = '{ "b":1.0,  "a": 12345678901234567890, "é": "\\u00e9" '
    (part,) = _decode({"tool_calls": [{"id": "x", "function": {"name": "f", "arguments": text}}]}).content
    assert part.tool_call.arguments_json == text.encode()


def test_logprobs() -> None:
    token = {"token": "a", "logprob": -0.5, "bytes": [97], "top_logprobs": [{"token": "b", "logprob": -1.0}]}
    choice = {"message": {"content": "a"}, "finish_reason": "stop", "logprobs": {"content": [token]}}
    (part,) = Decoder(_ACME).whole(orjson.dumps({"model": "m", "choices": [choice]})).content
    assert (part.logprobs[0].token, part.logprobs[0].raw_bytes, part.logprobs[0].top[0].token) == ("a", b"a", "b")


def test_an_unknown_finish_reason_keeps_its_word() -> None:
    body = {"model": "m", "choices": [{"message": {"content": "a"}, "finish_reason": "tired"}]}
    finish = Decoder(_ACME).whole(orjson.dumps(body)).finish
    assert (finish.reason, finish.raw_reason) == (0, "tired")


_DETAILS = [
    {"type": "reasoning.text", "text": "hm", "signature": "s"},
    {"type": "reasoning.encrypted", "data": "zz"},
]


@pytest.mark.parametrize(
    "reasoning", [{"reasoning": "hm"}, {"reasoning_content": "hm"}, {"reasoning_details": _DETAILS}]
)
def test_reasoning_in_every_form(reasoning: dict[str, Any]) -> None:
    answer = _decode({"content": "a", **reasoning})
    assert answer.content[0].reasoning.text == "hm"
    if "reasoning_details" in reasoning:
        assert answer.content[0].reasoning.signature == b"s"
        assert answer.content[1].reasoning.redacted_data == b"zz"
    assert answer.completion == "a"


@pytest.mark.parametrize("message", [{"tool_calls": [5]}, {"content": [5]}, {"annotations": "x"}])
def test_other_shapes_are_malformed(message: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        _decode(message)


@pytest.mark.parametrize(
    "further",
    [
        {"delta": {"content": " b"}},
        {"delta": {"content": " b", "role": "assistant", "tool_calls": None, "reasoning_content": None}},
        {"delta": {"content": " b"}, "finish_reason": None, "logprobs": None, "stop_reason": None},
        {"delta": {"content": " b", "reasoning_content": "hm"}},
        {"delta": {"content": " b", "novel": 1}},
        {"delta": {"content": " b"}, "finish_reason": "stop"},
        {"delta": {"content": " b"}, "logprobs": {"content": [{"token": " b", "logprob": -1.5}]}},
        {"delta": {"content": " b"}, "index": 1},
        {"delta": {"content": " b"}, "novel": 1},
        {"delta": {"content": [{"type": "text", "text": " b"}]}},
        {"delta": {"content": ""}},
        {"delta": {"refusal": "no"}},
        {"delta": {}},
    ],
)
@pytest.mark.parametrize("top", [{}, {"usage": {"prompt_tokens": 1, "completion_tokens": 2}}, {"novel": 1}])
def test_the_short_way_of_a_further_piece_says_what_the_long_way_says(
    further: dict[str, Any], top: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    head = {"id": "c1", "model": "m"}
    chunks = [
        {**head, "choices": [{"index": 0, "delta": {"role": "assistant", "content": "a"}}]},
        {**head, "choices": [{"index": 0, **further}], **top},
        {**head, "choices": [{"index": 0, "delta": {"content": "c"}, "finish_reason": "stop"}]},
    ]

    def events() -> list[StreamCompleteResponse]:
        decoder = Decoder(_ACME)
        frames = [*(Frame("", orjson.dumps(chunk)) for chunk in chunks), Frame("", b"[DONE]")]
        return [event for frame in frames for event in decoder.feed(frame)]

    short = events()
    monkeypatch.setattr(Decoder, "_more", lambda *_: None)
    assert short == events()
