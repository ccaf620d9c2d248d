"""Every wire by the name that profiles use."""

from __future__ import annotations

from collections.abc import Mapping

from trunkline_server.providers import openai_compatible
from trunkline_server.providers.wire import Wire

WIRES: Mapping[str, Wire] = {
    "openai_chat": openai_compatible.WIRE,
}
