"""What another provider signed stays behind when a conversation moves on to a model that would refuse it."""

from __future__ import annotations

from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import Part

from trunkline_server.providers.wire import Subject


def without(request: CompleteRequest, subject: Subject) -> CompleteRequest:
    """The request without signatures, redacted data and ids that only other signers understand. The text of reasoning
    and the calls stay; reasoning without text goes. The request itself where there is nothing of the kind."""
    signer = subject.signer
    if all(_signer(part) in ("", signer) for message in request.messages for part in message.parts):
        return request
    own = CompleteRequest()
    own.CopyFrom(request)
    for at in reversed(range(len(own.messages))):
        message = own.messages[at]
        kept = [plain for part in message.parts if (plain := _plain(part, signer)) is not None]
        if message.parts and not kept:
            del own.messages[at]
            continue
        del message.parts[:]
        message.parts.extend(kept)
    return own


def _signer(part: Part) -> str:
    kind = part.WhichOneof("kind")
    if kind == "reasoning":
        return part.reasoning.signer
    return part.tool_call.signer if kind == "tool_call" and part.tool_call.signature else ""


def _plain(part: Part, signer: str) -> Part | None:
    if _signer(part) in ("", signer):
        return part
    if part.WhichOneof("kind") == "tool_call":
        part.tool_call.ClearField("signature")
        return part
    for name in ("signature", "redacted_data", "id", "signer"):
        part.reasoning.ClearField(name)
    return part if part.reasoning.text else None
