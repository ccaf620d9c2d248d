"""Every authentication scheme and every style of pages that a template may name: the engine against the sandbox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
import pytest
from conformance.template_scene import QUIET, Scene
from rest_upstream import LOCAL
from trunkline.v1.configuration_pb2 import IntegrationType
from trunkline.v1.integration_pb2 import Integration
from trunkline_server.connectors.rest.engine import RestConnector
from trunkline_server.connectors.rest.templates import parse_template
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import TrunklineError
from trunkline_server.sandbox import Sandbox, running

SIGNED = """
[authentication.signature]
header = "X-Signature"
format = "t={timestamp},v1={signature}"
timestamp_header = "X-Time"
encoding = "base64"
algorithm = "sha512"
"""
SCHEMES = {
    "none": "",
    "bearer": "",
    "api_key_header": 'parameter_name = "X-Own-Key"',
    "api_key_query": 'parameter_name = "key"',
    "api_key_path": "",
    "basic": "",
    "oauth2_client_credentials": "",
    "oauth2_refresh_token": "",
    "service_account": "",
    "hmac": SIGNED,
}
STYLES = {
    "cursor": 'parameter = "after"\nnext = "next"\nitems = "data"',
    "page": 'parameter = "page"\nitems = "data"\nsize_parameter = "size"\npage_size = 3',
    "offset": 'parameter = "skip"\nitems = "data"\nsize_parameter = "size"\npage_size = 3',
    "link": 'parameter = "page"\nitems = "data"',
}


def template(scheme: str, style: str) -> str:
    path = "/{secret}" if scheme == "api_key_path" else ""
    return f"""
display_name = "Own"
endpoint = "https://api.example.com/v2{path}"
timeout_seconds = 5
check_path = "/ping"
[authentication]
scheme = "{scheme}"
{SCHEMES[scheme]}
[[tools]]
name = "list"
description = "List things."
method = "GET"
path = "/things"
[tools.parameters]
type = "object"
[tools.parameters.properties]
after = {{ type = "string" }}
page = {{ type = "integer" }}
skip = {{ type = "integer" }}
size = {{ type = "integer" }}
[tools.pagination]
style = "{style}"
{STYLES[style]}
[tools.example]
pages = 4
result = {{ data = [{{ id = "thing-0001" }}, {{ id = "thing-0002" }}], next = "more" }}
"""


@asynccontextmanager
async def own(scheme: str, style: str = "cursor") -> AsyncIterator[Scene]:
    played = Sandbox(parse_template("own", template(scheme, style)), QUIET, seed=5)
    async with running(played), RestConnector(LOCAL, templates={"own": played.template}) as rest:
        integration = Integration(
            integration_id="own", type=IntegrationType.INTEGRATION_TYPE_API, configuration=played.configuration()
        )
        assert not rest.validate(integration)
        assert not rest.validate_secret(integration, played.secret)
        yield Scene(played, rest, integration, played.secret)


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_schemes(scheme: str) -> None:
    async with own(scheme) as scene:
        (tool,) = scene.template.tools
        await asyncio.gather(*(scene.execute(tool) for _ in range(3)))
        assert scene.sandbox.state.calls == {"list": 3}
        assert scene.sandbox.tokens.issued == (1 if "oauth2" in scheme or scheme == "service_account" else 0)
        scene.meets(authentication=1.0)
        with pytest.raises(TrunklineError) as caught:
            await scene.execute(tool)
    assert caught.value.reason_name == "UPSTREAM_AUTHENTICATION"
    assert not scene.secret or scene.secret not in caught.value.message


@pytest.mark.parametrize("scheme", [one for one in SCHEMES if one not in ("none", "service_account")])
async def test_another_secret_is_refused(scheme: str) -> None:
    async with own(scheme) as scene:
        (tool,) = scene.template.tools
        other = scene.secret.replace("sandbox-", "others-").replace("sandbox:", "others:")
        other = other if other != scene.secret else scene.secret[:-1] + "_"
        with pytest.raises(TrunklineError) as caught:
            await scene.execute(tool, secret=other)
        assert not scene.sandbox.state.calls
    assert caught.value.reason_name == "UPSTREAM_AUTHENTICATION"


@pytest.mark.parametrize("style", STYLES)
async def test_styles_of_pages(style: str) -> None:
    async with own("bearer", style) as scene:
        (tool,) = scene.template.tools
        pages = [page async for page in scene.rest.pages(scene.call(tool), Deadline.after(20))]
        assert not scene.sandbox.state.refused, scene.sandbox.state.finding
    ids = [item["id"] for page in pages for item in orjson.loads(page.json)["data"]]
    assert len(pages) == 4
    assert len(set(ids)) == len(ids) == (10 if style in ("page", "offset") else 8)
