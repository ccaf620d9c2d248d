"""Requests of one shape are honoured by the same providers: what the router keeps by shape."""

from __future__ import annotations

import random
from collections.abc import Hashable, Sequence

from trunkline.v1.common_pb2 import CallContext
from trunkline.v1.completion_pb2 import CompleteRequest, RecoveryPolicy
from trunkline.v1.content_pb2 import Message, Part, Role
from trunkline.v1.requirements_pb2 import ModelRequirements, RoutingOptions
from trunkline_server.domain.shapes import shape_of
from trunkline_server.providers.profiles import builtin
from trunkline_server.providers.wires import WIRES

_ROLES = [role for role in Role.values() if role]


def said(rng: random.Random) -> Part:
    return Part(text=rng.choice(("", " ", "hello", "y" * 900)))


def plain(rng: random.Random) -> CompleteRequest:
    turns = [rng.choice(_ROLES) for _ in range(rng.randrange(4))]
    return CompleteRequest(
        request_id=rng.choice(("", "r-1")),
        prompt="" if turns else "x" * rng.randrange(1, 5000),
        messages=[
            Message(
                role=role, parts=[Part(text=rng.choice(("", " ", "hello", "y" * 900))) for _ in range(rng.randrange(3))]
            )
            for role in turns
        ],
        max_tokens=rng.choice((None, 1, 999_999)),
        temperature=rng.choice((None, 0.0, 1.0, 2.0)),
        top_p=rng.choice((None, 0.5)),
        model=rng.choice(("", "m")),
        model_requirements=ModelRequirements(capabilities=["text"]),
        recovery=RecoveryPolicy(fallback_models=["n"]),
        context=CallContext(agent_id="a"),
        routing=RoutingOptions(explain=rng.random() < 0.5),
        coalesce=rng.random() < 0.5,
    )


def test_what_is_honoured_of_plain_requests_depends_on_their_shape_alone() -> None:
    rng = random.Random(5)
    seen: dict[tuple[str, Hashable], Sequence[tuple[str, str]]] = {}
    again = 0
    for _ in range(2000):
        request = plain(rng)
        shape = shape_of(request)
        assert shape is not None
        for name, profile in builtin().items():
            found = list(WIRES[profile.wire].unsupported(request, profile))
            again += (name, shape) in seen
            assert seen.setdefault((name, shape), found) == found, (name, request)
    assert again > 10_000


def test_what_may_not_be_honoured_has_no_shape() -> None:
    for request in (
        CompleteRequest(prompt="x", seed=1),
        CompleteRequest(prompt="x", stop_sequences=["."]),
        CompleteRequest(messages=[Message(role=Role.ROLE_USER, name="n", parts=[Part(text="x")])]),
        CompleteRequest(messages=[Message(role=Role.ROLE_USER, parts=[Part(media={"uri": "https://x"})])]),
        CompleteRequest(messages=[Message(role=Role.ROLE_USER)] * 17),
    ):
        assert shape_of(request) is None
