"""Every wire over a real connection: recorded answers, served at the provider's own paths, read by the driver."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from conformance.expect import check
from conformance.recordings import Recording, completions, name
from rest_upstream import LOCAL
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import ProviderError
from trunkline_server.domain.fold import fold
from trunkline_server.domain.ports import Target
from trunkline_server.providers.driver import ProviderDriver
from trunkline_server.providers.profiles import builtin

AWS = '{"access_key_id": "AKIDEXAMPLE", "secret_access_key": "not-a-real-one"}'
# Where each scheme puts the secret.
SIGNED = {
    "aws": ("Authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"),
    "header": ("", "s3cret"),
    "azure": ("api-key", "s3cret"),
    "bearer": ("Authorization", "Bearer s3cret"),
}
PLAYED = [
    recording
    for recording in completions()
    if recording.status == 200 and "error" not in recording.expect and recording.profile.name in builtin()
]


@asynccontextmanager
async def playing(recording: Recording, seen: list[web.Request]) -> AsyncIterator[str]:
    """The base address of a server that answers anything with the recording."""

    async def answer(request: web.Request) -> web.Response:
        seen.append(request)
        await request.read()
        kind = recording.headers.get("content-type", "application/json").partition(";")[0]
        return web.Response(body=recording.body, content_type=kind)

    app = web.Application()
    app.router.add_post("/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/base"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("recording", PLAYED, ids=name)
async def test_an_answer_over_the_network(recording: Recording) -> None:
    profile, seen = recording.profile, []
    secret = AWS if profile.scheme == "aws" else "s3cret"
    asked, deadline = CompleteRequest(prompt="Hi"), Deadline.after(10)
    async with playing(recording, seen) as url, ProviderDriver(LOCAL) as driver:
        target = Target("i", profile.name, recording.provider, "model/1:0", url, 10.0, secret, {"project": "p"})
        if recording.streamed:
            answer = fold([event async for event in driver.stream(target, asked, deadline)])
        else:
            answer = await driver.complete(target, asked, deadline)
    check(answer, recording.expect)
    assert len(seen) == 1
    assert seen[0].raw_path.startswith("/base/")
    assert "{" not in seen[0].raw_path
    if "{model}" in profile.path:
        assert "/model%2F1%3A0" in seen[0].raw_path
    if profile.scheme in SIGNED:
        header, value = SIGNED[profile.scheme]
        assert seen[0].headers[header or profile.secret_header].startswith(value)
    assert all(seen[0].headers[key] == constant for key, constant in profile.constants.items())


@pytest.mark.parametrize("recording", [r for r in PLAYED if r.streamed], ids=name)
async def test_a_stream_that_ends_early(recording: Recording) -> None:
    whole, seen = recording.body, []
    cut = Recording(**{**recording.__dict__, "body": whole[: len(whole) // 2]})
    async with playing(cut, seen) as url, ProviderDriver(LOCAL) as driver:
        profile = recording.profile
        secret = AWS if profile.scheme == "aws" else "s3cret"
        target = Target("i", profile.name, recording.provider, "m", url, 10.0, secret, {"project": "p"})
        with pytest.raises(ProviderError) as caught:
            async for event in driver.stream(target, CompleteRequest(prompt="Hi"), Deadline.after(10)):
                assert not event.HasField("finished")
    assert caught.value.reason_name == "STREAM_TRUNCATED"
