"""What the repositories share: pages, etags, and messages to columns and back."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from google.protobuf import json_format
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from trunkline_server.domain.errors import TrunklineError, etag_mismatch, invalid_fields

M = TypeVar("M", bound=Message)
T = TypeVar("T")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# As the contract says for every list; 0 asks for the default.
_DEFAULT_PAGE = 100


def new_etag() -> str:
    """An etag: 64 random bits, so that a row made again under the same id has another."""
    return secrets.token_hex(8)


def check_etag(current: str, given: str) -> None:
    """Raise ETAG_MISMATCH when an etag is given and is not the current one."""
    if given and given != current:
        raise etag_mismatch()


# ── Times ───────────────────────────────────────────────────────────────────────────────────────────────────────


def micros(moment: datetime) -> int:
    """Microseconds since 1970, exactly."""
    return (moment - _EPOCH) // _MICROSECOND


def from_micros(value: int) -> datetime:
    """The moment so many microseconds after 1970."""
    return _EPOCH + value * _MICROSECOND


def to_datetime(stamp: Timestamp) -> datetime:
    """The timestamp, cut to microseconds, which is what Postgres keeps."""
    return from_micros(stamp.ToMicroseconds())


def set_time(stamp: Timestamp, moment: datetime | None) -> None:
    """Fill `stamp` unless `moment` is None, which leaves the field absent."""
    if moment is not None:
        stamp.FromMicroseconds(micros(moment))


# ── Columns ─────────────────────────────────────────────────────────────────────────────────────────────────────


class EnumColumn:
    """An enum as a readable text column: `BUDGET_PERIOD_MONTH` is `month`."""

    def __init__(self, enum: Any, prefix: str) -> None:
        self._text: dict[int, str] = {number: name.removeprefix(prefix).lower() for name, number in enum.items()}
        self._number = {text: number for number, text in self._text.items()}

    def text(self, number: int) -> str:
        """The column's value of an enum's number."""
        return self._text[number]

    def number(self, text: str) -> Any:
        """The enum's number of a column's value."""
        return self._number[text]


def to_json(message: Message) -> str:
    """The message as proto JSON with the contract's field names."""
    return json_format.MessageToJson(message, preserving_proto_field_name=True, indent=None)


def from_json(text: str, message: M) -> M:
    """Fill `message` from proto JSON. Fields of a newer version are left out, so that releases may overlap."""
    return json_format.Parse(text, message, ignore_unknown_fields=True)


def masked(values: Mapping[str, Any], columns: Mapping[str, str], paths: Sequence[str]) -> dict[str, Any]:
    """The columns to set for the masked fields: `values` by column, `columns` by field. Raises INVALID_REQUEST."""
    unknown = [path for path in paths if path not in columns]
    if unknown or not paths:
        allowed = ", ".join(f"`{field}`" for field in columns)
        raise invalid_fields([("update_mask", f"name any of {allowed}")])
    return {columns[path]: values[columns[path]] for path in paths}


def assignments(columns: Iterable[str], first: int) -> str:
    """`a = $3, b = $4` for an UPDATE, from parameter `first` on. The names come from code, never from a request."""
    return ", ".join(f"{column} = ${number}" for number, column in enumerate(columns, first))


# ── Pages ───────────────────────────────────────────────────────────────────────────────────────────────────────


def page_limit(page_size: int) -> int:
    """How many rows to read for a page: one more than it holds, to see whether another follows."""
    return (page_size or _DEFAULT_PAGE) + 1


def page(rows: Sequence[Any], limit: int, build: Callable[[Any], T], key: Callable[[Any], str]) -> tuple[list[T], str]:
    """The messages of a page and the token of the next; `key` gives a row's place in the order."""
    shown = rows[: limit - 1]
    more = len(rows) == limit
    return [build(row) for row in shown], _token(key(shown[-1])) if more else ""


def page_start(token: str) -> str:
    """The place after which the page starts; empty for the first one. Raises INVALID_REQUEST."""
    try:
        text = base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise invalid_page_token() from None
    if _token(text) != token:
        raise invalid_page_token()
    return text


def invalid_page_token() -> TrunklineError:
    """INVALID_REQUEST naming `page_token`."""
    return invalid_fields([("page_token", "is not a token that a page before this one returned")])


def _token(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()
