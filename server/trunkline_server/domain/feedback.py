"""Judgements of calls: by callers, one for each aspect and key, the last one counts."""

from __future__ import annotations

from typing import Protocol

from trunkline.v1.llm_pb2 import RecordFeedbackRequest


class Judgements(Protocol):
    """Keeps judgements, joins each to its call as soon as that stands in the request log, and sums those of a model."""

    async def record(self, tenant_id: str, key_id: str, judgement: RecordFeedbackRequest) -> str:
        """Keep a judgement, in place of the key's earlier one of the same call and aspect. Returns its id."""
        ...

    async def resolve(self) -> int:
        """Join judgements whose call was not there when they came, a bounded number for each tenant; those that wait
        for a day are given up. Returns how many were joined or given up."""
        ...
