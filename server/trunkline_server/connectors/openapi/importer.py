"""From an OpenAPI document to a configuration of type `api`, and to a template that says the same."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from urllib.parse import urljoin

from trunkline.v1.api_pb2 import ApiConfiguration
from trunkline.v1.authentication_pb2 import Authentication, OAuth2
from trunkline.v1.configuration_pb2 import Configuration
from trunkline.v1.connector_pb2 import ImportFinding, ImportOpenApiRequest, ImportOpenApiResponse

from trunkline_server.connectors.openapi.document import Document, DocumentError, pointer_of, read
from trunkline_server.connectors.openapi.operations import Operation, name_of, operations_of, tool_of
from trunkline_server.connectors.openapi.parameters import LeftOut
from trunkline_server.connectors.openapi.schemas import Note, Spent
from trunkline_server.connectors.openapi.security import Security, security_of
from trunkline_server.connectors.openapi.toml import template_text
from trunkline_server.connectors.rest import templates
from trunkline_server.connectors.rest.template_models import Template, TemplateTool
from trunkline_server.domain.errors import TrunklineError, invalid_fields

MAX_TOOLS = 1024
# Findings, and characters of each, that are told.
_MAX_FINDINGS = 1000
_MAX_TEXT = 300
_MAX_PROBLEMS = 32
# What a client takes at once, in bytes.
_MAX_ANSWER = 15 * 1024 * 1024
_TIMEOUT_SECONDS = 30.0
_VARIABLE = re.compile(r"\{([^{}]+)\}")


class OpenApiImporter:
    """Implements `DocumentImporter` of domain/connectors.py."""

    async def convert(self, request: ImportOpenApiRequest) -> ImportOpenApiResponse:
        """See the port. In a thread: a document of megabytes takes seconds."""
        return await asyncio.to_thread(import_document, request)


def import_document(request: ImportOpenApiRequest) -> ImportOpenApiResponse:
    """The configuration, what could not be taken over, and the template. Raises INVALID_REQUEST whose field paths end
    in JSON pointers: `document#/paths/…`."""
    try:
        return _Import(request, read(request.document)).response()
    except DocumentError as error:
        raise _refused([error]) from None


class _Import:
    """One document on its way."""

    def __init__(self, request: ImportOpenApiRequest, document: Document) -> None:
        self._request = request
        self._document = document
        self._findings: dict[tuple[str, str], bool] = {}
        self._problems: list[DocumentError] = []

    def response(self) -> ImportOpenApiResponse:
        """Raises DocumentError and INVALID_REQUEST."""
        security = security_of(self._document, self._request.security_scheme, self._note)
        endpoint = _endpoint(self._document.root.get("servers"), "/servers", self._note)
        tools = self._tools(security, endpoint)
        if self._problems:
            raise _refused(self._problems)
        template = _template(self._document, endpoint, security, tools)
        response = ImportOpenApiResponse(
            configuration=_configuration(template),
            findings=[
                ImportFinding(pointer=pointer, description=text[:_MAX_TEXT], skipped=skipped)
                for (pointer, text), skipped in list(self._findings.items())[:_MAX_FINDINGS]
            ],
            template_toml=template_text(template),
        )
        if response.ByteSize() > _MAX_ANSWER:
            raise invalid_fields([("operations", "the tools are larger than a message: choose fewer operations")])
        return response

    def _note(self, pointer: str, text: str, skipped: bool = False) -> None:
        self._findings.setdefault((pointer, text), skipped)

    def _tools(self, security: Security, endpoint: str) -> list[TemplateTool]:
        wanted = self._wanted()
        found: dict[str, TemplateTool] = {}
        spent = Spent()
        for operation in wanted:
            if len(self._problems) >= _MAX_PROBLEMS:
                break
            name = name_of(operation, set(found))
            try:
                self._judge(operation, security, endpoint)
                found[name] = tool_of(self._document, operation, name, self._note, spent)
            except LeftOut as left:
                self._note(left.pointer, f"{operation.key} is left out: {left.why}", skipped=True)
            except DocumentError as error:
                self._problems.append(error)
        return list(found.values())

    def _wanted(self) -> Sequence[Operation]:
        request = self._request
        names, tags = list(request.operations), frozenset(request.tags)
        found = [
            one
            for one in operations_of(self._document)
            if (not names or any(_means(text, one.operation_id) or _means(text, one.key) for text in names))
            and (not tags or tags & _tags(one))
            and not (request.skip_deprecated and one.node.get("deprecated") is True)
        ]
        if not found:
            raise invalid_fields([("operations", "no operation of the document is meant by `operations` and `tags`")])
        if len(found) > MAX_TOOLS:
            why = f"the document has {len(found)} operations: choose at most {MAX_TOOLS} by `operations` or `tags`"
            raise invalid_fields([("operations", why)])
        return found

    def _judge(self, operation: Operation, security: Security, endpoint: str) -> None:
        """Whether the integration's address and credential are those of the operation. Raises LeftOut."""
        for node, place in ((operation.node, operation.pointer), (operation.item, operation.item_pointer)):
            if node.get("servers"):
                if _endpoint(node["servers"], pointer_of(place, "servers"), self._note) != endpoint:
                    raise LeftOut(pointer_of(place, "servers"), "it is at another address than the others")
                break
        requirements = operation.node.get("security", self._document.root.get("security"))
        if not security.serves(requirements):
            raise LeftOut(operation.pointer, f"the credential of {security.name[:64] or 'none'!r} is not enough for it")


