"""What Oracle's errors mean, by number: those of the database (ORA) and of its driver (DPY).

https://docs.oracle.com/error-help/db/
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
        (refusals.LOGIN, (1005, 1017, 1045, 1919, 1924, 1979, 28000, 28001, 28009)),
        (refusals.DATABASE, (12505, 12514, 12521)),
        (refusals.PERMISSION, (1031, 1720, 1749, 41900)),
        (refusals.UNKNOWN, (904, 942, 2289, 4043)),
        (refusals.SYNTAX, (900, 903, 905, 906, 907, 911, 917, 920, 921, 923, 933, 936, 1740, 1756, 3048, 3049)),
        (refusals.READ_ONLY, (1456, 16000)),
        (refusals.TIMEOUT, (51, 1013, 30006)),
        (refusals.CONFLICT, (54, 60, 8176, 8177, 1555)),
        (refusals.BUSY, (18, 20, 12516, 12519, 12520, 12526, 12528)),
        (refusals.AWAY, (28, 1012, 1033, 1034, 1089, 1090, 1092, 3113, 3114, 3135, 12170, 12537, 12541, 12547, 12570)),
        (refusals.CONSTRAINT, (1, 1400, 1407, 2290, 2291, 2292)),
        (refusals.VALUE, (932, 1426, 1438, 1722, 1830, 1839, 1840, 1841, 1843, 1847, 1858, 1861, 6502, 12899)),
    )
    for number in numbers
}
_BY_DRIVER: Final[Mapping[str, Finding]] = {
    "DPY-3002": refusals.VALUE,
    "DPY-4008": refusals.VALUE,
    "DPY-4009": refusals.VALUE,
    "DPY-4010": refusals.VALUE,
    "DPY-4024": refusals.TIMEOUT,
    "DPY-6001": refusals.DATABASE,
    "DPY-6003": refusals.DATABASE,
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
    if not type(error).__module__.startswith("oracledb"):
        return None
    if isinstance(error.__cause__ or error.__context__, ssl.SSLError):
        return refusals.UNTRUSTED.error({})
    told = error.args[0] if error.args else None
    number, code = int(getattr(told, "code", 0) or 0), str(getattr(told, "full_code", ""))
    if number == 1008:
        return Finding(
            refusals.VALUE.reason, "a placeholder has no value; give one for each", refusals.PARAMETERS
        ).error({"errno": "1008"})
    if number:
        return (_BY_NUMBER.get(number) or refusals.REFUSED).error({"errno": str(number)})
    return (_BY_DRIVER.get(code) or refusals.AWAY).error({"driver_code": code} if code.startswith("DPY-") else {})
