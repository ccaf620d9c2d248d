"""Applies the rules of `rules.py` to a request. On the path of every call: what is set is looked at once."""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message

from trunkline_server.transport.checks import Check
from trunkline_server.transport.methods import descriptors
from trunkline_server.transport.rules import EVERYWHERE, TABLES
from trunkline_server.transport.table import Table

MOST = 32
Violations = list[tuple[str, str]]


class _Plan:
    """The checks of one message, joined with those of the messages inside it."""

    __slots__ = ("fields", "required", "whole")

    def __init__(self, table: Table) -> None:
        self.required = tuple(table.required)
        self.whole = tuple(table.whole)
        self.fields: dict[str, tuple[tuple[Check, ...], _Plan | None, bool]] = {}


# By the name of the table.
_PLANS: dict[str, _Plan] = {}


def _plan(descriptor: Descriptor, name: str = "") -> _Plan:
    """The plan of a message, made once; messages may hold themselves."""
    name = name or descriptor.name
    found = _PLANS.get(name)
    if found is not None:
        return found
    table = TABLES.get(name, Table())
    plan = _PLANS[name] = _Plan(table)
    for field in descriptor.fields:
        inner = _inner(field, table.nested.get(field.name, ""))
        own = tuple(table.fields.get(field.name, EVERYWHERE.get(field.name, ())))
        if field.enum_type is not None:
            own = (*own, _known(field.enum_type, field.is_repeated))
        if own or inner is not None:
            plan.fields[field.name] = own, inner, field.is_repeated
    return plan


def _inner(field: FieldDescriptor, name: str) -> _Plan | None:
    """The plan of the messages in a field; None for other types, maps and messages that are not ours."""
    message = field.message_type
    if message is None or not message.full_name.startswith("trunkline.v1.") or message.GetOptions().map_entry:
        return None
    return _plan(message, name)


def _known(enum: EnumDescriptor, repeated: bool) -> Check:
    """Open enums let any number through: one that the contract does not know would be ignored further on."""
    numbers = frozenset(enum.values_by_number)

    def check(value: Any) -> str | None:
        unknown = [one for one in (value if repeated else (value,)) if one not in numbers]
        return f"{unknown[0]} is no value of {enum.name}" if unknown else None

    return check


def _walk(message: Any, plan: _Plan, prefix: str, found: Violations) -> None:
    fields = plan.fields
    seen = message.ListFields()
    if plan.required:
        names = {field.name for field, _ in seen}
        found.extend((prefix + name, "is required") for name in plan.required if name not in names)
    for whole in plan.whole:
        for path, wrong in whole(message):
            found.append((prefix + path, wrong))
    for field, value in seen:
        name = field.name
        rules = fields.get(name)
        if rules is None:
            continue
        checks, inner, repeated = rules
        for check in checks:
            problem = check(value)
            if problem is not None:
                found.append((prefix + name, problem))
        if inner is None:
            continue
        if not repeated:
            _walk(value, inner, f"{prefix}{name}.", found)
            continue
        for at, one in enumerate(value):
            _walk(one, inner, f"{prefix}{name}[{at}].", found)
            if len(found) >= MOST:
                return


def violations(request: Message) -> Violations:
    """(field path, what is wrong) of a request, at most 32; empty when it is fine."""
    found: Violations = []
    _walk(request, _PLANS[request.DESCRIPTOR.name], "", found)
    return found[:MOST]


for _service in descriptors():
    for _method in _service.methods:
        _plan(_method.input_type)
