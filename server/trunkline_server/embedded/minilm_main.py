"""The process behind `embedded_embedder`: an OpenAI-compatible server of embeddings.

What cannot be honoured is refused: dimensions, tokens in place of texts, texts that are too long, unknown fields.
"""

import argparse
import os
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

# The tokenizer would take every core.
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import orjson
from aiohttp import web

from trunkline_server.embedded.embedder import DIMENSIONS, MAX_TOKENS, NAME
from trunkline_server.embedded.minilm import Floats, MiniLM, TooLongError
from trunkline_server.embedded.process import HOST

MAX_INPUTS = 2048
_MAX_BODY = 8 << 20
_STOP_SECONDS = 2.0
_FIELDS = frozenset({"model", "input", "encoding_format", "dimensions", "user"})
_FORMATS: Mapping[str, Callable[[Floats], object]] = {
    "float": lambda vector: vector,
    "base64": lambda vector: b64encode(vector.astype("<f4").tobytes()).decode(),
}
_MODEL = web.AppKey("model", MiniLM)


class Refusal(Exception):
    """A request that is answered with an error; `param` is the field at fault."""

    def __init__(self, message: str, param: str | None = None, code: str | None = None, status: int = 400) -> None:
        super().__init__(message)
        self.status = status
        self.body = {
            "error": {"message": message, "type": "invalid_request_error", "param": param, "code": code},
        }


def parse(body: bytes) -> tuple[list[str], str]:
    """The texts and the encoding of a request. Raises Refusal."""
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Refusal("the body is not valid JSON") from None
    if not isinstance(asked, dict):
        raise Refusal("the body is not a JSON object")
    if unknown := sorted(asked.keys() - _FIELDS):
        raise Refusal(f"unknown fields: {', '.join(unknown)}", unknown[0])
    if asked.get("model") != NAME:
        raise Refusal(f"there is one model here, {NAME}", "model", "model_not_found", 404)
    if asked.get("dimensions") is not None:
        raise Refusal(f"vectors have {DIMENSIONS} dimensions and cannot be shortened", "dimensions")
    encoding = asked.get("encoding_format") or "float"
    if not isinstance(encoding, str) or encoding not in _FORMATS:
        raise Refusal(f"the encoding is one of {', '.join(_FORMATS)}", "encoding_format")
    return _texts(asked.get("input")), encoding


def _texts(given: object) -> list[str]:
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise Refusal("input is a text or a list of texts", "input")
    if not 0 < len(texts) <= MAX_INPUTS:
        raise Refusal(f"input holds {len(texts)} texts; 1 to {MAX_INPUTS} are taken", "input")
    if "" in texts:
        raise Refusal(f"input[{texts.index('')}] is empty", "input")
    return texts


async def _embeddings(request: web.Request) -> web.Response:
    texts, encoding = parse(await request.read())
    try:
        vectors, tokens = await request.app[_MODEL].embed(texts)
    except TooLongError as error:
        raise Refusal(
            f"input[{error.index}] has {error.tokens} tokens; the maximum context length is {MAX_TOKENS}",
            "input",
            "context_length_exceeded",
        ) from None
    shape = _FORMATS[encoding]
    rows = [{"object": "embedding", "index": at, "embedding": shape(vector)} for at, vector in enumerate(vectors)]
    return _json(
        {
            "object": "list",
            "data": rows,
            "model": NAME,
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        }
    )


async def _models(request: web.Request) -> web.Response:
    facts = {"max_model_len": MAX_TOKENS, "dimensions": DIMENSIONS}
    entry = {"id": NAME, "object": "model", "created": 0, "owned_by": "sentence-transformers"} | facts
    return _json({"object": "list", "data": [entry]})


async def _health(request: web.Request) -> web.Response:
    return _json({"status": "ok"})


@web.middleware
async def _errors(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Every refusal in the shape that OpenAI gives it."""
    try:
        return await handler(request)
    except Refusal as refusal:
        return _json(refusal.body, refusal.status)
    except web.HTTPRequestEntityTooLarge:
        too_long = Refusal(f"the body is larger than {_MAX_BODY} bytes", "input", "string_above_max_length", 413)
        return _json(too_long.body, too_long.status)


def _json(answer: Any, status: int = 200) -> web.Response:
    body = orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY)
    return web.Response(body=body, status=status, content_type="application/json")


def application(model: MiniLM) -> web.Application:
    """The server of a model, which it closes at its end."""
    app = web.Application(middlewares=[_errors], client_max_size=_MAX_BODY)
    app[_MODEL] = model
    app.router.add_get("/health", _health)
    app.router.add_get("/v1/models", _models)
    app.router.add_post("/v1/embeddings", _embeddings)

    async def close(_: web.Application) -> None:
        model.close()

    app.on_cleanup.append(close)
    return app


def main() -> None:
    """Serve until a signal ends the process."""
    parser = argparse.ArgumentParser(prog="python -m trunkline_server.embedded.minilm_main")
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    model = MiniLM(options.weights, options.tokenizer, threads=min(4, os.cpu_count() or 1))
    # A client that leaves ends its request.
    web.run_app(
        application(model),
        host=HOST,
        port=options.port,
        handler_cancellation=True,
        shutdown_timeout=_STOP_SECONDS,
        access_log=None,
        print=lambda _: print(f"listening on http://{HOST}:{options.port}", flush=True),
    )


if __name__ == "__main__":
    main()
