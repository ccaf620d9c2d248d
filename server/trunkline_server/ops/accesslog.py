"""The access log: one JSON line for each call and each received webhook, written in batches. Never a prompt, a
completion, a body or a secret."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from typing import BinaryIO

import orjson

from trunkline_server.domain.call import Call

_INTERVAL = 0.1
_MOST = 65536


class AccessLog:
    """`which` is `all`, `failed` or `off`. Lines wait at most 100 ms; past 65,536 of them the rest are counted."""

    def __init__(self, which: str, out: BinaryIO | None = None) -> None:
        self._all = which == "all"
        self._off = which == "off"
        self._out = out or sys.stderr.buffer
        self._lines: list[Mapping[str, object]] = []
        self._dropped = 0

    def write(self, call: Call, seconds: float) -> None:
        """Note a call that ended after `seconds`."""
        if self._off or not (self._all or call.code):
            return
        caller = call.caller
        line: dict[str, object] = {
            "event": "call",
            "ts": call.arrived_wall,
            "method": call.method,
            "code": call.code,
            "seconds": round(seconds, 6),
            "trace_id": call.trace_id,
            "request_id": call.request_id,
        }
        if call.reason:
            line["reason"] = call.reason
        if caller is not None:
            line["tenant_id"], line["key_id"] = caller.tenant_id, caller.key_id
        if agent_id := call.context.agent_id:
            line["agent_id"] = agent_id
        line |= call.facts
        self.note(line, bool(call.code))

    def note(self, line: Mapping[str, object], failed: bool) -> None:
        """Note a line; it becomes JSON when it is written."""
        if self._off or not (self._all or failed):
            return
        if len(self._lines) >= _MOST:
            self._dropped += 1
            return
        self._lines.append(line)

    async def run(self) -> None:
        """Write what waits, until cancelled."""
        try:
            while True:
                await asyncio.sleep(_INTERVAL)
                self.flush()
        finally:
            self.flush()

    def flush(self) -> None:
        """Write what waits now."""
        if self._dropped:
            self._lines.append({"event": "lines dropped", "count": self._dropped})
            self._dropped = 0
        if self._lines:
            lines, self._lines = self._lines, []
            self._out.write(b"".join([orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in lines]))
            self._out.flush()
