"""How the next page of a tool is asked for. Pure: no I/O.

Pages end exactly where the API says, and never go round: a cursor, a link or a page that comes again is an error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from trunkline.v1.api_pb2 import Pagination, PaginationStyle
from yarl import URL

from trunkline_server.connectors.rest.answers import HttpAnswer
from trunkline_server.connectors.rest.dotted import at
from trunkline_server.domain.errors import Reason, TrunklineError

# RFC 8288, 3: a link's target, and its parameters.
_LINK = re.compile(r"<([^<>]*)>((?:\s*;\s*[^\s=;,]+(?:\s*=\s*(?:\"(?:[^\"\\]|\\.)*\"|[^\s;,\"]*))?)*)")
_PARAMETER = re.compile(r";\s*([^\s=;,]+)(?:\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^\s;,\"]*)))?")
_MAX_CURSOR = 4096
# What an API says in place of a cursor when there is none.
_NO_CURSOR = (None, "", 0, False)


class Pager:
    """One walk over the pages of a tool. `parameters` are those of the first page."""

    def __init__(self, pages: Pagination, parameters: Mapping[str, Any]) -> None:
        self._pages = pages
        self._parameters = dict(parameters)
        first = self._parameters.get(pages.parameter)
        self._seen: set[object] = {first} if isinstance(first, str | int) else set()
        self._body = b""

    def next_parameters(self, answer: HttpAnswer) -> Mapping[str, Any] | None:
        """The parameters of the page after this one; None at the end. Raises UPSTREAM_MALFORMED."""
        content, pages = answer.content, self._pages
        if self._told_the_end(content):
            return None
        if pages.style == PaginationStyle.PAGINATION_STYLE_CURSOR:
            value = self._cursor(content)
        else:
            value = self._number(answer)
        if value is None:
            return None
        self._parameters[pages.parameter] = value
        return self._parameters

    def next_link(self, answer: HttpAnswer, asked: URL) -> URL | None:
        """The URL of the page after the one that was asked for; None at the end. Raises UPSTREAM_MALFORMED, also for
        one of another origin: a credential goes nowhere else."""
        content, pages = answer.content, self._pages
        if self._told_the_end(content):
            return None
        told = at(content, pages.next) if pages.next else next_of(answer.headers.get("link", ""))
        if told in _NO_CURSOR:
            return None
        try:
            url = asked.join(URL(str(told))).with_fragment(None)
            same = url.origin() == asked.origin() and url.user is None
        except ValueError:
            raise _malformed("names a next page that is no URL") from None
        if not same:
            raise _malformed("names a next page of another origin")
        self._seen.add(asked)
        if url in self._seen:
            raise _malformed("names a page that was told already")
        self._seen.add(url)
        return url

    def _told_the_end(self, content: Any) -> bool:
        # What says neither yes nor no says no more.
        return bool(self._pages.has_more) and at(content, self._pages.has_more) not in (True, 1, "true")

    def _cursor(self, content: Any) -> object:
        cursor = at(content, self._pages.next) if self._pages.next else None
        if cursor in _NO_CURSOR and self._pages.next_of_last_item:
            items = self._items(content)
            cursor = at(items[-1], self._pages.next_of_last_item) if items else None
        if cursor in _NO_CURSOR:
            if self._pages.has_more:
                raise _malformed("says that there is more and does not say where")
            return None
        if not isinstance(cursor, str | int) or len(str(cursor)) > _MAX_CURSOR:
            raise _malformed("names a next page that is no cursor")
        if cursor in self._seen:
            raise _malformed("names a page that was told already")
        self._seen.add(cursor)
        return cursor

    def _number(self, answer: HttpAnswer) -> int | None:
        """The number of the next page, or of its first item."""
        pages, items = self._pages, self._items(answer.content)
        size = self._whole(pages.size_parameter) or pages.page_size
        if not items:
            if pages.has_more:
                raise _malformed("says that there is more and tells nothing")
            return None
        if not pages.has_more and len(items) < size:
            return None
        if answer.body == self._body:
            raise _malformed("tells the same page again")
        self._body = answer.body
        first = pages.first if pages.HasField("first") else 1
        if pages.style == PaginationStyle.PAGINATION_STYLE_OFFSET:
            return (self._whole(pages.parameter) or 0) + len(items)
        now = self._whole(pages.parameter)
        return (first if now is None else now) + 1

    def _items(self, content: Any) -> list[Any]:
        items = at(content, self._pages.items)
        if items is None:
            return []
        if not isinstance(items, list):
            raise _malformed("has no list where its items should be")
        return items

    def _whole(self, name: str) -> int | None:
        """A parameter as a whole number."""
        value = self._parameters.get(name)
        return int(value) if isinstance(value, int) or (isinstance(value, str) and value.isdecimal()) else None


def next_of(header: str) -> str:
    """The target of the link with the relation `next` in a Link header; empty where there is none."""
    for match in _LINK.finditer(header):
        told: dict[str, str] = {}
        for name, quoted, plain in _PARAMETER.findall(match[2]):
            # Of a parameter that is there twice the first counts.
            told.setdefault(name.lower(), quoted or plain)
        if "next" in told.get("rel", "").lower().split() and "anchor" not in told:
            return match[1].strip()
    return ""


def _malformed(finding: str) -> TrunklineError:
    return TrunklineError(
        Reason.ERROR_REASON_UPSTREAM_MALFORMED,
        f"the integration's page {finding}; what was told before it is whole",
        metadata={"finding": finding},
    )
