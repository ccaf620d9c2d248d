"""Loaded by every process of a watched server, as its folder stands first in PYTHONPATH: notes each address that a
socket connects to, and resolves names by a table of the test's own, anew for each connection.

`WATCH_CONNECTS` names the file of the notes, `WATCH_NAMES` that of the table: name -> answers in turn, each a list of
addresses. A name that is no number, not of this machine and not in the table does not resolve.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from aiohttp import connector, resolver

_NOTES = os.open(os.environ["WATCH_CONNECTS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
_NAMES = Path(os.environ["WATCH_NAMES"])
_asked: Counter[str] = Counter()


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        os.write(_NOTES, f"{arguments[1][0]} {arguments[1][1]}\n".encode())


def _answers(host: str) -> list[str]:
    name = host.lower().rstrip(".")
    answers = json.loads(_NAMES.read_text()).get(name)
    if answers is None:
        numeric = 0 if name == "localhost" else socket.AI_NUMERICHOST
        return [str(found[4][0]) for found in socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM, flags=numeric)]
    _asked[name] += 1
    return list(answers[(_asked[name] - 1) % len(answers)])


async def _resolve(self: object, host: str, port: int = 0, family: int = 0) -> list[dict[str, Any]]:
    return [
        {"hostname": host, "host": address, "port": port, "proto": 0, "flags": 0}
        | {"family": socket.AF_INET6 if ":" in address else socket.AF_INET}
        for address in _answers(host)
    ]


def _watch() -> None:
    resolver.ThreadedResolver.resolve = _resolve  # type: ignore[assignment, method-assign]
    connector._DNSCacheTable.expired = lambda self, key: True  # type: ignore[method-assign]
    sys.addaudithook(_note)


_watch()
