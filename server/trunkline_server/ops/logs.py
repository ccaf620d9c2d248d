"""Structured logs: JSON lines on standard error, with the facts as fields; warnings of libraries among them."""

from __future__ import annotations

import logging
import sys
from typing import Any

import orjson
import structlog

from trunkline_server.domain.redaction import redact_own, redact_trace

# Never foreign; what logging adds to a record of a library is dropped later.
_OURS = frozenset({"level", "timestamp", "trace_id", "_record", "_from_structlog"})


def configure(level: str) -> None:
    """Set the process's logging up. `level` is a name such as `info`; libraries are heard from `warning` on."""
    facts: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _redacted,
    ]
    line = structlog.processors.JSONRenderer(serializer=lambda value, **_: orjson.dumps(value, default=str).decode())
    structlog.configure(
        processors=[*facts, line],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    libraries = logging.StreamHandler(sys.stderr)
    libraries.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=facts,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, line],
        )
    )
    logging.basicConfig(handlers=[libraries], level=max(logging.WARNING, getattr(logging, level.upper())), force=True)


def _redacted(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Texts of exceptions and of libraries may hold anything."""
    return {name: value if name in _OURS else _clean(name, value) for name, value in event.items()}


def _clean(name: str, value: Any) -> Any:
    if isinstance(value, str):
        return redact_trace(value) if name == "exception" else redact_own(value)
    if isinstance(value, BaseException):
        return redact_trace(repr(value))
    if isinstance(value, dict):
        return {key: _clean(key, one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(name, one) for one in value]
    return value
