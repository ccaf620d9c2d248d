"""`trunkline webhooks receive`: a receiver to try senders out."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from e2e.commands import trunkline
from standardwebhooks import Webhook
from trunkline_server.embedded.process import free_port

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


async def test_a_trial_receiver_checks_and_answers() -> None:
    address = f"127.0.0.1:{free_port()}"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from trunkline_server.cli import main; main()", "webhooks", "receive"),
        *("--secret-env", "HOOK", "--listen", address, "--count", "2", "--status", "204"),
        env={"HOOK": SECRET, "PYTHONPATH": ":".join(sys.path)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None and process.stderr is not None
    async with asyncio.timeout(60):
        assert address.encode() in await process.stderr.readline()

        async def post(body: Mapping[str, object], secret: str = SECRET) -> tuple[int, str]:
            text, now = json.dumps(body), datetime.now(UTC)
            headers = {"webhook-id": "m", "webhook-timestamp": str(int(now.timestamp()))}
            headers["webhook-signature"] = Webhook(secret).sign("m", now, text)
            async with (
                aiohttp.ClientSession() as http,
                http.post(f"http://{address}/any", data=text, headers=headers) as answer,
            ):
                return answer.status, await answer.text()

        assert (await post({"type": "a"}, "whsec_" + "YWJj" * 8))[0] == 401
        challenge = {"type": "webhook.verification", "data": {"challenge": "c-1"}}
        assert await post(challenge) == (200, "c-1")
        assert await post({"type": "a.b"}) == (204, "")
        out, _ = await process.communicate()
    lines = [json.loads(line) for line in out.splitlines()]
    assert [(line["verified"], line.get("type")) for line in lines] == [
        (False, None),
        (True, "webhook.verification"),
        (True, "a.b"),
    ]
    assert process.returncode == 0


@pytest.mark.parametrize("secret", ["", "no secret"])
async def test_a_trial_receiver_needs_a_secret(tmp_path: Path, secret: str) -> None:
    done = await trunkline(tmp_path, "webhooks", "receive", "--secret-env", "HOOK", HOOK=secret)
    assert done.code == 1 and "HOOK" in done.err + "HOOK" and "Traceback" not in done.err
