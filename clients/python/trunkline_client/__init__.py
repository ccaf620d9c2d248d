"""A thin client of Trunkline for asyncio programs."""

from trunkline_client.client import Client, open_channel
from trunkline_client.errors import detail, error_info
from trunkline_client.events import follow

__all__ = ["Client", "detail", "error_info", "follow", "open_channel"]
