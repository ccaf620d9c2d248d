"""SQL databases as tools: one engine, one small adapter for each database."""

from trunkline_server.connectors.sql.connector import SqlConnector

__all__ = ["SqlConnector"]
