"""XML of stores, read without entities or document types; and the dates in their heads. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from xml.etree import ElementTree
from xml.sax.saxutils import escape


class _Plain(ElementTree.TreeBuilder):
    """Refuses a document type, and with it every entity of the document's own."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise ValueError("a document type")


class Node:
    """An element; names are without their namespace."""

    def __init__(self, element: ElementTree.Element) -> None:
        self._element = element

    @property
    def name(self) -> str:
        """Its name."""
        return self._element.tag.rpartition("}")[2]

    def all(self, name: str) -> Iterator[Node]:
        """Its children of this name."""
        for child in self._element:
            node = Node(child)
            if node.name == name:
                yield node

    def child(self, name: str) -> Node | None:
        """Its first child of this name."""
        return next(self.all(name), None)

    def text(self, *path: str) -> str:
        """The text at a path of names; empty where there is none."""
        node: Node | None = self
        for name in path:
            node = node.child(name) if node else None
        return (node._element.text or "") if node else ""

    def attribute(self, name: str) -> str:
        """An attribute's value, or empty."""
        return self._element.get(name, "")


def parse(body: bytes) -> Node:
    """The root of a document. Raises ValueError for one that is not XML, or has a document type."""
    parser = ElementTree.XMLParser(target=_Plain())
    try:
        parser.feed(body)
        root = parser.close()
    except ElementTree.ParseError:
        raise ValueError("not XML") from None
    return Node(root)


def element(name: str, *children: str) -> str:
    """An element of elements."""
    return f"<{name}>{''.join(children)}</{name}>"


def leaf(name: str, text: str) -> str:
    """An element of text."""
    return f"<{name}>{escape(text)}</{name}>"


def http_date(text: str) -> str:
    """A date of HTTP as RFC 3339; empty for what is none."""
    try:
        return parsedate_to_datetime(text).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, TypeError):
        return ""


def stamp(now: float) -> str:
    """Unix time as signatures of version 4 write it, `20130524T000000Z`."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")


def unquoted(etag: str) -> str:
    """An etag without its quotes."""
    return etag.removeprefix("W/").strip('"')


def total_of(content_range: str) -> tuple[int, int]:
    """(first byte, size of the whole) of `bytes 0-9/100`. Raises ValueError."""
    unit, _, rest = content_range.partition(" ")
    span, _, total = rest.partition("/")
    if unit != "bytes":
        raise ValueError("no range of bytes")
    return int(span.partition("-")[0]), int(total)
