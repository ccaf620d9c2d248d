"""Ends listening before serving ends. gRPC closes its listeners only as it stops; calls on a connection that came a
moment before would be CANCELLED then (grpc/grpc#41785). It notes the end of a listener as `Failed accept4`."""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path

_DESCRIPTORS = Path("/proc/self/fd")


def stop_listening(port: int) -> int:
    """No new connection comes to this process on the TCP port; those that stand go on. Returns how many sockets
    listened: none where the system does not show them."""
    found = 0
    for name in os.listdir(_DESCRIPTORS) if _DESCRIPTORS.is_dir() else ():
        with contextlib.suppress(OSError):
            if not os.readlink(_DESCRIPTORS / name).startswith("socket:"):
                continue
            # A copy of the descriptor: gRPC keeps its own.
            with socket.socket(fileno=os.dup(int(name))) as one:
                if _listens(one) and one.getsockname()[1] == port:
                    one.shutdown(socket.SHUT_RDWR)
                    found += 1
    return found


def _listens(one: socket.socket) -> bool:
    inet = one.family in (socket.AF_INET, socket.AF_INET6)
    return inet and bool(one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