def _means(pattern: str, text: str) -> bool:
    """Whether the pattern, in which `*` is anything, is the text's; in linear time."""
    first, *rest = pattern.split("*")
    if not rest:
        return pattern == text
    at, end = len(first), len(text) - len(rest[-1])
    if at > end or not text.startswith(first) or not text.endswith(rest[-1]):
        return False
    for part in rest[:-1]:
        at = text.find(part, at, end) + len(part)
        if at < len(part):
            return False
    return True


def _tags(operation: Operation) -> frozenset[str]:
    tags = operation.node.get("tags")
    return frozenset(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else frozenset()


def _endpoint(servers: object, pointer: str, note: Note) -> str:
    """The first address, with the defaults of its variables; empty where it is not an absolute one."""
    server = servers[0] if isinstance(servers, list) and servers else {}
    if not isinstance(server, Mapping) or not isinstance(server.get("url", ""), str):
        raise DocumentError(pointer_of(pointer, 0), "must be an object with a `url`")
    variables = server.get("variables")
    known = variables if isinstance(variables, Mapping) else {}

    def filled(match: re.Match[str]) -> str:
        variable = known.get(match[1])
        if not isinstance(variable, Mapping) or not isinstance(variable.get("default"), str):
            raise DocumentError(pointer_of(pointer, 0), f"its variable {match[1][:64]!r} has no default")
        note(pointer_of(pointer, 0, "variables", match[1]), f"taken as its default, {variable['default'][:64]!r}")
        return str(variable["default"])

    url = _VARIABLE.sub(filled, server.get("url", "")).strip()
    url = urljoin("https://", url) if url.startswith("//") else url
    if not re.match(r"(?i)https?://", url):
        note(pointer, "names no host: set the endpoint of the configuration")
        return ""
    if isinstance(servers, list) and len(servers) > 1:
        note(pointer, f"the first of {len(servers)} addresses is taken")
    return url.rstrip("/")


def _template(document: Document, endpoint: str, security: Security, tools: Sequence[TemplateTool]) -> Template:
    info, docs = document.root.get("info"), document.root.get("externalDocs")
    title = str(info.get("title") or "") if isinstance(info, Mapping) else ""
    url = str(docs.get("url") or "") if isinstance(docs, Mapping) else ""
    return Template(
        name="imported",
        display_name=" ".join(title.split())[:128] or "Imported",
        documentation=url[:2048],
        endpoint=endpoint,
        timeout_seconds=_TIMEOUT_SECONDS,
        check_path="/",
        secret_description=" ".join(security.secret.split()),
        authentication=security.authentication,
        tools=tuple(tools),
    )


def _configuration(template: Template) -> Configuration:
    own = template.authentication
    authentication = Authentication(scheme=templates.scheme_of(own.scheme), parameter_name=own.parameter_name)
    if own.oauth2.token_url:
        authentication.oauth2.CopyFrom(OAuth2(token_url=own.oauth2.token_url, scopes=own.oauth2.scopes))
    return Configuration(
        endpoint=template.endpoint,
        authentication=authentication,
        api=ApiConfiguration(tools=[templates.tool_of(tool) for tool in template.tools]),
    )


def _refused(errors: Sequence[DocumentError]) -> TrunklineError:
    return invalid_fields([(f"document#{error.pointer}", error.description) for error in errors])
