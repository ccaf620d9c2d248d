"""Random tenants and requests for the router, and an independent reading of what binds a call."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from google.protobuf.duration_pb2 import Duration
from trunkline.v1.access_pb2 import Tenant
from trunkline.v1.common_pb2 import CallContext
from trunkline.v1.completion_pb2 import CompleteRequest, RecoveryPolicy
from trunkline.v1.configuration_pb2 import ModelOverride, PriceOverride
from trunkline.v1.experiment_pb2 import Experiment, ExperimentArm, ExperimentState
from trunkline.v1.integration_health_pb2 import IntegrationStatus
from trunkline.v1.integration_pb2 import Integration
from trunkline.v1.model_pb2 import Modality
from trunkline.v1.policy_pb2 import ComplexityTier, RoutingLink, RoutingMatch, RoutingPolicy, TaskMapping
from trunkline.v1.requirements_pb2 import ModelRequirements, RoutingOptions
from trunkline.v1.route_pb2 import RoutingObjective
from trunkline_server.domain.errors import Reason
from trunkline_server.domain.money import to_money
from trunkline_server.domain.ports import TenantView
from trunkline_server.domain.routes.candidates import Candidate
from trunkline_server.domain.steering import RoutingView
from unit.domain_parts import TENANT, World, answer, integration

PROVIDERS = ("alpha", "beta", "gamma")
MODELS = ("small", "middle", "large")
REGIONS = ("", "eu", "eu-west", "us")
CAPABILITIES = ("text", "tools", "vision", "structured_output")
TASKS = ("", "analysis", "chat")
_OBJECTIVES = list(RoutingObjective.values())


def some(rng: random.Random, values: Sequence[str], most: int = 9) -> list[str]:
    """Some of the values, often none."""
    return rng.sample(values, rng.randrange(min(most, len(values)) + 1)) if rng.random() < 0.4 else []


def names() -> list[str]:
    """Every way to name a model."""
    return [*MODELS, *(f"{p}/{m}" for p in PROVIDERS for m in MODELS), *(f"{p}/*" for p in PROVIDERS), "fast"]


def requirements(rng: random.Random) -> ModelRequirements:
    """Random requirements, mostly few."""
    wanted = ModelRequirements(capabilities=some(rng, CAPABILITIES, 2))
    if rng.random() < 0.1:
        wanted.max_cost_per_token.CopyFrom(to_money(rng.randrange(1, 20_000)))
    if rng.random() < 0.1:
        wanted.data_residency = rng.choice(("eu", "us"))
    if rng.random() < 0.06:
        wanted.max_data_retention.CopyFrom(Duration(seconds=rng.choice((0, 3600))))
    if rng.random() < 0.06:
        wanted.min_context_tokens = rng.choice((1000, 50_000))
    if rng.random() < 0.06:
        wanted.min_quality = rng.random()
    if rng.random() < 0.1:
        wanted.output_modalities.append(Modality.MODALITY_IMAGE)
    if rng.random() < 0.06:
        wanted.allowed_models.extend(some(rng, names()[:-1], 4))
    if rng.random() < 0.06:
        wanted.denied_models.extend(some(rng, names()[:-1], 3))
    if rng.random() < 0.06:
        wanted.max_latency.CopyFrom(Duration(seconds=rng.choice((1, 5))))
    return wanted


def policy(rng: random.Random, number: int) -> RoutingPolicy:
    """A random policy that could be followed."""
    links = [RoutingLink(model=rng.choice(names()[:-4]), weight=rng.random() + 0.1) for _ in range(rng.randrange(1, 4))]
    if number and rng.random() < 0.4:
        links.append(RoutingLink(policy_id=f"p{number - 1}", weight=1))
    tiers = [ComplexityTier(up_to=0.5, models=some(rng, MODELS)), ComplexityTier(up_to=1.0, min_quality=rng.random())]
    return RoutingPolicy(
        policy_id=f"p{number}",
        objective=rng.choice(_OBJECTIVES),
        constraints=requirements(rng) if rng.random() < 0.4 else None,
        allowed_models=some(rng, names()[:-1], 5) if rng.random() < 0.2 else (),
        denied_models=some(rng, names()[:-1], 2) if rng.random() < 0.2 else (),
        order=rng.randrange(3),
        match=RoutingMatch(tasks=some(rng, TASKS[1:]), user_tiers=some(rng, ("free", "paid"))),
        chain=links,
        tiers=tiers,
    )


def providers(rng: random.Random) -> Iterator[Integration]:
    """Random integrations."""
    for number in range(rng.randrange(1, 5)):
        provider = rng.choice(PROVIDERS)
        models = rng.sample(MODELS, rng.randrange(1, 4))
        prices = [
            PriceOverride(
                model=model,
                input_nano_usd_per_million=rng.randrange(1, 10**10),
                output_nano_usd_per_million=rng.randrange(1, 10**10),
            )
            for model in models
            if rng.random() < 0.8
        ]
        one = integration(provider, models=models, region=rng.choice(REGIONS), overrides=prices)
        one.integration_id = f"{provider}-{number}"
        for model in models:
            override = ModelOverride(model=model, capabilities=["text", *some(rng, CAPABILITIES[1:])])
            if rng.random() < 0.7:
                override.context_window = rng.choice((500, 8000, 100_000))
            if rng.random() < 0.7:
                override.quality = rng.random()
            if rng.random() < 0.1:
                override.output_modalities.extend((Modality.MODALITY_TEXT, Modality.MODALITY_IMAGE))
            one.configuration.llm_provider.model_overrides.append(override)
        if rng.random() < 0.5:
            one.configuration.llm_provider.data_retention.CopyFrom(Duration(seconds=rng.choice((0, 86_400))))
        if rng.random() < 0.1:
            one.status = IntegrationStatus.INTEGRATION_STATUS_DISABLED
        yield one


def world(rng: random.Random) -> World:
    """A random tenant."""
    made = list(providers(rng))
    residency = rng.choice(("", "", "", "eu"))
    found = World(
        {name: [answer()] for name in PROVIDERS},
        prices={"other/m": (1, 1)},
        integrations=made,
        tenant=Tenant(tenant_id=TENANT, data_residency=residency),
        aliases={"fast": ["alpha/small", "beta/small"]},
        max_provider_share=0.6,
    )
    experiment = Experiment(
        experiment_id="e",
        model=rng.choice(("*", "fast")),
        arms=[ExperimentArm(model=model, arm_id=model, share=0.5, current_share=0.5) for model in ("small", "large")],
        state=ExperimentState.EXPERIMENT_STATE_RUNNING,
    )
    view = found.view
    found.directory.view = TenantView(
        view.tenant,
        view.integrations,
        view.secrets,
        view.budgets,
        RoutingView(
            revision=7,
            policies=[policy(rng, number) for number in range(rng.randrange(4))],
            mappings=[TaskMapping(task="analysis", primary_model="large", fallback_models=["fast"])],
            experiments=[experiment] if rng.random() < 0.3 else [],
        ),
    )
    return found


def unsettle(rng: random.Random, candidates: Sequence[Candidate]) -> None:
    """Some candidates are slow, some fail, some asked to be left alone."""
    for one in candidates:
        if rng.random() < 0.3:
            one.breaker.paced(rng.random() * 8, rng.random(), 100)
        if rng.random() < 0.1:
            for _ in range(5):
                one.breaker.failed(Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE, one.breaker.clock())
        if rng.random() < 0.05:
            one.breaker.busy(9.0, one.breaker.clock())


def request(rng: random.Random) -> CompleteRequest:
    """A random request."""
    wanted = requirements(rng)
    wanted.task = rng.choice(TASKS)
    return CompleteRequest(
        request_id=f"r-{rng.randrange(10**6)}",
        prompt="word " * rng.choice((3, 300, 900)),
        model=rng.choice(("", "", "", "fast", "large")),
        max_tokens=rng.choice((None, 100, 2000)),
        model_requirements=wanted,
        recovery=RecoveryPolicy(fallback_models=some(rng, MODELS, 2)),
        context=CallContext(agent_id="a", session_id=rng.choice(("", "s")), user_tier=rng.choice(("", "free", "paid"))),
        routing=RoutingOptions(policy=rng.choice(("", "", "balanced", "latency"))),
        seed=rng.choice((None, None, None, None, None, 1)),
    )


# ── An independent reading ──────────────────────────────────────────────────────────────────────────────────────


def breaks(one: Candidate, wanted: ModelRequirements, only: Sequence[str] = (), never: Sequence[str] = ()) -> str:
    """What of some requirements a candidate does not meet, written from the contract; empty when nothing."""
    facts, target = one.facts, one.target
    mine = {one.name, target.model, f"{target.provider}/*", f"{target.integration_id}/*"}
    allowed, denied = {*wanted.allowed_models, *only}, {*wanted.denied_models, *never}
    if allowed and not allowed & mine:
        return "allowed"
    if denied & mine:
        return "denied"
    if set(wanted.capabilities) - set(facts.capabilities):
        return "capabilities"
    if wanted.output_modalities and not set(wanted.output_modalities) <= set(facts.output_modalities):
        return "output"
    home = wanted.data_residency
    if home and one.region != home and not one.region.startswith(home + "-"):
        return "residency"
    if wanted.HasField("max_data_retention") and (
        one.retention is None or one.retention > wanted.max_data_retention.seconds
    ):
        return "retention"
    if wanted.HasField("max_cost_per_token"):
        limit = (wanted.max_cost_per_token.units * 10**9 + wanted.max_cost_per_token.nanos) * 10**6
        if one.prices is None or max(one.prices.dearest_input, one.prices.dearest_output) > limit:
            return "price"
    if wanted.min_context_tokens and (
        not facts.HasField("context_window") or facts.context_window < wanted.min_context_tokens
    ):
        return "context"
    if wanted.min_quality and (one.quality is None or one.quality < wanted.min_quality):
        return "quality"
    if wanted.HasField("max_latency"):
        live = one.breaker.live
        seen = live.one(one.breaker.row, 1024) if live else None
        # An answer is at most the usual length; a shorter one is quicker.
        quickest = live.one(one.breaker.row, 1) if live else None
        if seen is not None and quickest is not None and quickest > wanted.max_latency.ToTimedelta().total_seconds():
            return "latency"
    return ""


def meets(match: RoutingMatch, asked: CompleteRequest) -> bool:
    """Whether a policy is for a request."""
    return (not match.tasks or asked.model_requirements.task in match.tasks) and (
        not match.user_tiers or asked.context.user_tier in match.user_tiers
    )
