"""What SQL Server's errors mean, by number.

https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Final

from trunkline_server.connectors.sql import refusals
from trunkline_server.connectors.sql.refusals import Finding
from trunkline_server.domain.errors import TrunklineError

_BY_NUMBER: Final[Mapping[int, Finding]] = {
    number: finding
    for finding, numbers in (
        (refusals.LOGIN, (15404, 15517, 18452, 18456, 18470, 18486, 18487, 18488)),
        (refusals.DATABASE, (911, 916, 4060, 4064)),
        (refusals.PERMISSION, (229, 230, 262, 297, 300, 15247)),
        (refusals.UNKNOWN, (207, 208, 2812, 4104, 4121, 4902, 3701)),
        (refusals.SYNTAX, (102, 105, 137, 156, 170, 319)),
        (refusals.READ_ONLY, (3906,)),
        (refusals.TIMEOUT, (1222, 3617)),
        (refusals.CONFLICT, (1205, 3960)),
        (refusals.BUSY, (701, 8645, 10928, 10929, 17809, 40197, 40501, 40613, 49918, 49919, 49920)),
        (refusals.AWAY, (596, 6005, 18451)),
        (refusals.CONSTRAINT, (515, 547, 2601, 2627)),
        (refusals.VALUE, (206, 220, 232, 241, 242, 245, 248, 257, 295, 529, 2628, 8114, 8115, 8152, 8169, 8178)),
    )
    for number in numbers
}


def error_of(error: Exception) -> TrunklineError | None:
    """The error that an exception of the driver or of its connection means; None for others."""
    if isinstance(error, TrunklineError):
        return error
    if isinstance(error, TimeoutError):
        return refusals.TIMEOUT.error({})
    if isinstance(error, ssl.SSLError):
        return refusals.UNTRUSTED.error({})
    if isinstance(error, OSError):
        return refusals.AWAY.error({})
    if not type(error).__module__.startswith("pytds"):
        return None
    number = getattr(error, "msg_no", 0) or getattr(error, "number", 0)
    if not number:
        # The driver's own: the stream broke off, or is none of its protocol.
        return refusals.AWAY.error({})
    return (_BY_NUMBER.get(number) or refusals.REFUSED).error({"errno": str(number)})
