"""What MySQL's and MariaDB's errors mean, by number, then by the class of their SQLSTATE.

Numbers: https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html,
https://mariadb.com/kb/en/mariadb-error-code-reference/
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
        (refusals.LOGIN, (1045, 1130, 1251, 1524, 1698, 1820, 1862, 1873, 1959, 2054, 2059, 2061, 3118, 3159, 4151)),
        (refusals.DATABASE, (1044, 1049)),
        (refusals.PERMISSION, (1142, 1143, 1227, 1370, 1410, 1419)),
        (refusals.UNKNOWN, (1051, 1054, 1109, 1146, 1305, 1630, 4161)),
        (refusals.SYNTAX, (1064, 1149, 1295, 1065)),
        (refusals.READ_ONLY, (1792,)),
        (refusals.TIMEOUT, (1205, 1317, 1907, 1969, 3024)),
        (refusals.CONFLICT, (1020, 1213, 3058, 3101)),
        (refusals.BUSY, (1040, 1041, 1129, 1135, 1203, 1226)),
        (refusals.AWAY, (1053, 1077, 1079, 1152, 1158, 1159, 1160, 1161, 1927, 2002, 2003, 2006, 2013, 2014, 4031)),
        (refusals.CONSTRAINT, (1048, 3819, 4025)),
        (refusals.VALUE, (1264, 1265, 1292, 1366, 1406, 1411, 1690, 3140, 3141, 3156)),
    )
    for number in numbers
}
_BY_CLASS: Final[Mapping[str, Finding]] = {
    "08": refusals.AWAY,
    "22": refusals.VALUE,
    "23": refusals.CONSTRAINT,
    "28": refusals.LOGIN,
    "40": refusals.CONFLICT,
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
    if not type(error).__module__.startswith("asyncmy"):
        return None
    if isinstance(error.__cause__ or error.__context__, ssl.SSLError):
        return refusals.UNTRUSTED.error({})
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    state: str = getattr(error, "sqlstate", None) or ""
    metadata = {"errno": str(number)} | ({"sqlstate": state} if state else {})
    finding = _BY_NUMBER.get(number) or _BY_CLASS.get(state[:2]) or (refusals.REFUSED if number > 0 else refusals.AWAY)
    return finding.error(metadata)
