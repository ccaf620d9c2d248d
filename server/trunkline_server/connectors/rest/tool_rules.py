"""What a tool of an HTTP API must be like, its template's or an integration's own. Pure: no I/O."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import orjson
from trunkline.v1.api_pb2 import ApiTool, BodyEncoding, CacheClass, Pagination, PaginationStyle

from trunkline_server.connectors.rest.encoding import too_deep
from trunkline_server.connectors.rest.operation import reads
from trunkline_server.connectors.rest.request import HEADER_NAME, METHODS, PLACEHOLDER, RESERVED_HEADERS, has_steps
from trunkline_server.connectors.rest.settings import Settings, Violations, fill_path
from trunkline_server.domain.duration import seconds
from trunkline_server.domain.schemas import SchemaError, compiled, compiled_result, field_path, schema_object

# The contract's limits, protos/trunkline/v1/api.proto.
MAX_TOOLS = 1024
_MAX_CACHE_TTL = 86_400.0
_TIMEOUT = (0.1, 600.0)
_MAX_HEADER_PARAMETERS = 16
_TOOL_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PATH = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@%{}/-]*")
_FIELDS = re.compile(r"[^.\s]{1,64}(\.[^.\s]{1,64}){0,15}")


def tool_violations(root: str, tools: Sequence[ApiTool], settings: Settings, taken: Collection[str] = ()) -> Violations:
    """(field path, what is wrong) of tools; paths are `root` with an index. `taken` are the credential's headers."""
    if len(tools) > MAX_TOOLS:
        return [(root, f"must be at most {MAX_TOOLS}")]
    found: Violations = []
    names = Counter(tool.name for tool in tools)
    for index, tool in enumerate(tools):
        path = f"{root}[{index}]"
        if not _TOOL_NAME.fullmatch(tool.name):
            found.append((f"{path}.name", "must be 1 to 64 of [A-Za-z0-9_-]"))
        elif names[tool.name] > 1:
            found.append((f"{path}.name", f"{tool.name!r} is there twice"))
        found += _tool(path, tool, settings, taken)
    return found


def fixed_path(field: str, path: str) -> Violations:
    """What is wrong with a path that nothing is filled into."""
    return [(field, "must not have {names}")] if "{" in path else _path(field, path)


def ranged(field: str, found: float, least: float, most: float) -> Violations:
    """What is wrong with a time, in seconds."""
    return [] if least <= found <= most else [(field, f"must be from {least:g} s to {most:g} s")]


def _tool(root: str, tool: ApiTool, settings: Settings, taken: Collection[str]) -> Violations:
    found: Violations = []
    if tool.method not in METHODS:
        found.append((f"{root}.method", f"must be one of {', '.join(METHODS)}"))
    found += _path(f"{root}.path", tool.path)
    try:
        compiled(tool.parameters_schema_json)
        properties: Mapping[str, Any] = schema_object(tool.parameters_schema_json).get("properties", {})
    except SchemaError as error:
        found.append((f"{root}.parameters_schema_json", str(error)))
    else:
        found += _parameters(root, tool, properties, settings, taken)
    if tool.result_schema_json:
        try:
            compiled_result(tool.result_schema_json)
        except SchemaError as error:
            found.append((f"{root}.result_schema_json", str(error)))
    if tool.body_encoding not in BodyEncoding.values():
        found.append((f"{root}.body_encoding", "is not known"))
    if tool.HasField("timeout"):
        found += ranged(f"{root}.timeout", seconds(tool.timeout), *_TIMEOUT)
    if tool.cost_nano_usd < 0:
        found.append((f"{root}.cost_nano_usd", "must not be negative"))
    found += _cache(root, tool)
    return found + (_pages(f"{root}.pagination", tool) if tool.HasField("pagination") else [])


