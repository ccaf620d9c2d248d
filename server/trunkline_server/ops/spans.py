"""What a span says of a call, by OpenTelemetry's semantic conventions for RPC and generative AI; never any content."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from google.protobuf.message import Message
from google.rpc.code_pb2 import Code
from trunkline.v1.completion_pb2 import CompleteRequest, StreamCompleteRequest
from trunkline.v1.llm_pb2 import EmbedRequest
from trunkline.v1.tool_pb2 import ExecuteToolRequest

from trunkline_server.domain.call import Call

Attributes: TypeAlias = dict[str, str | int | float | bool]

_PROVIDER = "gen_ai.provider.name"
# The codes that are a server's fault.
_FAULTS = frozenset(
    (Code.UNKNOWN, Code.DEADLINE_EXCEEDED, Code.UNIMPLEMENTED, Code.INTERNAL, Code.UNAVAILABLE, Code.DATA_LOSS)
)
_OPERATIONS = {
    "trunkline.v1.LLMService/Complete": "chat",
    "trunkline.v1.LLMService/StreamComplete": "chat",
    "trunkline.v1.LLMService/Embed": "embeddings",
    "trunkline.v1.ToolService/ExecuteTool": "execute_tool",
}
# Our name -> the conventions' own, where they have another.
PROVIDERS = {
    "azure": "azure.ai.openai",
    "azure_responses": "azure.ai.openai",
    "bedrock": "aws.bedrock",
    "gemini": "gcp.gemini",
    "mistral": "mistral_ai",
    "openai_responses": "openai",
    "vertex": "gcp.vertex_ai",
    "xai": "x_ai",
}
# Of each request, the fields that a span tells.
_ASKED: Mapping[type[Message], Mapping[str, str]] = {
    CompleteRequest: {
        "model": "gen_ai.request.model",
        "max_tokens": "gen_ai.request.max_tokens",
        "temperature": "gen_ai.request.temperature",
        "top_p": "gen_ai.request.top_p",
        "top_k": "gen_ai.request.top_k",
        "frequency_penalty": "gen_ai.request.frequency_penalty",
        "presence_penalty": "gen_ai.request.presence_penalty",
        "seed": "gen_ai.request.seed",
        "candidate_count": "gen_ai.request.choice.count",
    },
    EmbedRequest: {"model": "gen_ai.request.model", "dimensions": "gen_ai.embeddings.dimension.count"},
    ExecuteToolRequest: {"tool_name": "gen_ai.tool.name"},
}


def at_start(method: str) -> Attributes:
    """What is known of every call of a method, `trunkline.v1.<Service>/<Method>`."""
    found: Attributes = {"rpc.system.name": "grpc", "rpc.method": method}
    if method in _OPERATIONS:
        found["gen_ai.operation.name"] = _OPERATIONS[method]
    return found


def at_end(call: Call) -> Attributes:
    """What was asked, what answered, what it used, and how it ended."""
    code = Code.Name(call.code)  # type: ignore[arg-type]
    found = _asked(call.request) | call.facts | {"rpc.response.status_code": code}
    provider = call.facts.get(_PROVIDER) or (call.error.metadata.get("provider") if call.error else None)
    if provider:
        found[_PROVIDER] = PROVIDERS.get(str(provider), provider)
    if call.reason:
        found["trunkline.error_reason"] = call.reason
    if is_fault(call):
        found["error.type"] = code
    return found


def is_fault(call: Call) -> bool:
    """Whether the call failed for a reason that is no caller's."""
    return call.code in _FAULTS


def _asked(request: Message | None) -> Attributes:
    found: Attributes = {}
    if isinstance(request, StreamCompleteRequest):
        found["gen_ai.request.stream"] = True
        request = request.request
    if request is not None and (names := _ASKED.get(type(request))):
        found |= {names[field.name]: value for field, value in request.ListFields() if field.name in names}
    return found
