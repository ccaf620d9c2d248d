"""Errors on their way through the SDK: it knows JSON-RPC errors only, so ours travel as the data of one."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

import aiohttp
import orjson
from mcp.shared.exceptions import MCPError
from mcp_types import CONNECTION_CLOSED, INTERNAL_ERROR, PARSE_ERROR

from trunkline_server.connectors.rest.answers import mask
from trunkline_server.domain.errors import Reason, ReasonValue, TrunklineError

# A name that no server can know: what it tells is never taken for ours.
_KEY = secrets.token_hex(16)
_OURS = -32603


def packed(error: TrunklineError) -> bytes:
    """The body of an HTTP answer that the SDK hands to the caller of the request as an error."""
    told = {
        "reason": int(error.reason),
        "message": error.message,
        "metadata": error.metadata,
        "retry_after": error.retry_after,
    }
    failure = {"code": _OURS, "message": "failed", "data": {_KEY: told}}
    return orjson.dumps({"jsonrpc": "2.0", "id": None, "error": failure})


def error_of(error: BaseException, secret: str) -> TrunklineError:
    """The one error that a failure of the SDK means. Text of the server is masked and cut to 300 characters."""
    if isinstance(error, BaseExceptionGroup):
        return error_of(error.exceptions[0], secret)
    if isinstance(error, TrunklineError):
        return error
    if not isinstance(error, MCPError):
        # pydantic's ValidationError and the SDK's own: what came is not of the protocol.
        return failed(Reason.ERROR_REASON_UPSTREAM_MALFORMED, "the MCP server's answer is not of its protocol")
    told = error.data.get(_KEY) if isinstance(error.data, Mapping) else None
    if told is not None:
        return TrunklineError(
            told["reason"], told["message"], metadata=told["metadata"], retry_after=told["retry_after"]
        )
    if error.code == CONNECTION_CLOSED:
        return unreachable("the connection broke before the answer")
    if error.code == PARSE_ERROR:
        return failed(Reason.ERROR_REASON_UPSTREAM_MALFORMED, "the MCP server's answer is not of its protocol")
    said = mask(error.message, secret)
    metadata = {"mcp_code": str(error.code)} | ({"upstream_message": said} if said else {})
    text = f": {said}" if said else ""
    if error.code == INTERNAL_ERROR:
        return failed(Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE, f"the MCP server failed{text}", **metadata)
    return failed(Reason.ERROR_REASON_UPSTREAM_REJECTED, f"the MCP server refused the call{text}", **metadata)


def failed(reason: ReasonValue, text: str, **metadata: str) -> TrunklineError:
    """An error of the server's making."""
    return TrunklineError(reason, text, metadata=metadata)


# The first that fits; texts of the driver would show addresses.
_FINDINGS: tuple[tuple[type[BaseException], str], ...] = (
    (aiohttp.ClientConnectorDNSError, "its name cannot be resolved"),
    (UnicodeError, "its name cannot be resolved"),
    (aiohttp.ClientSSLError, "its TLS certificate or version is not accepted"),
    (aiohttp.ClientConnectorError, "it refuses the connection"),
)


def unreachable(error: BaseException | str) -> TrunklineError:
    """INTEGRATION_UNAVAILABLE: no answer came."""
    found = next((text for kind, text in _FINDINGS if isinstance(error, kind)), "the connection broke")
    finding = error if isinstance(error, str) else found
    return failed(
        Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE,
        f"the MCP server is not reachable: {finding}; try again shortly",
        finding=finding,
    )
