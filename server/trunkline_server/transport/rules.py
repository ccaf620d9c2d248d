"""The limits that the contract's comments state, as data. `validate.py` applies them.

A table holds, for one message, what is required and what each field that is set must meet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trunkline_server.transport.checks import (
    Check,
    agent,
    at_least,
    choice,
    count,
    each,
    entries,
    json_object,
    json_text,
    kind,
    lasts,
    limit,
    media,
    model_or_capabilities,
    number,
    once,
    parts,
    period,
    positive,
    prompt_or_messages,
    reasoning,
    resumes,
    size,
    subject,
    text,
    tools_unique,
    usd,
)
from trunkline_server.transport.rules_systems import SYSTEMS
from trunkline_server.transport.table import (
    DAY,
    DESCRIPTION,
    DISPLAY,
    HOUR,
    ID,
    LABELS,
    MODELS,
    NAME,
    PER_MINUTE,
    REGION,
    SECOND,
    SHARE,
    SLUG,
    TASK,
    TIER,
    TOOLS,
    USER_ID,
    Table,
)

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
    "tools": (count(256), tools_unique),
    "provider_options_json": (entries(8, text(64), size(65536)), entries(8, text(64), json_object)),
}

TABLES: Mapping[str, Table] = {
    **SYSTEMS,
    # Shared.
    "CallContext": Table(
        {
            "agent_id": (ID,),
            "workflow_id": (ID,),
            "user_id": (USER_ID,),
            "session_id": (ID,),
            "labels": (LABELS,),
            "user_tier": (TIER,),
        }
    ),
    "CallLimit": Table(
        {
            "subject": (text(256),),
            "requests_per_minute": (PER_MINUTE,),
            "tokens_per_minute": (PER_MINUTE,),
            "max_concurrent": (at_least(1),),
        },
        ("scope",),
        (limit,),
    ),
    # Content.
    "Message": Table({"name": (text(64),)}, ("role",), (parts,)),
    "Part": Table(whole=(kind,)),
    "Media": Table(required=("kind",), whole=(media,)),
    "ToolCall": Table({"arguments_json": (json_text,)}, ("name",)),
    "ToolResult": Table(required=("tool_call_id",)),
    "ToolDefinition": Table({"name": (NAME,), "parameters_schema_json": (json_object,)}, ("name",)),
    "ToolChoice": Table(whole=(choice,)),
    "JsonSchemaFormat": Table({"name": (NAME,), "schema_json": (json_object,)}, ("name", "schema_json")),
    "ReasoningOptions": Table({"budget_tokens": (at_least(1),)}, whole=(reasoning,)),
    # Completions.
    "ModelRequirements": Table(
        {
            "capabilities": (count(16),),
            "max_cost_per_token": (usd,),
            "max_latency": (lasts(1e-9, 365 * DAY),),
            "data_residency": (REGION,),
            "task": (TASK,),
            "min_context_tokens": (at_least(1),),
            "max_data_retention": (lasts(0, 3650 * DAY),),
            "output_modalities": (count(6),),
            "allowed_models": MODELS,
            "denied_models": MODELS,
            "min_quality": (SHARE,),
        }
    ),
    "RoutingOptions": Table({"policy": (SLUG,)}),
    "CachePolicy": Table(
        {
            "ttl": (lasts(SECOND, 30 * DAY),),
            "similarity_threshold": (number(0, 1),),
            "scope": (ID,),
        }
    ),
    "RecoveryPolicy": Table(
        {
            "max_attempts": (number(1, 10),),
            "fallback_models": (count(8), each(text(256))),
            "hedge_after": (lasts(0.001, HOUR),),
            "attempt_timeout": (lasts(0.001, HOUR),),
        }
    ),
    "CompleteRequest": Table(_COMPLETE, (), (prompt_or_messages, model_or_capabilities, agent)),
    "StreamCompleteRequest": Table({"resume_window": (lasts(0.001, 60),)}, ("request",), (resumes,)),
    "CountTokensRequest": Table(required=("request",), nested={"request": "CompleteRequest, counted"}),
    "CompleteRequest, counted": Table(_COMPLETE, ("model",), (prompt_or_messages,)),
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
        (model_or_capabilities, agent),
    ),
    "GetModelRequest": Table({"name": (text(256),)}, ("name",)),
    "RecordFeedbackRequest": Table(
        {"score": (number(0, 1),), "aspect": (TASK,), "comment": (text(4096),)}, ("request_id", "score")
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
            "limits": (count(64), once),
        },
        ("tenant_id",),
    ),
    "CreateTenantRequest": Table(required=("tenant",)),
    "UpdateTenantRequest": Table(required=("tenant", "update_mask")),
    "CreateApiKeyRequest": Table(
        {
            "display_name": (DISPLAY,),
            "roles": (count(16),),
            "team_id": (ID,),
            "requests_per_minute": (PER_MINUTE,),
            "tokens_per_minute": (PER_MINUTE,),
            "max_concurrent": (at_least(1),),
            "allowed_tools": (count(256), each(TOOLS)),
        },
        ("roles",),
    ),
    "RevokeApiKeyRequest": Table(required=("key_id",)),
    "RotateApiKeyRequest": Table({"overlap": (lasts(0, 30 * DAY),)}, ("key_id",)),
    # Analytics.
    "QueryUsageRequest": Table({"group_by": (count(4),)}, ("start_time", "end_time"), (period,)),
    "ListRequestsRequest": Table(whole=(period,)),
    "GetRequestRequest": Table(required=("request_id",)),
    "ExportUsageRequest": Table(required=("start_time", "end_time"), whole=(period,)),
    # Policies and experiments. What depends on the tenant's models and other policies is checked where it is known.
    "RoutingMatch": Table(
        {
            **dict.fromkeys(("agent_ids", "user_ids", "workflow_ids"), (count(256), each(USER_ID))),
            **{"user_tiers": (count(64), each(TIER)), "tasks": (count(64), each(TASK)), "labels": (LABELS,)},
        }
    ),
    "RoutingLink": Table({"model": (text(256),), "policy_id": (SLUG,)}),
    "ComplexityTier": Table({"up_to": (SHARE,), "models": MODELS, "min_quality": (SHARE,)}),
    "RoutingPolicy": Table(
        {
            **{"policy_id": (SLUG,), "max_provider_share": (positive, SHARE), "description": (DESCRIPTION,)},
            **{"allowed_models": MODELS, "denied_models": MODELS, "chain": (count(64),), "tiers": (count(8),)},
        },
        ("policy_id",),
    ),
    "CreateRoutingPolicyRequest": Table(required=("policy",)),
    "GetRoutingPolicyRequest": Table(required=("policy_id",)),
    "UpdateRoutingPolicyRequest": Table(required=("policy", "update_mask")),
    "DeleteRoutingPolicyRequest": Table(required=("policy_id",)),
    "TaskMapping": Table(
        {
            **{"task": (TASK,), "primary_model": (text(256),), "budget_model": (text(256),)},
            **{"fallback_models": (count(16), each(text(256, r"(?s).+", "1 to 256 bytes")))},
        },
        ("task", "primary_model"),
    ),
    "SetTaskMappingRequest": Table(required=("mapping",)),
    "DeleteTaskMappingRequest": Table(required=("task",)),
    "ExperimentArm": Table({"arm_id": (SLUG,), "model": (text(256),), "share": (positive, SHARE)}, ("model", "share")),
    "ExperimentGuardrail": Table({"max_loss": (number(0, 10),)}, ("metric",)),
    "Experiment": Table(
        {
            **{"experiment_id": (SLUG,), "model": (text(256),), "arms": (count(16, 2),), "guardrails": (count(4),)},
            **{"sticky_by": (text(16, "user|session|agent|request"),), "aspect": (TASK,)},
            **dict.fromkeys(("confidence", "power"), (number(0.5, 0.9999),)),
            **{"minimum_effect": (SHARE,), "description": (DESCRIPTION,)},
        },
        ("experiment_id", "model", "arms"),
    ),
    "CreateExperimentRequest": Table(required=("experiment",)),
    "GetExperimentRequest": Table(required=("experiment_id",)),
    "StopExperimentRequest": Table(required=("experiment_id",)),
    "GetExperimentResultsRequest": Table(required=("experiment_id",)),
    # Cache.
    "WarmCacheRequest": Table({"requests": (count(100, 1),)}, ("requests",)),
}

# Fields that mean the same in every message.
EVERYWHERE: Mapping[str, Sequence[Check]] = {"page_size": (number(0, 1000),)}


def _new_budget(budget: Any) -> Sequence[tuple[str, str]]:
    missing = [name for name in ("scope", "period") if not getattr(budget, name)]
    missing += [] if budget.HasField("limit") else ["limit"]
    return [(f"budget.{name}", "is required") for name in missing] + [
        (f"budget.{path}", problem) for path, problem in subject(budget)
    ]
