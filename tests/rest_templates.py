"""Templates for the tests of the REST engine."""

from __future__ import annotations

from trunkline_server.connectors.rest.template_models import Template
from trunkline_server.connectors.rest.templates import parse_template

HEAD = """
display_name = "Own"
endpoint = "https://api.example.com"
timeout_seconds = 5
check_path = "/ping"
[authentication]
scheme = "none"
"""

# One tool for each style of pages, and one for each thing that a template can say.
WHOLE = """
display_name = "Whole"
endpoint = "https://{region}.example.com"
timeout_seconds = 5
check_tool = "ping"
check_parameters = { deep = true }
idempotency_header = "Idempotency-Key"
[version]
header = "X-Version"
value = "2026-01-01"
[settings]
type = "object"
additionalProperties = false
required = ["account"]
[settings.properties]
region = { type = "string", default = "eu" }
account = { type = "string", maxLength = 20 }
limit = { type = "integer", default = 7 }
[authentication]
scheme = "bearer"
[headers]
X-Account = "{account}"
[redaction]
fields = ["password"]
[errors]
when_field = "status.ok"
when_value = false
code_field = "status.code"
message_field = "status.text"
authentication = ["bad_key"]
rate_limited = ["slow"]
unavailable = ["down"]
quota_exhausted = ["empty"]
timeout = ["late"]
rejected = ["no"]
retry_after_field = "status.wait"
status = { 418 = "unavailable", 409 = "rejected" }
[[tools]]
name = "ping"
description = "Reads."
method = "GET"
path = "/{account}/ping"
parameters = { type = "object", properties = { deep = { type = "boolean" } } }
[[tools]]
name = "order"
description = "Writes."
method = "POST"
path = "/accounts/{account}/orders/{id}"
body = "form"
timeout_seconds = 0.4
constants = { limit = "{limit}", source = "of {account}", nested = { list = ["{region}", 1] } }
query = ["dry"]
header_parameters = { trace = "X-Trace" }
deprecation = "use order_v2"
[tools.parameters]
type = "object"
[tools.parameters.properties]
id = { type = "string" }
dry = { type = "boolean" }
trace = { type = "string" }
items = { type = "array" }
password = { type = "string" }
[tools.result]
type = "object"
required = ["id"]
properties = { id = { type = "integer" }, parts = { type = "array", items = { type = "string" } } }
[[tools]]
name = "find"
description = "Reads by POST."
method = "POST"
path = "/find"
read_only = true
parameters = { type = "object" }
"""


def own(text: str, name: str = "own") -> Template:
    """A template of HEAD and more."""
    return parse_template(name, HEAD + text)


def paged(pagination: str, method: str = "GET") -> Template:
    """A template with one tool, `list`, that comes in pages."""
    tool = f'[[tools]]\nname = "list"\ndescription = "d"\nmethod = "{method}"\npath = "/list"\nread_only = true\n'
    return own(f'{tool}parameters = {{ type = "object" }}\n[tools.pagination]\n{pagination}')
