"""Structured logs: JSON lines on standard error, with the facts as fields; warnings of libraries among them."""

from __future__ import annotations

import logging
import sys

import orjson
import structlog


def configure(level: str) -> None:
    """Set the process's logging up. `level` is a name such as `info`; libraries are heard from `warning` on."""
    facts: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
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
