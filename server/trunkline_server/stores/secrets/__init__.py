"""Where referenced secrets are kept: implements `domain.secrets.SecretSource`, a module for each source."""
