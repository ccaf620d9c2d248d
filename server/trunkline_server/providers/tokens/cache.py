"""Access tokens of providers, bounded as their calls are."""

from __future__ import annotations

from trunkline.v1.common_pb2 import Usage

from trunkline_server.domain.access_tokens import Tokens
from trunkline_server.domain.errors import ProviderError
from trunkline_server.providers.http import Bound
from trunkline_server.providers.tokens.exchange import unavailable
from trunkline_server.providers.tokens.grant import Grant, failed


class ProviderTokens(Tokens[Grant]):
    """Tokens by grant. Errors are ProviderError."""

    async def of(self, grant: Grant, bound: Bound) -> str:
        """As `get`, and ProviderError also when `bound` ends the wait. The provider was not asked: nothing is used."""
        try:
            return await self.get(grant, bound.at)
        except ProviderError as error:
            error.usage = Usage(input_tokens=0, output_tokens=0)
            raise
        except TimeoutError:
            raise _late(grant, bound) from None


def _late(grant: Grant, bound: Bound) -> ProviderError:
    if not bound.caller:
        return unavailable(grant, f"{grant.endpoint} took too long to give an access token for {grant.provider}")
    error = bound.error(grant.provider, bound.part, "an access token")
    return failed(error.reason, error.message, error.metadata, retry=error.retry, fallback=error.fallback)
