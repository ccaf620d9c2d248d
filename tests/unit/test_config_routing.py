"""Settings that must fit each other."""

from __future__ import annotations

import pytest
from trunkline_server.config import ConfigError, load


def test_the_bounds_of_a_learnt_limit_are_in_order() -> None:
    found = load(environ={"TRUNKLINE__ROUTING__CONCURRENCY_MIN": "4", "TRUNKLINE__ROUTING__CONCURRENCY_START": "4"})
    assert (found.routing.concurrency_min, found.routing.concurrency_start) == (4, 4)
    with pytest.raises(ConfigError, match="concurrency_min <= concurrency_start"):
        load(environ={"TRUNKLINE__ROUTING__CONCURRENCY_START": "20000"})
