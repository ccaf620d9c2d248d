"""Proves the contract from Python: five checks against a running server, one JSON line each.

python -m trunkline_client.smoke                   TRUNKLINE_TARGET, TRUNKLINE_KEY and TRUNKLINE_MODEL say against what
python -m trunkline_client.smoke --stream PROMPT   prints the answer as it comes, and what it cost
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import secrets
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
from google.rpc.error_details_pb2 import BadRequest
from trunkline.v1.caching_pb2 import CacheMode, CachePolicy
from trunkline.v1.common_pb2 import CallContext
from trunkline.v1.completion_pb2 import CompleteRequest, Finished, StreamCompleteResponse
from trunkline.v1.route_pb2 import RouteBasis

from trunkline_client import Client, detail, error_info

AGENT = "smoke-python"
DEADLINE = 30.0
CANCEL_AFTER = 3
QUESTION = "Name three colours."
STORY = "Tell a very long story about a lighthouse, with many chapters."
WRONG_KEY = "tl_aaaaaaaaaaaaaaaa_wrong"

Facts = dict[str, Any]


class Smoke:
    """The checks. Each returns its facts; `ok` among them is the verdict."""

    def __init__(self, target: str, key: str, model: str) -> None:
        self.target, self.key, self.model = target, key, model

    def request(self, prompt: str, max_tokens: int) -> CompleteRequest:
        return CompleteRequest(
            model=self.model, prompt=prompt, max_tokens=max_tokens, context=CallContext(agent_id=AGENT)
        )

    async def complete(self, client: Client) -> Facts:
        answer = await client.complete(self.request(QUESTION, 32), deadline=DEADLINE)
        return {
            "ok": bool(answer.completion and answer.provider and answer.model_used)
            and answer.usage.output_tokens > 0
            and re.fullmatch("[0-9a-f]{32}", answer.trace_id) is not None,
            "completion_length": len(answer.completion),
            "output_tokens": answer.usage.output_tokens,
            "nano_usd": answer.cost_details.nano_usd,
        }

    async def stream(self, client: Client) -> Facts:
        events = [event async for event in client.stream(self.request(QUESTION, 32), deadline=DEADLINE)]
        texts = [event.content_delta.text for event in events if event.HasField("content_delta")]
        return {
            "ok": [event.sequence for event in events] == list(range(1, len(events) + 1))
            and bool("".join(texts))
            and events[-1].finished.usage.output_tokens > 0,
            "events": len(events),
            "deltas": len(texts),
        }

    async def cancel(self, client: Client) -> Facts:
        request = self.request(STORY, 512)
        request.request_id = f"{AGENT}-{secrets.token_hex(8)}"
        request.cache.CopyFrom(CachePolicy(mode=CacheMode.CACHE_MODE_OFF))
        call = client.stream(request, deadline=DEADLINE)
        before, late = 0, 0
        try:
            async for _ in call:
                if before < CANCEL_AFTER:
                    before += 1
                    if before == CANCEL_AFTER:
                        call.cancel()
                else:
                    late += 1
        except asyncio.CancelledError:
            if not call.cancelled():
                raise
        code = await call.code()
        return {
            "ok": before == CANCEL_AFTER and late == 0 and code == grpc.StatusCode.CANCELLED,
            "request_id": request.request_id,
            "status": code.name,
            "late": late,
        }

    async def refused(self, client: Client) -> Facts:
        error = await failure(client, self.request("", -1))
        info, bad = error_info(error), detail(error, BadRequest)
        fields = [violation.field for violation in bad.field_violations] if bad else []
        return {
            "ok": error.code() == grpc.StatusCode.INVALID_ARGUMENT
            and info is not None
            and (info.domain, info.reason) == ("trunkline.dev", "INVALID_REQUEST")
            and {"prompt", "max_tokens"} <= set(fields),
            "status": error.code().name,
            "reason": info.reason if info else "",
            "fields": fields,
        }

    async def unauthenticated(self, _: Client) -> Facts:
        async with Client(self.target, WRONG_KEY) as stranger:
            error = await failure(stranger, self.request(QUESTION, 32))
        info = error_info(error)
        return {
            "ok": error.code() == grpc.StatusCode.UNAUTHENTICATED
            and info is not None
            and info.reason == "CREDENTIAL_INVALID",
            "status": error.code().name,
            "reason": info.reason if info else "",
        }

    async def run(self) -> bool:
        """Runs every check; whether all are well."""
        checks: dict[str, Callable[[Client], Awaitable[Facts]]] = {
            "complete": self.complete,
            "stream": self.stream,
            "cancel": self.cancel,
            "refused": self.refused,
            "unauthenticated": self.unauthenticated,
        }
        well = True
        async with Client(self.target, self.key) as client:
            for name, check in checks.items():
                try:
                    facts = await check(client)
                except Exception as error:
                    facts = {"ok": False, "error": str(error)}
                print(json.dumps({"check": name, **facts}), flush=True)
                well = well and facts["ok"]
        return well

    async def show(self, prompt: str) -> bool:
        """Prints the answer as it comes, then what it used."""
        request = self.request(prompt, 256)
        event = StreamCompleteResponse()
        async with Client(self.target, self.key) as client:
            try:
                async for event in client.stream(request, deadline=DEADLINE):
                    print(event.content_delta.text, end="", flush=True)
            except grpc.aio.AioRpcError as error:
                print(f"{error.code().name}: {error.details()}", file=sys.stderr)
                return False
        print(f"\n{summary(event.finished)}")
        return True


async def failure(client: Client, request: CompleteRequest) -> grpc.aio.AioRpcError:
    try:
        await client.complete(request, deadline=DEADLINE)
    except grpc.aio.AioRpcError as error:
        return error
    raise AssertionError("the call was not refused")


def summary(end: Finished) -> str:
    basis = RouteBasis.Name(end.route.basis).removeprefix("ROUTE_BASIS_").lower()
    return (
        f"{end.usage.output_tokens} tokens · ${end.cost_details.nano_usd / 1e9:.9f}"
        f" · {end.latency.ToMilliseconds()} ms · {end.provider}/{end.model_used} ({basis})"
    )


def main() -> int:
    try:
        smoke = Smoke(*(os.environ[f"TRUNKLINE_{name}"] for name in ("TARGET", "KEY", "MODEL")))
    except KeyError as missing:
        print(f"{missing.args[0]} is not set", file=sys.stderr)
        return 2
    if sys.argv[1:2] == ["--stream"]:
        return 0 if asyncio.run(smoke.show(" ".join(sys.argv[2:]))) else 1
    return 0 if asyncio.run(smoke.run()) else 1


if __name__ == "__main__":
    sys.exit(main())
