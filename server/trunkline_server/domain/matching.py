"""Which calls a rule of the tenant is for."""

from __future__ import annotations

from trunkline.v1.common_pb2 import CallContext
from trunkline.v1.policy_pb2 import RoutingMatch


class Match:
    """A RoutingMatch, made ready: a call is meant when it meets every field that is set."""

    __slots__ = ("_labels", "_tests")

    def __init__(self, match: RoutingMatch) -> None:
        fields = ("agent_id", "user_id", "user_tier", "workflow_id")
        wanted = (match.agent_ids, match.user_ids, match.user_tiers, match.workflow_ids)
        self._tests = [(name, frozenset(values)) for name, values in zip(fields, wanted, strict=True) if values]
        if match.tasks:
            self._tests.append(("", frozenset(match.tasks)))
        self._labels = dict(match.labels)

    def meets(self, context: CallContext, task: str) -> bool:
        """Whether a call with this context and task is meant."""
        for name, values in self._tests:
            if (getattr(context, name) if name else task) not in values:
                return False
        return all(context.labels.get(key) == value for key, value in self._labels.items())
