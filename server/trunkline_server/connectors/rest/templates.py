"""API templates: one TOML file each, read strictly. A key that the engine does not honour is refused.

display_name = "…"                  # for people
endpoint = "https://…"              # the default base address
timeout_seconds = 10                # of one call, 0.1 to 600
[timeouts]                          # optional: connect, first_byte, idle, in seconds
check_path = "/…"                   # answered with GET by the live check
idempotency_header = "…"            # optional: by which the API knows a call that is made again
rate_per_second = 3                 # optional: calls are spaced to this, per credential and process
[authentication]                    # scheme: none, bearer, api_key_header, api_key_query, basic
[headers]                           # optional: sent with every call
[errors]                            # optional: how this API tells errors, see ErrorMap
[[tools]]                           # name, description, method, path, query, cache_ttl_seconds
[tools.parameters]                  # JSON Schema of the tool's parameters
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from trunkline.v1.integration_pb2 import ApiTool, AuthenticationScheme, Connector, IntegrationType

from trunkline_server.domain.duration import duration
from trunkline_server.domain.timeouts import PARTS, Part, told

SHIPPED = Path(__file__).parent.parent / "templates"

_SCHEMES: dict[str, AuthenticationScheme.ValueType] = {
    "none": AuthenticationScheme.AUTHENTICATION_SCHEME_NONE,
    "bearer": AuthenticationScheme.AUTHENTICATION_SCHEME_BEARER,
    "api_key_header": AuthenticationScheme.AUTHENTICATION_SCHEME_API_KEY_HEADER,
    "api_key_query": AuthenticationScheme.AUTHENTICATION_SCHEME_API_KEY_QUERY,
    "basic": AuthenticationScheme.AUTHENTICATION_SCHEME_BASIC,
}


class TemplateError(ValueError):
    """A template file is not valid; the message names the file and the key."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TemplateAuthentication(_Strict):
    """How the API is authenticated, unless the integration says otherwise."""

    scheme: Literal["none", "bearer", "api_key_header", "api_key_query", "basic"]
    parameter_name: str = ""

    @property
    def scheme_value(self) -> AuthenticationScheme.ValueType:
        """The scheme as in the contract."""
        return _SCHEMES[self.scheme]


class ErrorMap(_Strict):
    """How an API tells errors where plain HTTP does not.

    An answer below 400 whose field `when_field` equals `when_value` is an error; its field `code_field` is looked up in
    `authentication`, `rate_limited` and `unavailable`, and is a rejection otherwise. A 403 is a rate limit, not a
    refused credential, when `remaining_header` says 0 or Retry-After is sent; `reset_header` (Unix seconds) stands in
    for a missing Retry-After.
    """

    when_field: str = ""
    when_value: bool | str | int | None = None
    code_field: str = ""
    authentication: frozenset[str] = frozenset()
    rate_limited: frozenset[str] = frozenset()
    unavailable: frozenset[str] = frozenset()
    remaining_header: str = ""
    reset_header: str = ""


class TemplateTool(_Strict):
    """One call of the API as a tool."""

    name: str
    description: str
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    query: tuple[str, ...] = ()
    cache_ttl_seconds: Annotated[float, Field(gt=0)] | None = None
    parameters: Mapping[str, Any]

    def message(self) -> ApiTool:
        """The tool as in the contract."""
        tool = ApiTool(
            name=self.name,
            description=self.description,
            method=self.method,
            path=self.path,
            parameters_schema_json=orjson.dumps(self.parameters),
            query_parameters=self.query,
        )
        if self.cache_ttl_seconds is not None:
            tool.cache_ttl.FromTimedelta(timedelta(seconds=self.cache_ttl_seconds))
        return tool


class Template(_Strict):
    """One API. `name` is the file's name without its ending."""

    name: str
    display_name: str
    endpoint: str
    timeout_seconds: Annotated[float, Field(ge=0.1, le=600)]
    check_path: str
    authentication: TemplateAuthentication
    timeouts: Mapping[Part, Annotated[float, Field(ge=0.01, le=600)]] = Field(default_factory=dict)
    idempotency_header: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{0,64}$")] = ""
    rate_per_second: Annotated[float, Field(gt=0)] | None = None
    headers: Mapping[str, str] = Field(default_factory=dict)
    errors: ErrorMap = ErrorMap()
    tools: tuple[TemplateTool, ...]

    @field_validator("timeouts")
    @classmethod
    def _of_parts(cls, timeouts: Mapping[Part, float]) -> Mapping[Part, float]:
        if timeouts.keys() - PARTS:
            raise ValueError("`total` is timeout_seconds")
        return timeouts

    def connector(self) -> Connector:
        """The template as `ListConnectors` shows it."""
        return Connector(
            name=self.name,
            type=IntegrationType.INTEGRATION_TYPE_API,
            display_name=self.display_name,
            default_endpoint=self.endpoint,
            authentication=self.authentication.scheme_value,
            timeout=duration(self.timeout_seconds),
            timeouts=told(self.timeouts),
        )


def parse_template(name: str, text: str) -> Template:
    """One template from its TOML text. Raises TemplateError."""
    try:
        return Template.model_validate({**tomllib.loads(text), "name": name})
    except tomllib.TOMLDecodeError as error:
        raise TemplateError(f"{name}.toml is not TOML: {error}") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(str(step) for step in first["loc"])
        raise TemplateError(f"{name}.toml: {key}: {first['msg']}") from None


def load_templates(directory: Path = SHIPPED) -> dict[str, Template]:
    """The templates of a directory, by name and in its order. Reads files: for start-up. Raises TemplateError."""
    return {path.stem: parse_template(path.stem, path.read_text("utf-8")) for path in sorted(directory.glob("*.toml"))}
