"""MCP servers as integrations. The SDK costs a second and 36 MB: it is imported when the first of them is called."""

from trunkline_server.connectors.mcp.connector import McpConnector

__all__ = ["McpConnector"]
