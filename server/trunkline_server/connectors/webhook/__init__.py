"""Webhooks of other systems, as integrations: how what comes is signed, and what it says."""

from trunkline_server.connectors.webhook.connector import WebhookConnector

__all__ = ["WebhookConnector"]
