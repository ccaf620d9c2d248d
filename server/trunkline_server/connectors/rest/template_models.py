"""What a template file may say. Strict: a key that is not named here is refused.

display_name = "…"                  # for people
documentation = "https://…"         # where the API is described
notes = ["…"]                       # what is peculiar about it, a sentence each
endpoint = "https://{region}.…"     # the default base address; {name} is a setting, {secret} the key of api_key_path
timeout_seconds = 10                # of one call, 0.1 to 600
check_path = "/…"                   # GET by the live check; or check_tool and check_parameters, one of the tools below
idempotency_header = "…"            # by which the API knows a call that is made again
secret_description = "…"            # what the secret is, for people
[timeouts]                          # connect, first_byte, idle, in seconds
[version]                           # header, value: the version of the API, sent with every call
[settings]                          # JSON Schema of the integration's settings; a property with a default may be absent
[authentication]                    # scheme, parameter_name, alternatives; also .oauth2 and .signature
[headers]                           # sent with every call; {name} is a setting
[[rates]]                           # calls, per_seconds, subject: as the API documents its limits
[errors]                            # how this API tells errors, see ErrorMap
[redaction]                         # fields: names whose values are masked wherever a call is logged or told of
[[tools]]                           # see TemplateTool; also .pagination, .parameters, .result and .example
[sandbox]                           # how the API's own errors look, see Sandbox
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from trunkline_server.domain.timeouts import PARTS, Part

Scheme = Literal[
    "none",
    "bearer",
    "api_key_header",
    "api_key_query",
    "api_key_path",
    "basic",
    "oauth2_client_credentials",
    "oauth2_refresh_token",
    "service_account",
    "hmac",
    "mtls",
]
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{0,64}$")]
Seconds = Annotated[float, Field(ge=0.01, le=600)]


class Strict(BaseModel):
    """Refuses unknown keys; never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TemplateOAuth2(Strict):
    """As `OAuth2` of the contract, without the client."""

    token_url: str = ""
    scopes: tuple[str, ...] = ()
    audience: str = ""
    credentials_in_body: bool = False


class TemplateSignature(Strict):
    """As `RequestSignature` of the contract, without the key's id."""

    algorithm: Literal["sha256", "sha512"] = "sha256"
    payload: str = ""
    header: HeaderName = ""
    format: str = ""
    encoding: Literal["hex", "base64"] = "hex"
    timestamp_header: HeaderName = ""
    key_id_header: HeaderName = ""


class TemplateAuthentication(Strict):
    """How the API is authenticated, unless the integration says otherwise. `alternatives` are what it may say."""

    scheme: Scheme
    parameter_name: str = ""
    alternatives: tuple[Scheme, ...] = ()
    oauth2: TemplateOAuth2 = TemplateOAuth2()
    signature: TemplateSignature = TemplateSignature()


class Version(Strict):
    """The version of the API that the template was written for."""

    header: HeaderName = ""
    value: str


class Rate(Strict):
    """As `CallRate` of the contract."""

    calls: Annotated[int, Field(ge=1)]
    per_seconds: Annotated[float, Field(ge=0.1, le=86_400)]
    subject: str = ""


class ErrorMap(Strict):
    """How an API tells errors where plain HTTP does not. Fields are paths: names joined by dots.

    An answer below 400 whose field `when_field` equals `when_value` is an error. The code in `code_field`, of such an
    answer or of one from 400 on, is looked up in the lists and decides what the error is; a code in none of them is a
    rejection below 400, and what the status says from there on. `status` names the list for a status. A 403 is a rate
    limit, not a refused credential, when `remaining_header` says 0 or Retry-After is sent; `reset_header` (Unix
    seconds) and `retry_after_field` (seconds) stand in for a missing Retry-After. `message_field` is told to callers.
    """

    when_field: str = ""
    when_value: bool | str | int | None = None
    code_field: str = ""
    message_field: str = ""
    authentication: frozenset[str] = frozenset()
    rate_limited: frozenset[str] = frozenset()
    unavailable: frozenset[str] = frozenset()
    quota_exhausted: frozenset[str] = frozenset()
    timeout: frozenset[str] = frozenset()
    rejected: frozenset[str] = frozenset()
    status: Mapping[
        str, Literal["authentication", "rate_limited", "unavailable", "quota_exhausted", "timeout", "rejected"]
    ] = Field(default_factory=dict)
    remaining_header: str = ""
    reset_header: str = ""
    retry_after_field: str = ""


