"""all-MiniLM-L6-v2 on this machine's processor: texts to unit vectors.

Only the process that serves it imports this: onnxruntime and tokenizers are wheels that a server does without.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from trunkline_server.embedded.embedder import DIMENSIONS, MAX_TOKENS

# Ids of one run, padding included: more are not quicker, and take memory.
_RUN_IDS = 512

Floats = NDArray[np.float32]
Result = TypeVar("Result")


class TooLongError(ValueError):
    """The text at `index` has `tokens` tokens, more than MAX_TOKENS."""

    def __init__(self, index: int, tokens: int) -> None:
        super().__init__(f"text {index} has {tokens} tokens, more than {MAX_TOKENS}")
        self.index, self.tokens = index, tokens


class MiniLM:
    """The model, loaded. At most `threads` runs go on at a time, each on one thread; `close` it at the end."""

    def __init__(self, weights: Path, tokenizer: Path, threads: int) -> None:
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        # The file asks for both: texts would be cut short in silence, and padded to one length.
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        # Weights become floats once, here, and not at each run.
        options.add_session_config_entry("session.disable_quant_qdq", "1")
        self._session = onnxruntime.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])
        self._pool = ThreadPoolExecutor(threads, "minilm")

    async def embed(self, texts: Sequence[str]) -> tuple[Floats, int]:
        """A row of DIMENSIONS numbers and length 1 for each text, and the tokens read, the two marks around each text
        included. A vector depends on its text only. Cancelled, it stops after the run. Raises TooLongError."""
        ids = await self._off_loop(partial(self._tokenize, texts))
        vectors = np.empty((len(ids), DIMENSIONS), np.float32)
        for rows in _runs(ids):
            vectors[rows] = await self._off_loop(partial(self._run, [ids[row] for row in rows]))
        return vectors, sum(map(len, ids))

    def close(self) -> None:
        """Wait for the runs that go on, and end the threads."""
        self._pool.shutdown(cancel_futures=True)

    async def _off_loop(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def _tokenize(self, texts: Sequence[str]) -> list[list[int]]:
        found = [encoding.ids for encoding in self._tokenizer.encode_batch_fast(list(texts))]
        for index, ids in enumerate(found):
            if len(ids) > MAX_TOKENS:
                raise TooLongError(index, len(ids))
        return found

    def _run(self, batch: Sequence[Sequence[int]]) -> Floats:
        """The mean over each text's tokens, at length 1."""
        shape = (len(batch), max(map(len, batch)))
        ids, mask = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        for row, text in enumerate(batch):
            ids[row, : len(text)] = text
            mask[row, : len(text)] = 1
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros(shape, np.int64)}
        (hidden,) = self._session.run(None, inputs)
        means: Floats = np.einsum("btd,bt->bd", hidden, mask.astype(np.float32)) / mask.sum(1, keepdims=True)
        unit: Floats = (means / np.linalg.norm(means, axis=1, keepdims=True)).astype(np.float32)
        return unit


def _runs(ids: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """The texts' indices in runs of similar length, shortest first, so that little is padding."""
    run: list[int] = []
    for index in sorted(range(len(ids)), key=lambda index: len(ids[index])):
        if run and (len(run) + 1) * len(ids[index]) > _RUN_IDS:
            yield run
            run = []
        run.append(index)
    if run:
        yield run
