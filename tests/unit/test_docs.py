"""The documentation says what the contract and the code say, and its links lead somewhere."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import orjson
import pytest
from google.protobuf import json_format
from google.protobuf.descriptor_pool import Default
from google.protobuf.field_mask_pb2 import FieldMask
from google.rpc.code_pb2 import Code
from trunkline_server import services
from trunkline_server.domain.errors import CODES, Reason
from trunkline_server.transport.methods import SERVICES, Method, methods
from trunkline_server.transport.validate import violations

ROOT = Path(__file__).resolve().parents[2]
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES = sorted((ROOT / "docs/services").glob("*.md"))
PLANNED = ROOT / "docs/services/planned.md"
EXACT = [*PAGES, ROOT / "docs/failure-modes.md"]
MAX_LINES = 120
# The status code of each reason.
REASONS = {
    Reason.Name(reason).removeprefix("ERROR_REASON_"): Code.Name(code)  # type: ignore[arg-type]
    for reason, code in CODES.items()
}

FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| `(?P<rpc>[A-Z]\w+)` \| `(?P<permission>[a-z]+\.[a-z]+)`(?P<more>[^|]*)\|", re.MULTILINE)
REASON_ROW = re.compile(r"^\| (?P<reasons>(?:`[A-Z_]+`(?:, )?)+) \| `(?P<code>[A-Z_]+)` \|", re.MULTILINE)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<target>[^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
WORKED = re.compile(r"^call (?P<method>\w+/\w+) '(?P<json>\{.*?\})'$", re.MULTILINE | re.DOTALL)
# What a shell would put in: any base64 will do.
SHELL_VALUE = re.compile(r"'\$\w+'")


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def prose(path: Path) -> str:
    """A page without its code blocks."""
    return FENCE.sub("", path.read_text())


def contract() -> Mapping[str, Method]:
    """Every method by its bare name, joined to the class that serves it."""
    found: dict[str, object] = {}
    for module in pkgutil.iter_modules(services.__path__):
        loaded = importlib.import_module(f"{services.__name__}.{module.name}")
        found |= {key: value for key, value in vars(loaded).items() if key in SERVICES}
    listed = list(methods(found))
    by_name = {method.name.rpartition("/")[2]: method for method in listed}
    assert len(by_name) == len(listed), "two methods of one name: the pages need their services too"
    return by_name


def rows() -> Iterator[tuple[Path, re.Match[str]]]:
    """The rows of the pages that describe an RPC."""
    for path in PAGES:
        yield from ((path, row) for row in ROW.finditer(prose(path)))


def known_names() -> frozenset[str]:
    """What an upper-case name in the text can be: a reason, a status code, a value of an enum of the contract."""
    pool = Default()
    values = {
        value for service in SERVICES for value in _enum_values(pool.FindServiceByName(f"trunkline.v1.{service}"))
    }
    return frozenset(values) | REASONS.keys() | set(Code.keys())


def _enum_values(service: Any) -> Iterator[str]:
    waiting = [one for method in service.methods for one in (method.input_type, method.output_type)]
    seen = set()
    while waiting:
        message = waiting.pop()
        if message.full_name in seen:
            continue
        seen.add(message.full_name)
        for field in message.fields:
            if field.message_type is not None:
                waiting.append(field.message_type)
            if field.enum_type is not None:
                yield from field.enum_type.values_by_name


def anchors(path: Path) -> frozenset[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    found: Counter[str] = Counter()
    made = set()
    for heading in HEADING.findall(FENCE.sub("", path.read_text())):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        made.add(f"{slug}-{found[slug]}" if found[slug] else slug)
        found[slug] += 1
    return frozenset(made)


def worked() -> list[tuple[Path, str, str]]:
    """The calls that the pages make: page, `Service/Method`, request in JSON."""
    return [(path, found["method"], found["json"]) for path in PAGES for found in WORKED.finditer(path.read_text())]


def _request(method: str, text: str) -> Any:
    fields = orjson.loads(SHELL_VALUE.sub("e30=", text))
    if isinstance(mask := fields.get("update_mask"), dict):
        # grpcurl takes a mask as the message that it is, Python in the short form of JSON.
        fields["update_mask"] = FieldMask(paths=mask["paths"]).ToJsonString()
    return json_format.ParseDict(fields, contract()[method.partition("/")[2]].request())


def test_the_pages_were_found() -> None:
    assert len(PAGES) > 5
    assert len(contract()) > 40
    assert len(worked()) > 10


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_a_page_is_short(path: Path) -> None:
    assert path.read_text().count("\n") <= MAX_LINES


def test_every_rpc_is_on_one_page() -> None:
    assert Counter(row["rpc"] for _, row in rows()) == Counter(contract().keys())


def test_permissions_are_those_of_the_contract() -> None:
    known = contract()
    for path, row in rows():
        method = known[row["rpc"]]
        assert row["permission"] == method.permission, f"{name(path)}: {row['rpc']}"
        assert ("operators only" in row["more"]) == method.operator_only, f"{name(path)}: {row['rpc']}"


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_permissions_in_the_text_exist(path: Path) -> None:
    permissions = {method.permission for method in contract().values()}
    areas = {permission.partition(".")[0] for permission in permissions}
    named = {
        found
        for found in re.findall(r"`([a-z]+\.[a-z*]+)`", prose(path))
        if found.partition(".")[0] in areas - {"cache"}
    }
    assert named <= permissions | {f"{area}.*" for area in areas}


def test_what_is_planned_is_what_is_not_served() -> None:
    planned = {row["rpc"] for path, row in rows() if path == PLANNED}
    assert planned == {key for key, method in contract().items() if method.function is None}


@pytest.mark.parametrize("path", DOCS, ids=name)
def test_reasons_exist_and_have_their_codes(path: Path) -> None:
    text = prose(path)
    pairs = [
        (reason, row["code"])
        for row in REASON_ROW.finditer(text)
        for reason in re.findall(r"`([A-Z_]+)`", row["reasons"])
    ]
    # A code and a reason together, as logs and commands show them.
    pairs += [(reason, code) for code, reason in re.findall(r"`([A-Z_]+) ([A-Z_]+)`", text)]
    for reason, code in pairs:
        assert REASONS.get(reason) == code, f"{reason}: {code}"


@pytest.mark.parametrize("path", EXACT, ids=name)
def test_upper_case_names_are_of_the_contract(path: Path) -> None:
    named = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`", prose(path)))
    assert named <= known_names() | {"SERVICE_UNKNOWN"}, named - known_names()


@pytest.mark.parametrize(
    ("path", "method", "text"), worked(), ids=lambda one: name(one) if isinstance(one, Path) else ""
)
def test_worked_calls_are_requests_of_the_contract(path: Path, method: str, text: str) -> None:
    service, _, rpc = method.partition("/")
    assert contract()[rpc].name == f"trunkline.v1.{service}/{rpc}"
    found = [field for field, _ in violations(_request(method, text))]
    # The page on errors shows what a wrong request gets.
    expected = ["model_requirements.capabilities", "context.agent_id"] if path.name == "README.md" else []
    assert found == expected


@pytest.mark.parametrize("path", DOCS, ids=name)
def test_links_lead_somewhere(path: Path) -> None:
    for target in LINK.findall(prose(path)):
        if re.match(r"[a-z]+:", target):
            continue
        place, _, anchor = unquote(target).partition("#")
        file = (path.parent / place).resolve() if place else path
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target
