"""Prints the CPU cost of the wires: of chat completions per request, answer and streamed chunk, and of every wire per
frame of its recorded or hand-written streams, framing and JSON included.

Run: `python bench/decode.py`. It asserts nothing.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import orjson
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import Message, Part, Role
from trunkline_server.providers.openai_compatible import WIRE
from trunkline_server.providers.options import unsupported
from trunkline_server.providers.profiles import builtin
from trunkline_server.providers.sse import SseParser
from trunkline_server.providers.wire import Subject

_HEAD = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "system_fingerprint": "f"}
_USAGE = {"prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17}
_TOKENS = 500


def _chunk(delta: dict[str, str], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return b"data: " + orjson.dumps(_HEAD | {"choices": [choice], "usage": None}) + b"\n\n"


def _best(run: Callable[[], object], units: int = 1, rounds: int = 7, calls: int = 400) -> float:
    """The least time of several rounds, in microseconds per unit."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        for _ in range(calls):
            run()
        times.append(time.perf_counter() - start)
    return min(times) / calls / units * 1e6


def wires() -> None:
    """Every wire on its streams: microseconds per frame over all of them, and of the dearest one."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
    from conformance.recordings import FAMILIES, Recording, completions, frames  # noqa: PLC0415

    def run(recording: Recording) -> None:
        parser, decoder = recording.wire.parser(), recording.wire.decoder(recording.subject)
        for frame in parser.feed(recording.body):
            for _ in decoder.feed(frame):
                pass

    print("\nframes of a stream, framing and JSON included (target <= 15 µs)")
    for family, (wire, _) in FAMILIES.items():
        costs = []
        for recording in completions():
            if recording.family != family or not recording.streamed or "error" in recording.expect:
                continue
            count = len(frames(recording))
            costs.append((_best(lambda one=recording: run(one), calls=40), count))
        mean = sum(cost for cost, _ in costs) / sum(count for _, count in costs)
        dearest = max(cost / count for cost, count in costs)
        print(f"  {wire:<18} {mean:5.1f} µs   dearest stream {dearest:5.1f} µs   ({len(costs)} streams)")


def main() -> None:
    """Measure and print."""
    subject = Subject(builtin()["openai"], "openai", "m")
    ask = CompleteRequest(
        messages=[
            Message(role=Role.ROLE_SYSTEM, parts=[Part(text="Be brief.")]),
            Message(role=Role.ROLE_USER, parts=[Part(text="Why is the sky blue?")]),
        ],
        max_tokens=100,
        temperature=0.2,
    )
    message = {"role": "assistant", "content": "Because of scattering.", "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    answer = orjson.dumps(_HEAD | {"choices": [choice], "usage": _USAGE})
    frames = [_chunk({"role": "assistant", "content": ""})]
    frames += [_chunk({"content": f" t{i}"}) for i in range(_TOKENS)]
    frames += [_chunk({}, "stop"), b"data: [DONE]\n\n"]
    events = SseParser().feed(b"".join(frames))

    def parse() -> None:
        parser = SseParser()
        for frame in frames:
            parser.feed(frame)

    def stream() -> None:
        decoder = WIRE.decoder(subject)
        for event in events:
            for _ in decoder.feed(event):
                pass

    print(f"encode a small chat     {_best(lambda: WIRE.encode(ask, subject, True)):6.1f} µs")
    print(f"decode a small answer   {_best(lambda: WIRE.decoder(subject).whole(answer)):6.1f} µs")
    print(f"find what is unsupported{_best(lambda: unsupported(ask, subject.profile)):6.1f} µs")
    print(f"parse one SSE event     {_best(parse, len(frames), calls=20):6.2f} µs")
    print(f"decode one chunk        {_best(stream, len(frames), calls=20):6.2f} µs")
    wires()


if __name__ == "__main__":
    main()
