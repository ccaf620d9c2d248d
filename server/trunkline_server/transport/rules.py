"""The limits that the contract's comments state, as data. `validate.py` applies them.

A table holds, for one message, what is required and what each field that is set must meet. A check takes the value and
answers with what is wrong, or None.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from trunkline.v1.common_pb2 import TOKEN_CLASS_INPUT as _INPUT
from trunkline.v1.common_pb2 import TOKEN_CLASS_OUTPUT as _OUTPUT

from trunkline_server.domain.needs import CAPABILITIES

Check = Callable[[Any], str | None]
Whole = Callable[[Any], Sequence[tuple[str, str]]]

_SECOND, _HOUR, _DAY = 1.0, 3600.0, 86_400.0


def text(most: int, pattern: str = "", hint: str = "") -> Check:
    """At most `most` bytes; all of it fits `pattern`, which `hint` describes."""
    fits = re.compile(pattern).fullmatch if pattern else None

    def check(value: str) -> str | None:
        if len(value) > most or (not value.isascii() and len(value.encode()) > most):
            return f"has more than {most} bytes"
        return None if fits is None or fits(value) else f"must be of {hint or pattern}"

    return check


def number(least: float, most: float) -> Check:
    """From `least` to `most`, finite."""

    def check(value: float) -> str | None:
        return None if least <= value <= most and math.isfinite(value) else f"must be from {least:,} to {most:,}"

    return check


def positive(value: float) -> str | None:
    """Above zero, finite."""
    return None if value > 0 and math.isfinite(value) else "must be above zero"


def at_least(least: int) -> Check:
    """`least` or more."""
    return lambda value: None if value >= least else f"must be at least {least}"


def count(most: int, least: int = 0) -> Check:
    """From `least` to `most` elements."""
    return lambda value: None if least <= len(value) <= most else f"must have from {least} to {most} elements"


def size(most: int) -> Check:
    """At most `most` bytes of data."""
    return lambda value: None if len(value) <= most else f"has more than {most} bytes"


def each(*checks: Check) -> Check:
    """Every element meets the checks; the first that does not is named by its index."""

    def check(values: Sequence[Any]) -> str | None:
        for at, value in enumerate(values):
            for one in checks:
                if problem := one(value):
                    return f"element {at} {problem}"
        return None

    return check


def lasts(least: float, most: float) -> Check:
    """A Duration from `least` to `most` seconds."""

    def check(value: Any) -> str | None:
        seconds = value.seconds + value.nanos / 1e9
        return None if least <= seconds <= most else f"must be from {least:g} s to {most:g} s"

    return check


def usd(value: Any) -> str | None:
    """Money in USD, above zero."""
    if value.currency_code not in ("", "USD"):
        return "must be in USD"
    if not (abs(value.nanos) < 10**9 and value.units >= 0 and value.nanos >= 0):
        return "must not be negative, with nanos below 1e9"
    return None if value.units or value.nanos else "must be above zero"


def json_text(value: bytes) -> str | None:
    """JSON text."""
    try:
        orjson.loads(value)
    except orjson.JSONDecodeError:
        return "is not JSON"
    return None


def json_object(value: bytes) -> str | None:
    """JSON text of an object."""
    try:
        return None if isinstance(orjson.loads(value), dict) else "is not a JSON object"
    except orjson.JSONDecodeError:
        return "is not JSON"


def entries(most: int, key: Check, value: Check) -> Check:
    """A map of at most `most` entries."""

    def check(found: Mapping[str, Any]) -> str | None:
        if len(found) > most:
            return f"has more than {most} entries"
        for name, content in found.items():
            if problem := key(name) or value(content):
                return f"entry {name[:64]!r} {problem}"
        return None

    return check


@dataclass(frozen=True, slots=True)
class Table:
    """The limits of one message. `whole` looks at fields together; its paths are below the message. `nested` names
    another table than the usual one for the message in a field."""

    fields: Mapping[str, Sequence[Check]] = field(default_factory=dict)
    required: Sequence[str] = ()
    whole: Sequence[Whole] = ()
    nested: Mapping[str, str] = field(default_factory=dict)


ID = text(128, r"[A-Za-z0-9._:-]*", "[A-Za-z0-9._:-]")
USER_ID = text(128, r"[A-Za-z0-9._:@-]*", "[A-Za-z0-9._:@-]")
SLUG = text(64, r"[a-z][a-z0-9-]*", "[a-z0-9-], starting with a letter")
NAME = text(64, r"[A-Za-z0-9_-]+", "[A-Za-z0-9_-]")
TASK = text(64, r"[a-z0-9_]+", "[a-z0-9_]")
REGION = text(32, r"[a-z0-9-]+", "[a-z0-9-]")
DISPLAY = text(128)
PER_MINUTE = at_least(1)


def _prompt_or_messages(request: Any) -> Sequence[tuple[str, str]]:
    if request.prompt and request.messages:
        return [("messages", "excludes prompt")]
    return [] if request.prompt or request.messages else [("prompt", "is required unless messages are given")]


def _model_or_capabilities(request: Any) -> Sequence[tuple[str, str]]:
    if request.model or request.model_requirements.capabilities:
        return []
    return [("model_requirements.capabilities", "is required when no model is named")]


def _agent(request: Any) -> Sequence[tuple[str, str]]:
    return [] if request.context.agent_id else [("context.agent_id", "is required")]


def _tools_unique(request: Any) -> Sequence[tuple[str, str]]:
    tools = request.tools
    return [("tools", "has a name twice")] if tools and len({tool.name for tool in tools}) < len(tools) else []


def _capability(value: str) -> str | None:
    return None if value in CAPABILITIES else f"is not a capability; there are {', '.join(sorted(CAPABILITIES))}"


def _prices(override: Any) -> Sequence[tuple[str, str]]:
    """The base prices of input and output have fields of their own; every other class needs one among `prices`."""
    seen = {(_INPUT, 0), (_OUTPUT, 0)}
    found = []
    for at, price in enumerate(override.prices):
        step = (price.token_class, price.from_input_tokens)
        if step in seen:
            found.append((f"prices[{at}]", "sets the price of a class and start that has one"))
        seen.add(step)
    missing = {token_class for token_class, start in seen if start and (token_class, 0) not in seen}
    return found + [("prices", f"needs a base price of class {one}") for one in sorted(missing)]


def _parts(message: Any) -> Sequence[tuple[str, str]]:
    return [] if message.parts or message.role == 3 else [("parts", "needs at least one part")]


def _kind(part: Any) -> Sequence[tuple[str, str]]:
    return [] if part.WhichOneof("kind") else [("kind", "is required: one of text, media, tool_call, …")]


def _media(media: Any) -> Sequence[tuple[str, str]]:
    source = media.WhichOneof("source")
    if source is None:
        return [("source", "is required: one of data, uri, file_id")]
    if source == "data" and not media.mime_type:
        return [("mime_type", "is required with data")]
    if source == "uri" and not media.uri.startswith("https://"):
        return [("uri", "must be an https address")]
    return []


def _choice(choice: Any) -> Sequence[tuple[str, str]]:
    if (choice.mode == 4) != bool(choice.name):
        return [("name", "is required with NAMED, and only then")]
    return []


def _reasoning(options: Any) -> Sequence[tuple[str, str]]:
    both = options.effort and options.HasField("budget_tokens")
    return [("budget_tokens", "excludes effort")] if both else []


def _period(request: Any) -> Sequence[tuple[str, str]]:
    late = request.HasField("start_time") and request.HasField("end_time")
    if late and request.start_time.ToNanoseconds() >= request.end_time.ToNanoseconds():
        return [("end_time", "must be after start_time")]
    return []


def _subject(budget: Any) -> Sequence[tuple[str, str]]:
    if (budget.scope == 1) == bool(budget.subject):
        return [("subject", "is required, except for TENANT, where it must be empty")]
    return []


_COMPLETE: Mapping[str, Sequence[Check]] = {
    "request_id": (ID,),
    "model": (text(256),),
    "messages": (count(2048),),
    "max_tokens": (number(1, 1_000_000),),
    "temperature": (number(0, 2),),
    "top_p": (number(0, 1),),
    "top_k": (at_least(1),),
    "frequency_penalty": (number(-2, 2),),
    "presence_penalty": (number(-2, 2),),
    "stop_sequences": (count(16), each(text(256, r"(?s).+", "1 to 256 bytes"))),
    "candidate_count": (number(1, 16),),
    "top_logprobs": (number(0, 20),),
    "tools": (count(256),),
    "provider_options_json": (entries(8, text(64), size(65536)), entries(8, text(64), json_object)),
}

TABLES: Mapping[str, Table] = {
    # Shared.
    "CallContext": Table(
        {
            "agent_id": (ID,),
            "workflow_id": (ID,),
            "user_id": (USER_ID,),
            "session_id": (ID,),
            "labels": (entries(16, text(63, r"[a-z0-9_.-]+", "[a-z0-9_.-]"), text(128)),),
        }
    ),
    # Content.
    "Message": Table({"name": (text(64),)}, ("role",), (_parts,)),
    "Part": Table(whole=(_kind,)),
    "Media": Table(required=("kind",), whole=(_media,)),
    "ToolCall": Table({"arguments_json": (json_text,)}, ("name",)),
    "ToolResult": Table(required=("tool_call_id",)),
    "ToolDefinition": Table({"name": (NAME,), "parameters_schema_json": (json_object,)}, ("name",)),
    "ToolChoice": Table(whole=(_choice,)),
    "JsonSchemaFormat": Table({"name": (NAME,), "schema_json": (json_object,)}, ("name", "schema_json")),
    "ReasoningOptions": Table({"budget_tokens": (at_least(1),)}, whole=(_reasoning,)),
    # Completions.
    "ModelRequirements": Table(
        {
            "capabilities": (count(16),),
            "max_cost_per_token": (usd,),
            "max_latency": (lasts(1e-9, 365 * _DAY),),
            "data_residency": (REGION,),
            "task": (TASK,),
            "min_context_tokens": (at_least(1),),
        }
    ),
    "CachePolicy": Table(
        {
            "ttl": (lasts(_SECOND, 30 * _DAY),),
            "similarity_threshold": (number(0, 1),),
            "scope": (ID,),
        }
    ),
    "RecoveryPolicy": Table(
        {
            "max_attempts": (number(1, 10),),
            "fallback_models": (count(8), each(text(256))),
            "hedge_after": (lasts(0.001, _HOUR),),
            "attempt_timeout": (lasts(0.001, _HOUR),),
        }
    ),
    "CompleteRequest": Table(_COMPLETE, (), (_prompt_or_messages, _model_or_capabilities, _agent, _tools_unique)),
    "StreamCompleteRequest": Table(required=("request",)),
    "CountTokensRequest": Table(required=("request",), nested={"request": "CompleteRequest, counted"}),
    "CompleteRequest, counted": Table(_COMPLETE, ("model",), (_prompt_or_messages, _tools_unique)),
    "ExplainRouteRequest": Table(required=("request",)),
    "EmbedRequest": Table(
        {
            "request_id": (ID,),
            "model": (text(256),),
            "inputs": (count(2048, 1), each(text(4 << 20, r"(?s).+", "at least one byte"))),
            "dimensions": (at_least(1),),
            "purpose": (text(16, "query|document|classification|clustering"),),
        },
        ("inputs",),
        (_model_or_capabilities, _agent),
    ),
    "GetModelRequest": Table({"name": (text(256),)}, ("name",)),
    "RecordFeedbackRequest": Table(
        {"score": (number(0, 1),), "aspect": (TASK,), "comment": (text(4096),)}, ("request_id", "score")
    ),
    # Integrations.
    "Authentication": Table({"secret": (text(16384),), "parameter_name": (NAME,)}),
    "CircuitBreaker": Table(
        {
            "failure_threshold": (number(1, 1000),),
            "window": (lasts(_SECOND, _HOUR),),
            "open_duration": (lasts(_SECOND, _HOUR),),
        }
    ),
    "Configuration": Table({"timeout": (lasts(0.1, 600),), "endpoint": (text(2048),)}),
    "LlmProviderConfiguration": Table({"region": (REGION,), "model_overrides": (count(256),)}, ("provider",)),
    "PriceOverride": Table(
        {
            "input_nano_usd_per_million": (at_least(0),),
            "output_nano_usd_per_million": (at_least(0),),
            "prices": (count(64),),
        },
        ("model",),
        (_prices,),
    ),
    "TokenPrice": Table(
        {"nano_usd_per_million": (at_least(0),), "from_input_tokens": (at_least(0),)}, ("token_class",)
    ),
    "ModelOverride": Table(
        {
            "display_name": (DISPLAY,),
            "context_window": (at_least(1),),
            "max_output_tokens": (at_least(1),),
            "capabilities": (count(32), each(_capability)),
            "input_modalities": (count(16),),
            "output_modalities": (count(16),),
        },
        ("model",),
    ),
    "ApiConfiguration": Table({"tools": (count(128),), "headers": (entries(32, text(128), text(4096)),)}),
    "ApiTool": Table({"name": (NAME,), "parameters_schema_json": (json_object,)}, ("name", "method", "path")),
    "Monitoring": Table({"metrics": (each(text(16, "latency|errors|cost|tokens|throughput")),)}),
    "Integration": Table({"integration_id": (SLUG,), "display_name": (DISPLAY,)}, ("integration_id",)),
    "CreateIntegrationRequest": Table(
        {"integration_id": (SLUG,), "display_name": (DISPLAY,)}, ("integration_id", "type", "configuration")
    ),
    "GetIntegrationRequest": Table(required=("integration_id",)),
    "UpdateIntegrationRequest": Table(required=("integration", "update_mask")),
    "DeleteIntegrationRequest": Table(required=("integration_id",)),
    "CheckIntegrationRequest": Table(required=("integration_id",)),
    "RotateCredentialRequest": Table({"secret": (text(16384),)}, ("integration_id", "secret")),
    # Tools.
    "GetToolRequest": Table(required=("integration_id", "tool_name")),
    "ExecuteToolRequest": Table(
        {"request_id": (ID,), "parameters_json": (json_object,), "timeout": (lasts(0.001, 600),)},
        ("tool_name", "integration_id"),
    ),
    # Budgets.
    "Budget": Table(
        {"budget_id": (SLUG,), "limit": (usd,), "alert_thresholds": (count(16), each(positive, number(0, 1)))},
        ("budget_id",),
    ),
    "CreateBudgetRequest": Table(required=("budget",), whole=(lambda request: _new_budget(request.budget),)),
    "GetBudgetRequest": Table(required=("budget_id",)),
    "UpdateBudgetRequest": Table(required=("budget", "update_mask")),
    "DeleteBudgetRequest": Table(required=("budget_id",)),
    "GetBudgetStatusRequest": Table(required=("budget_id",)),
    # Access.
    "Tenant": Table(
        {
            "tenant_id": (SLUG,),
            "display_name": (DISPLAY,),
            "data_residency": (REGION,),
            "requests_per_minute": (PER_MINUTE,),
        },
        ("tenant_id",),
    ),
    "CreateTenantRequest": Table(required=("tenant",)),
    "UpdateTenantRequest": Table(required=("tenant", "update_mask")),
    "CreateApiKeyRequest": Table(
        {"display_name": (DISPLAY,), "roles": (count(16),), "team_id": (ID,), "requests_per_minute": (PER_MINUTE,)},
        ("roles",),
    ),
    "RevokeApiKeyRequest": Table(required=("key_id",)),
    "RotateApiKeyRequest": Table({"overlap": (lasts(0, 30 * _DAY),)}, ("key_id",)),
    # Analytics.
    "QueryUsageRequest": Table({"group_by": (count(4),)}, ("start_time", "end_time"), (_period,)),
    "ListRequestsRequest": Table(whole=(_period,)),
    "GetRequestRequest": Table(required=("request_id",)),
    "ExportUsageRequest": Table(required=("start_time", "end_time"), whole=(_period,)),
    # Policies.
    "RoutingPolicy": Table({"policy_id": (SLUG,), "max_provider_share": (positive, number(0, 1))}, ("policy_id",)),
    "CreateRoutingPolicyRequest": Table(required=("policy",)),
    "GetRoutingPolicyRequest": Table(required=("policy_id",)),
    "UpdateRoutingPolicyRequest": Table(required=("policy", "update_mask")),
    "DeleteRoutingPolicyRequest": Table(required=("policy_id",)),
    "TaskMapping": Table({"task": (TASK,)}, ("task",)),
    "SetTaskMappingRequest": Table(required=("mapping",)),
    "Experiment": Table({"experiment_id": (SLUG,), "arms": (count(100, 2),)}, ("experiment_id", "model", "arms")),
    "CreateExperimentRequest": Table(required=("experiment",)),
    "StopExperimentRequest": Table(required=("experiment_id",)),
    # Cache.
    "WarmCacheRequest": Table({"requests": (count(100, 1),)}, ("requests",)),
}

# Fields that mean the same in every message.
EVERYWHERE: Mapping[str, Sequence[Check]] = {"page_size": (number(0, 1000),)}


def _new_budget(budget: Any) -> Sequence[tuple[str, str]]:
    missing = [name for name in ("scope", "period") if not getattr(budget, name)]
    missing += [] if budget.HasField("limit") else ["limit"]
    return [(f"budget.{name}", "is required") for name in missing] + [
        (f"budget.{path}", problem) for path, problem in _subject(budget)
    ]
