"""The rows that `trunkline dev` needs: a tenant, its key, a budget, integrations. Made once, renewed at each start."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import TypeVar

from trunkline.v1.access_pb2 import ApiKey, Tenant
from trunkline.v1.budget_pb2 import Budget, BudgetEnforcement, BudgetPeriod, BudgetScope
from trunkline.v1.configuration_pb2 import (
    Configuration,
    IntegrationType,
    LlmProviderConfiguration,
    ModelOverride,
    PriceOverride,
)
from trunkline.v1.integration_pb2 import Integration
from trunkline.v1.model_pb2 import Modality

from trunkline_server.cli.state import TENANT, DevState
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.keys import hash_secret, new_api_key, parse_token
from trunkline_server.domain.money import NANO, to_money
from trunkline_server.domain.ports import Actor
from trunkline_server.embedded.embedder import DIMENSIONS, MAX_TOKENS, NAME
from trunkline_server.providers import urls
from trunkline_server.providers.profiles import Profile, builtin
from trunkline_server.stores.crypto import Keyring
from trunkline_server.stores.postgres import Database, PgBudgets, PgIntegrations, PgKeys, PgTenants

MODEL_INTEGRATION = "local"
EMBEDDINGS_INTEGRATION = "local-embeddings"
BUDGET = "monthly"
_BUDGET_USD = 10
_ROLES = ("admin", "operator")
_ACTOR = Actor(TENANT, "dev")
# The model runs here and costs nothing; a nominal price makes costs and budgets visible. Nano-USD per million tokens.
_PRICE_IN, _PRICE_OUT = 20_000_000, 60_000_000
# Options of a profile that have a variable of their own.
_OPTIONS: Mapping[str, Mapping[str, str]] = {
    "azure": {"resource": "AZURE_OPENAI_RESOURCE"},
    "bedrock": {"region": "AWS_REGION"},
    "portkey": {"virtual_key": "PORTKEY_VIRTUAL_KEY", "config": "PORTKEY_CONFIG"},
    "vertex": {"project": "GOOGLE_CLOUD_PROJECT", "location": "GOOGLE_CLOUD_LOCATION"},
}

Row = TypeVar("Row")


async def prepare(database: Database, state: DevState, model: str, environ: Mapping[str, str]) -> list[str]:
    """Make what is absent and renew what may have changed; `state` gets the key. `model` is the local model's name.

    Returns the ids of the integrations that came from the environment. Raises TrunklineError.
    """
    await _tenant(database)
    await _key(database, state)
    await _budget(database)
    store = PgIntegrations(database, Keyring.from_setting(state.credential_keys))
    await _put(store, _local(state.model_url, model), "")
    await _put(store, _embeddings(state.embeddings_url), "")
    found = [profile for profile in _keyed(environ) if not urls.problems(profile, _options(profile, environ))]
    for profile in found:
        await _put(store, _hosted(profile, environ), environ[profile.secret_env])
    return [profile.name for profile in found]


def notes(environ: Mapping[str, str]) -> list[str]:
    """What of the environment cannot be used as it is, a line each."""
    lines = []
    for profile in _keyed(environ):
        for option, why in urls.problems(profile, _options(profile, environ)):
            variable = _OPTIONS.get(profile.name, {}).get(option, option)
            lines.append(f"{profile.display_name} is left out: {variable}: {why}")
    if environ.get("PORTKEY_API_KEY") and not any(environ.get(name) for name in _OPTIONS["portkey"].values()):
        lines.append("Portkey: unless its key has a default config, set PORTKEY_VIRTUAL_KEY or PORTKEY_CONFIG too")
    return lines


def _keyed(environ: Mapping[str, str]) -> list[Profile]:
    """The profiles whose key is in the environment."""
    return [profile for profile in builtin().values() if profile.secret_env and environ.get(profile.secret_env)]


def _options(profile: Profile, environ: Mapping[str, str]) -> dict[str, str]:
    names = _OPTIONS.get(profile.name, {})
    return {option: environ[name] for option, name in names.items() if environ.get(name)}


async def _tenant(database: Database) -> None:
    tenants = PgTenants(database)
    if await _find(tenants.get(TENANT)) is None:
        await tenants.create(_ACTOR, Tenant(tenant_id=TENANT, display_name="Development"))


async def _key(database: Database, state: DevState) -> None:
    store = PgKeys(database)
    parts = parse_token(state.key)
    if parts:
        found = await _find(store.get(TENANT, parts[0]))
        if found is not None and not found.HasField("revoke_time"):
            return
        if found is not None:
            parts = None
    if parts is None:
        key_id, state.key, digest = new_api_key()
    else:
        # The database is new and the file is not: the key stays what it was.
        key_id, digest = parts[0], hash_secret(parts[1])
    await store.create(_ACTOR, ApiKey(key_id=key_id, tenant_id=TENANT, display_name="dev", roles=_ROLES), digest)


async def _budget(database: Database) -> None:
    store = PgBudgets(database)
    if await _find(store.get(TENANT, BUDGET)) is not None:
        return
    budget = Budget(
        budget_id=BUDGET,
        scope=BudgetScope.BUDGET_SCOPE_TENANT,
        limit=to_money(_BUDGET_USD * NANO),
        period=BudgetPeriod.BUDGET_PERIOD_MONTH,
        enforcement=BudgetEnforcement.BUDGET_ENFORCEMENT_HARD,
    )
    await store.create(_ACTOR, budget)


async def _put(store: PgIntegrations, integration: Integration, secret: str) -> None:
    current = await _find(store.get(TENANT, integration.integration_id))
    if current is None:
        await store.create(_ACTOR, integration, secret)
        return
    integration.etag, integration.status = current.etag, current.status
    await store.update(_ACTOR, integration, secret)


def _local(endpoint: str, model: str) -> Integration:
    price = PriceOverride(model=model, input_nano_usd_per_million=_PRICE_IN, output_nano_usd_per_million=_PRICE_OUT)
    return Integration(
        integration_id=MODEL_INTEGRATION,
        type=IntegrationType.INTEGRATION_TYPE_LLM_PROVIDER,
        display_name="The model on this machine (nominal price)",
        configuration=Configuration(
            endpoint=endpoint,
            llm_provider=LlmProviderConfiguration(provider="llamacpp", models=[model], price_overrides=[price]),
        ),
    )


def _embeddings(endpoint: str) -> Integration:
    facts = ModelOverride(
        model=NAME,
        display_name=f"{NAME}, {DIMENSIONS} dimensions",
        context_window=MAX_TOKENS,
        capabilities=["embeddings"],
        input_modalities=[Modality.MODALITY_TEXT],
        output_modalities=[Modality.MODALITY_EMBEDDING],
    )
    free = PriceOverride(model=NAME)
    return Integration(
        integration_id=EMBEDDINGS_INTEGRATION,
        type=IntegrationType.INTEGRATION_TYPE_LLM_PROVIDER,
        display_name="The embedding model on this machine (free)",
        configuration=Configuration(
            endpoint=endpoint,
            llm_provider=LlmProviderConfiguration(
                provider="local", models=[NAME], price_overrides=[free], model_overrides=[facts]
            ),
        ),
    )


def _hosted(profile: Profile, environ: Mapping[str, str]) -> Integration:
    return Integration(
        integration_id=profile.name,
        type=IntegrationType.INTEGRATION_TYPE_LLM_PROVIDER,
        display_name=f"{profile.display_name} ({profile.secret_env})",
        configuration=Configuration(
            llm_provider=LlmProviderConfiguration(provider=profile.name, options=_options(profile, environ)),
        ),
    )


async def _find(read: Awaitable[Row]) -> Row | None:
    try:
        return await read
    except TrunklineError as error:
        if error.reason == Reason.ERROR_REASON_NOT_FOUND:
            return None
        raise
