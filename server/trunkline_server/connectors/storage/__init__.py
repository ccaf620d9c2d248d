"""Object storage as tools: S3 and what speaks like it, Azure Blob, Google Cloud Storage."""

from trunkline_server.connectors.storage.connector import StorageConnector

__all__ = ["StorageConnector"]
