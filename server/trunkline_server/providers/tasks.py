"""The task mappings that every tenant has, from tasks.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from trunkline.v1.policy_pb2 import TaskMapping

_FILE = Path(__file__).with_name("tasks.toml")


@cache
def mappings() -> Sequence[TaskMapping]:
    """The mappings, by task. Treat them as read-only."""
    data = tomllib.loads(_FILE.read_text("utf-8"))
    return tuple(TaskMapping(task=task, **data[task]) for task in sorted(data))
