"""Profiles are data: a compatible provider is a few lines of TOML."""

from __future__ import annotations

import orjson
import pytest
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline_server.domain.ports import Target
from trunkline_server.providers import auth
from trunkline_server.providers.openai_compatible import WIRE
from trunkline_server.providers.options import unsupported
from trunkline_server.providers.profiles import builtin, parse
from trunkline_server.providers.wire import Subject

NEW = """
[acme]
display_name = "Acme"
endpoint = "https://llm.acme.example/v1"
max_tokens_field = "max_completion_tokens"
lacks = ["top_k"]
"""


def _target(profile: str, secret: str = "s3cret", provider: str = "openai", **options: str) -> Target:
    return Target("i", profile, provider, "m", "", 30.0, secret, options)


def test_a_new_provider_is_a_few_lines() -> None:
    acme = parse(NEW)["acme"]
    asked = CompleteRequest(prompt="Hi", max_tokens=5, top_k=3)
    assert unsupported(asked, acme) == [("top_k", "Acme does not support this (top_k)")]
    body = WIRE.encode(CompleteRequest(prompt="Hi", max_tokens=5), Subject(acme, "acme", "m"), True)
    assert orjson.loads(body) == {
        "model": "m",
        "messages": [{"role": "user", "content": "Hi"}],
        "max_completion_tokens": 5,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert acme.connector().default_endpoint == "https://llm.acme.example/v1"
    assert acme.provider == "acme"


def test_a_provider_without_a_path_for_completions_serves_none() -> None:
    silent = parse(f'{NEW}path = ""\n')["acme"]
    assert unsupported(CompleteRequest(prompt="Hi", top_k=3), silent) == [("model", "Acme serves no completions")]


@pytest.mark.parametrize(
    "line", ['colour = "red"', 'name = "x"', 'lacks = ["wings"]', 'scheme = "x"', 'end_mark = "x"']
)
def test_what_is_unknown_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="profile acme"):
        parse(f'[acme]\ndisplay_name = "Acme"\nendpoint = "https://a.example"\n{line}\n')


def test_the_shipped_profiles_are_complete() -> None:
    profiles = builtin()
    assert {"openai", "vllm", "tgi", "llamacpp", "ollama", "groq", "mistral", "deepseek", "openrouter", "xai",
            "perplexity", "together", "fireworks", "portkey"} <= profiles.keys()  # fmt: skip
    for profile in profiles.values():
        # Those of a key that another profile takes by default have none, and those without a key.
        assert profile.secret_env.isupper() or profile.name.endswith("_responses") or profile.scheme == "none"
        assert profile.endpoint.startswith(("https://", "http://127.0.0.1"))


def test_a_bearer_secret() -> None:
    openai = builtin()["openai"]
    assert auth.fixed(openai, _target("openai", organization="org-1")) == {
        "Authorization": "Bearer s3cret",
        "OpenAI-Organization": "org-1",
    }
    assert auth.fixed(openai, _target("openai", secret="")) == {}


def test_portkey_headers() -> None:
    portkey = builtin()["portkey"]
    hosted = auth.fixed(portkey, _target("portkey", virtual_key="vk"))
    assert hosted == {
        "x-portkey-api-key": "s3cret",
        "x-portkey-provider": "openai",
        "x-portkey-virtual-key": "vk",
    }
    self_hosted = auth.fixed(portkey, _target("portkey", secret_as="upstream", custom_host="https://h/v1"))
    assert self_hosted == {
        "Authorization": "Bearer s3cret",
        "x-portkey-provider": "openai",
        "x-portkey-custom-host": "https://h/v1",
    }
    # A credential among the options would be shown to whoever reads the integration.
    assert "authorization" not in portkey.options


def test_a_target_never_shows_its_secret() -> None:
    assert "s3cret" not in repr(_target("openai"))


def test_the_secrets_of_clouds() -> None:
    azure = auth.fixed(builtin()["azure"], _target("azure", resource="r"))
    assert azure == {"api-key": "s3cret"}
    assert auth.fixed(builtin()["vertex"], _target("vertex", project="p")) == {"Authorization": "Bearer s3cret"}
    # Signed, not sent.
    assert "s3cret" not in str(auth.fixed(builtin()["bedrock"], _target("bedrock")))
