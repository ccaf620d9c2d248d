"""`trunkline sandbox` as a process: what it prints works, faults change while it runs, and it tells its figures."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import orjson
import pytest
from click.testing import CliRunner
from google.protobuf import json_format
from rest_upstream import LOCAL, call, refused
from trunkline.v1.integration_pb2 import CreateIntegrationRequest, Integration
from trunkline_server.cli import main
from trunkline_server.connectors.rest.engine import RestConnector
from trunkline_server.connectors.rest.templates import load_templates


@asynccontextmanager
async def played(*arguments: str) -> AsyncIterator[tuple[Process, CreateIntegrationRequest, str]]:
    """The process, what it tells to register, and the address of its controls."""
    command = (sys.executable, "-c", "from trunkline_server.cli import main; main()", "sandbox", *arguments)
    process = await asyncio.create_subprocess_exec(*command, "--port", "0", stdout=PIPE, env=os.environ)
    try:
        assert process.stdout is not None
        head = (await asyncio.wait_for(process.stdout.readuntil(b"\n}\n"), 30)).decode()
        request = CreateIntegrationRequest()
        json_format.Parse(head[head.index("{\n") :], request)
        yield process, request, next(word for word in head.split() if word.endswith("/_sandbox"))
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_what_it_prints_works() -> None:
    async with played("stripe", "--seed", "3") as (process, request, controls), RestConnector(LOCAL) as rest:
        target = Integration(integration_id="s", type=request.type, configuration=request.configuration)
        secret = target.configuration.authentication.secret
        target.configuration.authentication.secret = ""
        assert not rest.validate(target)
        answer = await call(rest, target, {"name": "Ada"}, secret=secret, name="create_customer")
        assert orjson.loads(answer.json)["object"] == "customer"
        async with aiohttp.ClientSession() as http:
            faults = {"shares": {"rate_limited": 1}, "times": 1}
            async with http.put(controls, json=faults) as response:
                assert (await response.json())["faults"]["shares"] == {"rate_limited": 1}
            error = await refused(rest, target, secret=secret)
            assert error.reason_name == "UPSTREAM_RATE_LIMITED"
            async with http.get(controls) as response:
                told = await response.json()
            assert (told["side_effects"], told["refused"], told["in_flight"]) == (1, {"rate_limited": 1}, 0)
            for wrong in (b"{", b"[]", b'{"shares": {"fire": 1}}'):
                async with http.put(controls, data=wrong) as response:
                    assert response.status == 400
        process.send_signal(signal.SIGTERM)
        assert process.stdout is not None
        rest_of_it = await asyncio.wait_for(process.stdout.read(), 10)
        assert await process.wait() == 0
    assert b"side_effects" in rest_of_it


async def test_tokens_that_end() -> None:
    async with played("firestore") as (_, request, controls), RestConnector(LOCAL) as rest:
        target = Integration(integration_id="f", type=request.type, configuration=request.configuration)
        secret = target.configuration.authentication.secret
        target.configuration.authentication.secret = ""
        wanted = {"collection": "cities", "document_id": "SF"}
        for _ in range(2):
            await call(rest, target, wanted, secret=secret, name="get_document")
        async with aiohttp.ClientSession() as http:
            async with http.put(controls, json={"expire_tokens": True}) as response:
                assert (await response.json())["tokens_issued"] == 1
            await call(rest, target, wanted, secret=secret, name="get_document")
            async with http.get(controls) as response:
                assert (await response.json())["tokens_issued"] == 2


def test_the_list() -> None:
    result = CliRunner().invoke(main, ["sandbox", "--list"])
    assert result.exit_code == 0
    assert all(name in result.output for name in load_templates())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing"], "there is no template nothing"),
        (["notion", "--templates", "nowhere"], "is not a directory"),
        (["notion", "--errors", "much"], "write a share as 5%"),
        (["notion", "--errors", "60%", "--hang", "60%"], "more than 1"),
        (["notion", "--errors", "fire=5%"], "do not fit"),
        (["notion", "--latency", "soon"], "write a time as 200ms"),
        (["notion", "--scheme", "basic"], "is authenticated by bearer"),
    ],
)
def test_what_cannot_be_played(arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(main, ["sandbox", *arguments])
    assert result.exit_code == 1
    assert said in result.output
