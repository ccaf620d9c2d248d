"""Provider profiles: facts about providers and the wires that they speak, read from profiles.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

from trunkline.v1.authentication_pb2 import AuthenticationScheme
from trunkline.v1.configuration_pb2 import IntegrationType
from trunkline.v1.connector_pb2 import Connector

from trunkline_server.domain.duration import duration
from trunkline_server.domain.timeouts import PARTS, Part, told
from trunkline_server.providers.features import FEATURES

_FILE = Path(__file__).with_name("profiles.toml")
_SCHEMES = {
    "none": AuthenticationScheme.AUTHENTICATION_SCHEME_NONE,
    "bearer": AuthenticationScheme.AUTHENTICATION_SCHEME_BEARER,
    "header": AuthenticationScheme.AUTHENTICATION_SCHEME_API_KEY_HEADER,
    # What the contract has no name for is "the connector's default".
    "aws": AuthenticationScheme.AUTHENTICATION_SCHEME_UNSPECIFIED,
    "azure": AuthenticationScheme.AUTHENTICATION_SCHEME_UNSPECIFIED,
    "google": AuthenticationScheme.AUTHENTICATION_SCHEME_UNSPECIFIED,
}
_CHOICES = {
    "scheme": frozenset(_SCHEMES),
    "max_tokens_field": frozenset({"max_tokens", "max_completion_tokens"}),
    "end_mark": frozenset({"done", "finish"}),
    "reasoning_style": frozenset({"effort", "object"}),
    "cache_mark": frozenset({"breakpoint", "control"}),
}
# Options of every gateway that are no header: who the integration's secret belongs to.
SECRET_AS = "secret_as"


@dataclass(frozen=True, slots=True)
class Prefill:
    """How a request asks for more of a text of the assistant, its last message: `body` is added to the request, and
    `message` to that message. `models` is a pattern of those that can; empty: all. `echo`: the answer begins with the
    text that was given, which is cut."""

    models: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)
    message: Mapping[str, Any] = field(default_factory=dict)
    echo: bool = False


@dataclass(frozen=True, slots=True)
class Profile:
    """One provider.

    `wire` is its API, by its name in wires.py. `provider` is its id in the catalogue. `endpoint` is the default base
    address, to which the paths are relative; `stream_path` absent is `path`, and an empty `path`, `embed_path` or
    `count_path` is not offered. Addresses may hold `{model}` and the names of `parameters`, which are options that
    stand in addresses, with their defaults; an empty default must be given. `scheme`: `none`, `bearer`, `header` (the
    secret alone, in `secret_header`), or what auth.py makes of it. `token_url` is where tokens/ fetches access tokens,
    of the scope `token_scope`, and `token_options` are the options that this takes. `headers` maps options to headers,
    `constants` are headers of every call. `timeout` is in seconds, 0 for the server's own, and so are `timeouts`, by
    part; `embed_batch` is in texts per call. `dimensions_field` and `purpose_field` are what embeddings call these
    options, empty where they do not take one; `embed_base64`: vectors come as base64. `end_mark`: whether a stream ends
    with `[DONE]` or with its last finish reason. `reasoning_field` is where an assistant's reasoning is sent back.
    `cache_mark` is the kind of mark by which content asks for prompt caching, if any, and `cache_models` a pattern of
    the models that take it. `prefill` says how it goes on from the beginning of an answer, absent: not at all.
    `whole_by_stream`: whole answers are asked for as streams, for servers that notice only a stream's cancellation.
    `close_after_stream`: a connection serves one stream only.
    `signer` signs the reasoning, absent the provider itself; `signers` those of models whose name holds the key.
    `gateway_header` makes it a gateway: it names the provider behind it, whose profile then gives the facts.
    """

    name: str
    display_name: str
    endpoint: str
    wire: str = "openai_chat"
    provider: str = ""
    secret_env: str = ""
    scheme: str = "bearer"
    secret_header: str = ""
    token_url: str = ""
    token_scope: str = ""
    token_options: Sequence[str] = ()
    path: str = "chat/completions"
    stream_path: str = ""
    embed_path: str = ""
    embed_batch: int = 1
    embed_base64: bool = False
    dimensions_field: str = "dimensions"
    purpose_field: str = ""
    count_path: str = ""
    check_path: str = "models"
    timeout: float = 0.0
    timeouts: Mapping[Part, float] = field(default_factory=dict)
    max_tokens_field: str = "max_tokens"
    seed_field: str = "seed"
    max_stop: int = 4
    stream_usage: bool = True
    end_mark: str = "done"
    reasoning_field: str = ""
    reasoning_style: str = "effort"
    cache_mark: str = ""
    cache_models: str = ""
    gateway_header: str = ""
    signer: str = ""
    prefill: Prefill | None = None
    whole_by_stream: bool = False
    close_after_stream: bool = False
    lacks: frozenset[str] = frozenset()
    headers: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    signers: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def options(self) -> list[str]:
        """The names that an integration's options may hold."""
        more = [SECRET_AS] if self.gateway_header else []
        return sorted([*self.headers, *self.parameters, *self.token_options, *more])

    def prefills(self, model: str) -> bool:
        """Whether a model goes on from the beginning of an answer."""
        return self.prefill is not None and re.search(self.prefill.models, model) is not None

    def connector(self) -> Connector:
        """The profile as `ListConnectors` shows it."""
        return Connector(
            name=self.name,
            type=IntegrationType.INTEGRATION_TYPE_LLM_PROVIDER,
            display_name=self.display_name,
            default_endpoint=self.endpoint,
            authentication=_SCHEMES[self.scheme],
            options=self.options,
            timeout=duration(self.timeout),
            timeouts=told(self.timeouts),
        )


def parse(text: str) -> dict[str, Profile]:
    """The profiles in a TOML text, by name. Raises ValueError for unknown keys, values or features."""
    return {name: _profile(name, table) for name, table in tomllib.loads(text).items()}


def _profile(name: str, table: dict[str, Any]) -> Profile:
    unknown = table.keys() - {f.name for f in fields(Profile)} | table.keys() & {"name"}
    if unknown:
        raise ValueError(f"profile {name}: unknown keys {', '.join(sorted(unknown))}")
    for key, allowed in _CHOICES.items():
        if key in table and table[key] not in allowed:
            raise ValueError(f"profile {name}: {key} must be one of {', '.join(sorted(allowed))}")
    if table.get("timeouts", {}).keys() - PARTS:
        raise ValueError(f"profile {name}: timeouts are of {', '.join(sorted(PARTS))}")
    lacks = frozenset(table.get("lacks", ()))
    if lacks - FEATURES:
        raise ValueError(f"profile {name}: unknown features {', '.join(sorted(lacks - FEATURES))}")
    prefill = table.get("prefill")
    made = {"lacks": lacks, "prefill": None if prefill is None else _checked(name, prefill)}
    return Profile(**({"name": name, "provider": name} | table | made))


def _checked(name: str, prefill: Mapping[str, Any]) -> Prefill:
    try:
        return Prefill(**prefill)
    except TypeError:
        raise ValueError(f"profile {name}: unknown keys of `prefill`") from None


@cache
def builtin() -> Mapping[str, Profile]:
    """The profiles that ship with Trunkline, by name."""
    return parse(_FILE.read_text("utf-8"))
