"""What a call needs of its model: what was asked for in words, and what the request's content implies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from trunkline.v1.access_pb2 import Tenant
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.requirements_pb2 import ModelRequirements

from trunkline_server.domain.errors import Reason, invalid_fields
from trunkline_server.domain.money import to_nano
from trunkline_server.domain.ports import Target
from trunkline_server.domain.sizes import Size, size

CAPABILITIES = frozenset(
    (
        "text",
        "streaming",
        "tools",
        "structured_output",
        "vision",
        "audio_input",
        "audio_output",
        "documents",
        "reasoning",
        "embeddings",
        "prompt_caching",
        "logprobs",
    )
)

# Output tokens of a call that states no maximum: for comparing candidates, and the cap under a hard budget.
DEFAULT_MAX_TOKENS = 4096


@dataclass(frozen=True, slots=True)
class Need:
    """What a request needs of its model, which is named or not. `fallbacks` name more models. `reads` is how many
    tokens are read at once, at the least: what may just fit is left to the provider to judge. `unsupported` finds what
    a provider cannot honour of the request."""

    model: str
    fallbacks: Sequence[str]
    requirements: ModelRequirements
    capabilities: frozenset[str]
    residency: str
    max_price: int | None
    max_latency: float | None
    size: Size
    reads: int
    output_tokens: int
    hard_budget: bool
    unsupported: Callable[[Target], Sequence[tuple[str, str]]]


def implied_capabilities(request: CompleteRequest) -> frozenset[str]:
    """What the content of a request asks of its model."""
    found = {"text"}
    if request.tools:
        found.add("tools")
    if request.response_format.HasField("json_schema"):
        found.add("structured_output")
    if request.HasField("top_logprobs"):
        found.add("logprobs")
    media = {1: "vision", 2: "audio_input", 3: "documents"}
    for message in request.messages:
        for part in message.parts:
            if part.WhichOneof("kind") == "media" and part.media.kind in media:
                found.add(media[part.media.kind])
    return frozenset(found)


def need_of(
    request: CompleteRequest,
    tenant: Tenant,
    hard_budget: bool,
    unsupported: Callable[[Target], Sequence[tuple[str, str]]],
) -> Need:
    """What a completion needs. Raises INVALID_MODEL_REQUIREMENTS for what no model can ever meet."""
    found = size(request)
    return needed(
        request.model,
        request.model_requirements,
        tenant,
        implied=implied_capabilities(request),
        fallbacks=request.recovery.fallback_models,
        size=found,
        reads=found.least,
        output_tokens=(request.max_tokens or DEFAULT_MAX_TOKENS) * (request.candidate_count or 1),
        hard_budget=hard_budget,
        unsupported=unsupported,
    )


def needed(
    model: str,
    wanted: ModelRequirements,
    tenant: Tenant,
    *,
    implied: frozenset[str],
    size: Size,
    reads: int,
    output_tokens: int,
    hard_budget: bool,
    unsupported: Callable[[Target], Sequence[tuple[str, str]]],
    fallbacks: Sequence[str] = (),
) -> Need:
    """What a call needs; its content implies capabilities. Raises INVALID_MODEL_REQUIREMENTS."""
    capabilities = frozenset(wanted.capabilities)
    if unknown := sorted(capabilities - CAPABILITIES):
        raise invalid_fields(
            [("model_requirements.capabilities", f"unknown: {', '.join(unknown)}; see ModelRequirements")],
            reason=Reason.ERROR_REASON_INVALID_MODEL_REQUIREMENTS,
        )
    if tenant.data_residency and wanted.data_residency and wanted.data_residency != tenant.data_residency:
        raise invalid_fields(
            [("model_requirements.data_residency", f"the tenant's data must stay in {tenant.data_residency}")],
            reason=Reason.ERROR_REASON_INVALID_MODEL_REQUIREMENTS,
        )
    return Need(
        model=model,
        fallbacks=fallbacks,
        requirements=wanted,
        # A named model is the caller's choice: only what was asked for in words binds it.
        capabilities=capabilities if model else capabilities | implied,
        residency=wanted.data_residency or tenant.data_residency,
        max_price=to_nano(wanted.max_cost_per_token) if wanted.HasField("max_cost_per_token") else None,
        max_latency=wanted.max_latency.ToTimedelta().total_seconds() if wanted.HasField("max_latency") else None,
        size=size,
        reads=reads,
        output_tokens=output_tokens,
        hard_budget=hard_budget,
        unsupported=unsupported,
    )
