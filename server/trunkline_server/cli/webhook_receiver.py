"""`trunkline webhooks receive`: a receiver on this machine, to try endpoints and senders out."""

from __future__ import annotations

import asyncio
import json
import time

import click
from aiohttp import web
from trunkline.v1.configuration_pb2 import Configuration
from trunkline.v1.integration_pb2 import Integration
from trunkline.v1.receiver_pb2 import WebhookConfiguration, WebhookScheme

from trunkline_server.cli.integrations import secret_of
from trunkline_server.cli.remote import Failure
from trunkline_server.connectors.webhook import WebhookConnector

SCHEMES = {name.removeprefix("WEBHOOK_SCHEME_").lower(): value for name, value in WebhookScheme.items() if value}
_MAX_BYTES = 4 << 20


class TrialReceiver:
    """Prints each webhook as a JSON line, and answers: challenges as they want it, others with `status`; what is not
    signed right is refused. `done` is set after `count` that were signed right."""

    def __init__(self, scheme: str, secret: str, status: int, count: int | None) -> None:
        self._integration = Integration(
            configuration=Configuration(webhook=WebhookConfiguration(scheme=SCHEMES[scheme]))
        )
        self._secret, self._status, self._left = secret, status, count
        self.done = asyncio.Event()
        problems = WebhookConnector().validate_secret(self._integration, secret)
        if problems:
            raise Failure(f"the secret {problems[0][1]}")

    async def answer(self, request: web.Request) -> web.Response:
        """Answer one request."""
        body, headers = await request.read(), {name.lower(): value for name, value in request.headers.items()}
        said = WebhookConnector().read(self._integration, self._secret, headers, body, time.time())
        line = {"path": request.path, "verified": said is not None, "body": _shown(body)}
        if said is not None:
            line |= {"id": said.source_id, "type": said.source_type}
        click.echo(json.dumps(line, ensure_ascii=False))
        if said is None:
            return web.Response(status=401)
        challenge = said.challenge or _challenge(line["body"])
        if self._left is not None:
            self._left -= 1
            if self._left <= 0:
                self.done.set()
        return web.Response(text=challenge) if challenge else web.Response(status=self._status)


@click.command("receive")
@click.option("--secret-env", metavar="NAME", required=True, help="The environment variable with the signing secret.")
@click.option(
    "--scheme", type=click.Choice(list(SCHEMES)), default="standard", show_default=True, help="How it is signed."
)
@click.option(
    "--listen", default="127.0.0.1:8090", show_default=True, help="The address, host:port; every path serves."
)
@click.option("--status", type=click.IntRange(200, 599), default=200, show_default=True, help="The answer to events.")
@click.option("--count", type=click.IntRange(min=1), help="End after so many.  [default: when interrupted]")
def receive(secret_env: str, scheme: str, listen: str, status: int, count: int | None) -> None:
    """Receive webhooks on this machine, for trying out: prints what comes, checks signatures, answers challenges.

    \b
    Example:
      export WEBHOOK_SECRET=$(trunkline webhooks create trial http://127.0.0.1:8090/)
      trunkline webhooks receive --secret-env WEBHOOK_SECRET &
      trunkline webhooks verify trial
    """
    asyncio.run(_serve(secret_of(secret_env), scheme, listen, status, count))


async def _serve(secret: str, scheme: str, listen: str, status: int, count: int | None) -> None:
    receiver = TrialReceiver(scheme, secret, status, count)
    app = web.Application(client_max_size=_MAX_BYTES)
    app.router.add_post("/{path:.*}", receiver.answer)
    runner = web.AppRunner(app, access_log=None, auto_decompress=False)
    host, _, port = listen.rpartition(":")
    await runner.setup()
    try:
        await web.TCPSite(runner, host.strip("[]") or None, int(port)).start()
    except (OSError, ValueError) as error:
        raise Failure(f"--listen {listen}: {error}") from None
    click.echo(f"receiving at http://{listen}/", err=True)
    try:
        await receiver.done.wait()
    finally:
        await runner.cleanup()


def _shown(body: bytes) -> object:
    """The body as JSON, else as text."""
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")


def _challenge(body: object) -> str:
    """The challenge of a verification; empty where it is none."""
    data = body.get("data") if isinstance(body, dict) and body.get("type") == "webhook.verification" else None
    challenge = data.get("challenge") if isinstance(data, dict) else None
    return challenge if isinstance(challenge, str) else ""
