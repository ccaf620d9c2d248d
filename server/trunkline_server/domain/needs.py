"""What a call needs of its model: what was asked for in words, and what the request's content implies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from trunkline.v1.access_pb2 import Tenant
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import MediaKind
from trunkline.v1.model_pb2 import Modality
from trunkline.v1.requirements_pb2 import ModelRequirements

from trunkline_server.domain.errors import Reason, invalid_fields
from trunkline_server.domain.ports import Target
from trunkline_server.domain.routes.rules import Constraints
from trunkline_server.domain.sizes import Size, size
from trunkline_server.domain.vocabulary import CAPABILITIES

# Output tokens of a call that states no maximum: the cap under a hard budget, and what is held.
DEFAULT_MAX_TOKENS = 4096
# Output tokens of a usual answer, where more are allowed: an assumption, for comparing candidates and for rates.
# Answers mostly end well before the most that was asked for; to take all of it would leave a limit unused while calls
# are in flight. What an answer has more is charged when it ends.
USUAL_OUTPUT_TOKENS = 1024
# Requests up to this many bytes are counted exactly where that decides: counting takes a tenth of a microsecond each.
_COUNTED_BYTES = 200_000

_MEDIA = {
    MediaKind.MEDIA_KIND_IMAGE: ("vision", Modality.MODALITY_IMAGE),
    MediaKind.MEDIA_KIND_AUDIO: ("audio_input", Modality.MODALITY_AUDIO),
    MediaKind.MEDIA_KIND_DOCUMENT: ("documents", Modality.MODALITY_DOCUMENT),
    MediaKind.MEDIA_KIND_VIDEO: ("", Modality.MODALITY_VIDEO),
}


@dataclass(slots=True)
class Need:
    """What a request needs of its model, which is named or not. `fallbacks` name more models.

    `constraints` are those of the request and its tenant. `reads` is how many tokens are read at once, at the least,
    `bound` at the most, with what was stated of the output; `count` counts them, where that decides. `max_latency` is
    in seconds. `output_tokens` bounds the output, of which `usual_tokens` are likely. `unsupported` finds what a
    provider cannot honour of the request; `by_model`: that depends on the model, not on the provider alone.
    """

    model: str
    fallbacks: Sequence[str]
    task: str
    constraints: Constraints
    max_latency: float | None
    size: Size
    reads: int
    bound: int
    count: Callable[[], int] | None
    output_tokens: int
    usual_tokens: int
    hard_budget: bool
    unsupported: Callable[[Target], Sequence[tuple[str, str]]]
    by_model: bool = False

    def tokens(self) -> int:
        """How many tokens must fit into a context window: counted where that can be done, else the least."""
        return self.reads if self.count is None else max(self.reads, self.count())


def implied(request: CompleteRequest) -> tuple[frozenset[str], int]:
    """What the content of a request asks of its model: capabilities, and a bit for each modality that is read."""
    found, reads = {"text"}, 0
    if request.tools:
        found.add("tools")
    if request.response_format.HasField("json_schema"):
        found.add("structured_output")
    if request.HasField("top_logprobs"):
        found.add("logprobs")
    for message in request.messages:
        for part in message.parts:
            if part.WhichOneof("kind") == "media" and part.media.kind in _MEDIA:
                capability, modality = _MEDIA[part.media.kind]
                reads |= 1 << modality
                if capability:
                    found.add(capability)
    return frozenset(found), reads


def need_of(
    request: CompleteRequest,
    tenant: Tenant,
    hard_budget: bool,
    unsupported: Callable[[Target], Sequence[tuple[str, str]]],
    count: Callable[[], int],
) -> Need:
    """What a completion needs; `count` counts its tokens. Raises INVALID_MODEL_REQUIREMENTS for what no model can ever
    meet."""
    found, model, wanted = size(request), request.model, request.model_requirements
    stated = request.max_tokens
    answers = request.candidate_count or 1
    named = bool(model)
    # A named model is the caller's choice: only what was asked for in words binds it.
    capabilities, reads = (frozenset(), 0) if named else implied(request)
    return Need(
        model=model,
        fallbacks=request.recovery.fallback_models,
        task=wanted.task,
        constraints=constraints_of(wanted, tenant, capabilities, reads),
        max_latency=max_latency_of(wanted),
        size=found,
        # A named model is the caller's choice: what may just fit is left to its provider to judge.
        reads=found.least + (0 if named else stated),
        bound=found.bound + stated,
        count=None if named or found.bound > _COUNTED_BYTES else cache(lambda: count() + stated),
        output_tokens=(stated or DEFAULT_MAX_TOKENS) * answers,
        usual_tokens=min(stated or USUAL_OUTPUT_TOKENS, USUAL_OUTPUT_TOKENS) * answers,
        hard_budget=hard_budget,
        unsupported=unsupported,
    )


def constraints_of(
    wanted: ModelRequirements, tenant: Tenant, implied_capabilities: frozenset[str], reads: int = 0
) -> Constraints:
    """The constraints of a call, whose content implies some. Raises INVALID_MODEL_REQUIREMENTS."""
    return _constraints(wanted.SerializeToString(), implied_capabilities, reads, tenant.data_residency)


@lru_cache(4096)
def _constraints(stated: bytes, implied_capabilities: frozenset[str], reads: int, residency: str) -> Constraints:
    """Made once for calls that ask the same."""
    wanted = ModelRequirements.FromString(stated)
    asked = frozenset(wanted.capabilities)
    if unknown := asked - CAPABILITIES.keys():
        raise invalid_fields(
            [("model_requirements.capabilities", f"unknown: {', '.join(sorted(unknown))}; see ModelRequirements")],
            reason=Reason.ERROR_REASON_INVALID_MODEL_REQUIREMENTS,
        )
    if residency and wanted.data_residency and wanted.data_residency != residency:
        raise invalid_fields(
            [("model_requirements.data_residency", f"the tenant's data must stay in {residency}")],
            reason=Reason.ERROR_REASON_INVALID_MODEL_REQUIREMENTS,
        )
    return Constraints.of(
        wanted, capabilities=asked | implied_capabilities, reads=reads, residency=wanted.data_residency or residency
    )


def max_latency_of(wanted: ModelRequirements) -> float | None:
    """Seconds that an answer may take; None where nothing was said."""
    return wanted.max_latency.ToTimedelta().total_seconds() if wanted.HasField("max_latency") else None
