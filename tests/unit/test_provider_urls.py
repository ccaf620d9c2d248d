"""Addresses of calls: options in them, Azure's, and what an integration must give."""

from __future__ import annotations

import pytest
from trunkline.v1.configuration_pb2 import Configuration, LlmProviderConfiguration
from trunkline.v1.integration_pb2 import Integration
from trunkline_server.domain.addresses import OutboundPolicy
from trunkline_server.domain.ports import Target
from trunkline_server.providers import urls
from trunkline_server.providers.driver import ProviderDriver
from trunkline_server.providers.profiles import builtin, parse

OWN = "https://models.example.com"
NEEDS = """
[acme]
display_name = "Acme"
endpoint = "https://{place}.example"
path = "{area}/chat"
parameters = { place = "", area = "" }
"""


def _target(profile: str, endpoint: str = "", **options: str) -> Target:
    return Target("i", profile, "azure", "my model/1", endpoint, 30.0, "s", options)


@pytest.mark.parametrize(
    ("endpoint", "options", "url"),
    [
        (
            "",
            {"resource": "acme"},
            "https://acme.openai.azure.com/openai/deployments/my%20model%2F1/chat/completions?api-version=2024-10-21",
        ),
        (
            OWN,
            {"api_version": "2025-01-01-preview"},
            f"{OWN}/openai/deployments/my%20model%2F1/chat/completions?api-version=2025-01-01-preview",
        ),
    ],
)
def test_azure_addresses(endpoint: str, options: dict[str, str], url: str) -> None:
    azure = builtin()["azure"]
    assert urls.of(azure, _target("azure", endpoint, **options), azure.path) == url


def test_azure_responses_need_no_version() -> None:
    profile = builtin()["azure_responses"]
    found = urls.of(profile, _target("azure_responses", resource="acme"), profile.path)
    assert found == "https://acme.openai.azure.com/openai/v1/responses"


def test_what_stands_in_the_endpoint_only_is_not_needed_beside_another_one() -> None:
    acme = parse(NEEDS)["acme"]
    assert [name for name, _ in urls.problems(acme, {})] == ["place", "area"]
    assert [name for name, _ in urls.problems(acme, {}, OWN)] == ["area"]
    assert [name for name, _ in urls.problems(acme, {"area": "a"}, "https://x-{place}.example")] == ["place"]
    # What is given must still be fit to stand there.
    assert [name for name, _ in urls.problems(acme, {"area": "a", "place": "a/b"}, OWN)] == ["place"]


@pytest.mark.parametrize(
    ("endpoint", "options", "wrong"),
    [
        ("", {}, {"configuration.llm_provider.options[resource]"}),
        ("", {"resource": "acme"}, set()),
        ("", {"resource": "evil.example/"}, {"configuration.llm_provider.options[resource]"}),
        (OWN, {}, set()),
        (OWN, {"api_version": "a b"}, {"configuration.llm_provider.options[api_version]"}),
    ],
)
async def test_an_azure_integration_names_its_resource_or_its_endpoint(
    endpoint: str, options: dict[str, str], wrong: set[str]
) -> None:
    settings = LlmProviderConfiguration(provider="azure", options=options)
    integration = Integration(configuration=Configuration(endpoint=endpoint, llm_provider=settings))
    async with ProviderDriver(OutboundPolicy()) as driver:
        assert {path for path, _ in driver.validate(integration)} == wrong


@pytest.mark.parametrize(
    ("value", "fine"),
    [
        ("https://llm.example/v1", True),
        ("pk-virtual-1", True),
        ('{"retry":{"attempts":2}}', True),
        ("http://llm.example/v1", False),
        ("https://169.254.169.254/latest", False),
        ("https://[::1]/v1", False),
        ("https://localhost:8080/v1", False),
        ("https://vault.internal/v1", False),
        ("https://billing/v1", False),
        ("https://2130706433/v1", False),
        ("https://0x7f.1/v1", False),
        ('{"targets":[{"custom_host":"https:\\/\\/10.0.0.7\\/v1"}]}', False),
        ("file:///etc/passwd", False),
    ],
)
async def test_a_gateway_is_not_sent_inside(value: str, fine: bool) -> None:
    found = {}
    for option in ("custom_host", "config"):
        settings = LlmProviderConfiguration(provider="portkey", options={option: value})
        async with ProviderDriver(OutboundPolicy()) as driver:
            wrong = driver.validate(Integration(configuration=Configuration(llm_provider=settings)))
        found[option] = [path for path, _ in wrong] in ([], [f"configuration.llm_provider.options[{option}]"])
        assert bool(wrong) != fine
    assert all(found.values())


async def test_the_operator_may_let_a_gateway_inside() -> None:
    settings = LlmProviderConfiguration(provider="portkey", options={"custom_host": "https://vault.internal:8200/v1"})
    integration = Integration(configuration=Configuration(llm_provider=settings))
    for allowed in (("vault.internal",), ("vault.internal:8200",)):
        async with ProviderDriver(OutboundPolicy(allow=allowed)) as driver:
            assert driver.validate(integration) == []
    async with ProviderDriver(OutboundPolicy(allow=("vault.internal:1",))) as driver:
        assert driver.validate(integration)
