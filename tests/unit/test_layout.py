"""Rules of the source tree and of the contract that no tool checks by itself."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path

import pytest
from google.protobuf.descriptor import MethodDescriptor
from trunkline.v1 import options_pb2
from trunkline_server.domain.errors import CODES, RETRYABLE, Reason

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(
    path
    for folder in ("protos", "server", "clients", "tests", "bench", "tools", "mk")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in {".proto", ".py", ".go", ".ts", ".java", ".rs", ".lua", ".sql", ".sh", ".mk", ".toml"}
    and not {"node_modules", "target", "dist", "__pycache__"} & set(path.parts)
)
MAX_LINES = 400
MAX_FUNCTION_LINES = 50
# Spelled so that this file does not find itself.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b")


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def methods() -> list[MethodDescriptor]:
    found: list[MethodDescriptor] = []
    for proto in sorted((ROOT / "protos/trunkline/v1").glob("*.proto")):
        module = importlib.import_module(f"trunkline.v1.{proto.stem}_pb2")
        for service in module.DESCRIPTOR.services_by_name.values():
            found.extend(service.methods)
    return found


def test_the_tree_was_found() -> None:
    assert len(SOURCES) > 100
    assert len(methods()) > 40


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_source_is_short_and_finished(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= MAX_LINES
    assert not UNFINISHED.findall(text)


@pytest.mark.parametrize("path", [path for path in SOURCES if path.suffix == ".py"], ids=name)
def test_functions_are_short(path: Path) -> None:
    long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= MAX_FUNCTION_LINES
    ]
    assert not long


@pytest.mark.parametrize("method", methods(), ids=lambda method: method.full_name)
def test_every_method_says_who_may_call_it(method: MethodDescriptor) -> None:
    options = method.GetOptions()
    assert options.HasExtension(options_pb2.access)
    assert re.fullmatch(r"[a-z]+\.[a-z]+", options.Extensions[options_pb2.access].permission)


def test_every_reason_has_a_code() -> None:
    reasons = set(Reason.values()) - {Reason.ERROR_REASON_UNSPECIFIED}
    assert set(CODES) == reasons
    assert reasons > RETRYABLE