def _parameters(
    root: str, tool: ApiTool, properties: Mapping[str, Any], settings: Settings, taken: Collection[str]
) -> Violations:
    """Where parameters go: each to one place, and each that a place names is there."""
    found: Violations = []
    names = dict.fromkeys(PLACEHOLDER.findall(tool.path))
    missing = [name for name in names if name not in properties and name not in settings]
    found += [(f"{root}.path", f"{{{name}}} is not among the schema's properties") for name in missing]
    found += fill_path(tool.path, settings, properties.keys())[1] if settings and not missing else []
    in_path = names.keys() & properties.keys()
    for index, name in enumerate(tool.query_parameters):
        if not name or name in names:
            found.append((f"{root}.query_parameters[{index}]", "must be a parameter that is not part of the path"))
    field = f"{root}.header_parameters"
    if len(tool.header_parameters) > _MAX_HEADER_PARAMETERS:
        found.append((field, f"must be at most {_MAX_HEADER_PARAMETERS}"))
    for name, header in sorted(tool.header_parameters.items()):
        if name not in properties or name in in_path or name in tool.query_parameters:
            found.append((field_path(name, root=field), "must be a parameter that goes nowhere else"))
        if not HEADER_NAME.fullmatch(header):
            found.append((field_path(name, root=field), "is not a header's name"))
        elif header.lower() in RESERVED_HEADERS.union(taken):
            found.append((field_path(name, root=field), "is set by the authentication or by HTTP itself"))
    return found + _constants(f"{root}.constants_json", tool, properties)


def _constants(field: str, tool: ApiTool, properties: Collection[str]) -> Violations:
    try:
        constants = orjson.loads(tool.constants_json or b"{}")
    except orjson.JSONDecodeError:
        return [(field, "is not JSON")]
    if not isinstance(constants, dict):
        return [(field, "must be a JSON object")]
    if too_deep(constants):
        return [(field, "is nested too deep")]
    return [(field_path(name, root=field), "is a parameter of the schema") for name in constants if name in properties]


def _cache(root: str, tool: ApiTool) -> Violations:
    found: Violations = []
    if tool.HasField("cache_ttl"):
        if not reads(tool):
            found.append((f"{root}.cache_ttl", "is only for tools that read"))
        found += ranged(f"{root}.cache_ttl", seconds(tool.cache_ttl), 0.001, _MAX_CACHE_TTL)
    if tool.cache_class not in CacheClass.values():
        found.append((f"{root}.cache_class", "is not known"))
    elif tool.cache_class and not reads(tool):
        found.append((f"{root}.cache_class", "is only for tools that read"))
    return found


def _pages(root: str, tool: ApiTool) -> Violations:
    pages: Pagination = tool.pagination
    link = pages.style == PaginationStyle.PAGINATION_STYLE_LINK
    found: Violations = []
    if not reads(tool):
        found.append((root, "is only for tools that read"))
    if not pages.style or pages.style not in PaginationStyle.values():
        found.append((f"{root}.style", "must say how the next page is asked for"))
    if not pages.parameter and not link:
        found.append((f"{root}.parameter", "is required"))
    cursor = pages.style == PaginationStyle.PAGINATION_STYLE_CURSOR
    if cursor and not (pages.next or pages.next_of_last_item):
        found.append((f"{root}.next", "is required for cursors"))
    if pages.page_size < 0:
        found.append((f"{root}.page_size", "must not be negative"))
    for name in ("next", "items", "has_more", "next_of_last_item"):
        path = getattr(pages, name)
        if path and not _FIELDS.fullmatch(path):
            found.append((f"{root}.{name}", "must be field names joined by dots"))
    return found


def _path(field: str, path: str) -> Violations:
    """A path with or without placeholders, relative to the endpoint."""
    bare = PLACEHOLDER.sub("x", path)
    if not _PATH.fullmatch(path) or "{" in bare or "}" in bare:
        return [(field, "must start with `/` and hold only path characters and {names}; no query, no fragment")]
    if path.startswith("//") or has_steps(bare):
        return [(field, "must not start with `//` nor have `.` or `..` as a segment")]
    return []