class TemplatePagination(Strict):
    """As `Pagination` of the contract."""

    style: Literal["cursor", "page", "offset", "link"]
    parameter: str = ""
    next: str = ""
    items: str = ""
    has_more: str = ""
    size_parameter: str = ""
    page_size: Annotated[int, Field(ge=0)] = 0
    first: int | None = None
    next_of_last_item: str = ""


class Example(Strict):
    """A call and its answer, as the documentation shows them: what the sandbox answers with. Of a tool with pages the
    result is one whole page; the sandbox makes as many as `pages` of it."""

    parameters: Mapping[str, Any] = Field(default_factory=dict)
    result: Any = None
    pages: Annotated[int, Field(ge=1, le=100)] = 3


class TemplateTool(Strict):
    """One call of the API as a tool, see `ApiTool` of the contract. `parameters` and `result` are JSON Schemas; without
    the latter results are not checked. `constants` are sent with every call."""

    name: str
    description: str
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    query: tuple[str, ...] = ()
    header_parameters: Mapping[str, str] = Field(default_factory=dict)
    read_only: bool | None = None
    cache_class: Literal["", "search", "user", "static"] = ""
    cache_ttl_seconds: Annotated[float, Field(gt=0)] | None = None
    timeout_seconds: Annotated[float, Field(ge=0.1, le=600)] | None = None
    body: Literal["json", "form"] = "json"
    constants: Mapping[str, Any] = Field(default_factory=dict)
    cost_nano_usd: Annotated[int, Field(ge=0)] = 0
    approval_required: bool = False
    deprecation: str = ""
    pagination: TemplatePagination | None = None
    parameters: Mapping[str, Any]
    result: Mapping[str, Any] | None = None
    example: Example = Example()

    @property
    def reads(self) -> bool:
        """Whether it only reads."""
        return self.method == "GET" if self.read_only is None else self.read_only


class Redaction(Strict):
    """Names of fields, at any depth of parameters and results, whose values are told to nobody but the caller."""

    fields: frozenset[str] = frozenset()


class SandboxAnswer(Strict):
    """An answer of the API that is an error."""

    status: Annotated[int, Field(ge=100, le=599)]
    body: Any = None
    headers: Mapping[str, str] = Field(default_factory=dict)


class Sandbox(Strict):
    """How the API answers when it refuses. `{seconds}` in a text is the wait that it asks for, `{reset}` the Unix time
    of its end; a text that is nothing else becomes a number."""

    authentication: SandboxAnswer = SandboxAnswer(status=401, body={"message": "unauthorized"})
    rate_limited: SandboxAnswer = SandboxAnswer(status=429, headers={"Retry-After": "{seconds}"})
    unavailable: SandboxAnswer = SandboxAnswer(status=503, body={"message": "unavailable"})
    rejected: SandboxAnswer = SandboxAnswer(status=400, body={"message": "bad request"})


class Template(Strict):
    """One API. `name` is the file's name without its ending."""

    name: str
    display_name: str
    documentation: str = ""
    notes: tuple[str, ...] = ()
    endpoint: str
    timeout_seconds: Annotated[float, Field(ge=0.1, le=600)]
    check_path: str = ""
    check_tool: str = ""
    check_parameters: Mapping[str, Any] = Field(default_factory=dict)
    idempotency_header: HeaderName = ""
    secret_description: str = ""
    timeouts: Mapping[Part, Seconds] = Field(default_factory=dict)
    version: Version | None = None
    settings: Mapping[str, Any] = Field(default_factory=dict)
    authentication: TemplateAuthentication
    headers: Mapping[str, str] = Field(default_factory=dict)
    rates: tuple[Rate, ...] = ()
    errors: ErrorMap = ErrorMap()
    redaction: Redaction = Redaction()
    tools: tuple[TemplateTool, ...]
    sandbox: Sandbox = Sandbox()

    @field_validator("timeouts")
    @classmethod
    def _of_parts(cls, timeouts: Mapping[Part, float]) -> Mapping[Part, float]:
        if timeouts.keys() - PARTS:
            raise ValueError("`total` is timeout_seconds")
        return timeouts
