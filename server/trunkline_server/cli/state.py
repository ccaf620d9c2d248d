"""What `trunkline dev` keeps in its data directory: `dev.json`, readable by its owner only."""

from __future__ import annotations

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass, fields
from pathlib import Path

DEFAULT_DIR = Path(".trunkline")
TENANT = "dev"
_FILE = "dev.json"


@dataclass(slots=True)
class DevState:
    """Addresses of the last start, and the secrets that outlive it: the API key and the key-encryption key.

    `credential_keys` is as the setting of that name. Addresses are empty before the first start.
    """

    key: str = ""
    credential_keys: str = ""
    target: str = ""
    admin: str = ""
    database_url: str = ""
    redis_url: str = ""
    model_url: str = ""
    embeddings_url: str = ""

    @classmethod
    def read(cls, directory: Path) -> DevState:
        """What is kept in the directory; an empty state when there is nothing. Raises ValueError for a broken file."""
        path = directory / _FILE
        try:
            values = json.loads(path.read_text())
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError) as error:
            raise ValueError(f"{path}: {error}; move it away and start again") from None
        known = {field.name for field in fields(cls)}
        return cls(**{name: str(value) for name, value in values.items() if name in known})

    def write(self, directory: Path) -> None:
        """Replace the file as a whole: a crash leaves the old one or the new one."""
        fresh = directory / f"{_FILE}.new"
        fresh.unlink(missing_ok=True)
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(asdict(self), file, indent=2)
            file.write("\n")
        fresh.replace(directory / _FILE)


def new_credential_keys() -> str:
    """One fresh key-encryption key, as the setting `security.credential_keys` holds it."""
    return f"dev:{base64.b64encode(secrets.token_bytes(32)).decode()}"
