"""`file:/path`: a file of the server, such as those that Docker and Kubernetes mount."""

from __future__ import annotations

import os
import stat

from trunkline_server.domain.secrets import MAX_SECRET, SecretError
from trunkline_server.stores.secrets.threads import Threads


class FileSecrets:
    """Files in UTF-8; the line break at the end is none of the secret."""

    def __init__(self) -> None:
        self._threads = Threads("secret-file")

    async def resolve(self, reference: str) -> str:
        """See SecretSource."""
        return await self._threads.run(_read, reference)


def _read(path: str) -> str:
    try:
        # A pipe would block: what is no file is not read.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise SecretError("it is not a file")
            found = file.read(MAX_SECRET + 3)
        return found.decode().removesuffix("\n").removesuffix("\r")
    except FileNotFoundError:
        raise SecretError("the file does not exist") from None
    except (IsADirectoryError, NotADirectoryError):
        raise SecretError("it is not a file") from None
    except PermissionError:
        raise SecretError("the server may not read the file") from None
    except UnicodeDecodeError:
        raise SecretError("the file is not in UTF-8") from None
    except OSError as error:
        raise SecretError(f"the file cannot be read ({type(error).__name__})", away=True) from None
