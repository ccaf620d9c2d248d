"""What a database's error means, as data: codes to findings, findings to errors that hold no text of the database's,
for such texts repeat values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from trunkline_server.domain.errors import Reason, ReasonValue, TrunklineError, invalid_fields

SQL = "parameters_json.sql"
PARAMETERS = "parameters_json.parameters"


@dataclass(frozen=True, slots=True)
class Finding:
    """What went wrong. `field` is set for INVALID_PARAMETERS."""

    reason: ReasonValue
    text: str
    field: str = ""

    def error(self, metadata: Mapping[str, str]) -> TrunklineError:
        """The error; `metadata` are the database's own codes."""
        codes = "".join(f", {name} {value}" for name, value in metadata.items())
        if self.field:
            error = invalid_fields([(self.field, self.text + codes)], reason=self.reason)
            error.metadata.update(metadata)
            return error
        return TrunklineError(self.reason, f"the database: {self.text}{codes}", metadata=metadata)


LOGIN = Finding(
    Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION, "refused the user, the password or the role; correct the credential"
)
DATABASE = Finding(
    Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION, "the user may not enter this database, or there is none of the name"
)
PERMISSION = Finding(Reason.ERROR_REASON_UPSTREAM_REJECTED, "the user may not do this; ask for a grant")
UNKNOWN = Finding(
    Reason.ERROR_REASON_UPSTREAM_REJECTED,
    "there is no such table, column or routine; `list_tables` names what there is",
)
SYNTAX = Finding(Reason.ERROR_REASON_UPSTREAM_REJECTED, "the statement cannot be parsed; correct it")
CONSTRAINT = Finding(Reason.ERROR_REASON_UPSTREAM_REJECTED, "a constraint forbids it; nothing was written")
REFUSED = Finding(Reason.ERROR_REASON_UPSTREAM_REJECTED, "refused the statement; nothing was written")
READ_ONLY = Finding(
    Reason.ERROR_REASON_INVALID_PARAMETERS, "writes, and the transaction is read-only; send a statement that reads", SQL
)
VALUE = Finding(
    Reason.ERROR_REASON_INVALID_PARAMETERS, "a value does not fit its column or function; correct its type", PARAMETERS
)
TIMEOUT = Finding(Reason.ERROR_REASON_UPSTREAM_TIMEOUT, "the statement took too long and was ended; narrow it")
CONFLICT = Finding(
    Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE, "ended the transaction for another one's sake; try again"
)
BUSY = Finding(Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE, "takes no more connections or work now; try again shortly")
AWAY = Finding(
    Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE, "the connection broke, or cannot be made; try again shortly"
)
UNTRUSTED = Finding(
    Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE, "its TLS certificate or version is not accepted; correct `tls_ca_pem`"
)
ELSEWHERE = Finding(
    Reason.ERROR_REASON_ADDRESS_FORBIDDEN,
    "the server sends the connection to another address, which is not followed; name that one as the endpoint",
)
MALFORMED = Finding(
    Reason.ERROR_REASON_UPSTREAM_MALFORMED,
    "sent what cannot be understood; see whether the endpoint is one of this kind of database",
)
SEVERAL = Finding(
    Reason.ERROR_REASON_UPSTREAM_REJECTED, "the statement gives more than one result; send one that gives one"
)


def count_mismatch(placeholders: int, values: int) -> TrunklineError:
    """INVALID_PARAMETERS: there are not as many values as placeholders."""
    text = f"the statement has {placeholders} placeholders and {values} parameters were given; give one for each"
    return invalid_fields([(PARAMETERS, text)], reason=Reason.ERROR_REASON_INVALID_PARAMETERS)


def bad_value(index: int, text: str) -> TrunklineError:
    """INVALID_PARAMETERS: a value that the database cannot be told; `text` does not repeat it."""
    return invalid_fields([(f"{PARAMETERS}[{index}]", text)], reason=Reason.ERROR_REASON_INVALID_PARAMETERS)
