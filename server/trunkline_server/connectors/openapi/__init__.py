"""OpenAPI documents as configurations and templates. Pure: nothing is fetched, nothing is stored."""

from trunkline_server.connectors.openapi.importer import OpenApiImporter, import_document

__all__ = ["OpenApiImporter", "import_document"]
