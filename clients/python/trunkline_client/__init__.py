"""A thin client of Trunkline for asyncio programs."""

from trunkline_client.client import Client, detail, error_info, open_channel

__all__ = ["Client", "detail", "error_info", "open_channel"]
