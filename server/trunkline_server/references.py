"""Where a worker finds secrets that are kept elsewhere, from its settings."""

from __future__ import annotations

from trunkline_server.config import Settings
from trunkline_server.domain.secrets import SecretReferences, SecretSource
from trunkline_server.stores.secrets.aws import AwsSecrets
from trunkline_server.stores.secrets.environment import EnvironmentSecrets
from trunkline_server.stores.secrets.file import FileSecrets
from trunkline_server.stores.secrets.vault import VaultSecrets, VaultSettings


def references_of(settings: Settings) -> SecretReferences:
    """The sources that are set up, by the name that begins a reference."""
    vault, aws, security = settings.vault, settings.aws, settings.security
    found: dict[str, SecretSource] = {
        "env": EnvironmentSecrets(),
        "file": FileSecrets(),
        "aws-secrets-manager": AwsSecrets(aws.region, aws.endpoint),
    }
    if vault.address:
        facts = vault.model_dump() | {"token": vault.token.get_secret_value()}
        found["vault"] = VaultSecrets(VaultSettings(**facts))
    return SecretReferences(found, security.secret_references, security.secret_cache_seconds)
