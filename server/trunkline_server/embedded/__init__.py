"""Databases, a cache and two small models from Python wheels, for a laptop and for tests. POSIX only.

Importing this needs no wheel; using a part whose wheel is missing raises MissingPartError.
"""

from trunkline_server.embedded.embedder import EmbeddedEmbedder, embedded_embedder
from trunkline_server.embedded.errors import EmbeddedError, InUseError, MissingPartError, StartError
from trunkline_server.embedded.model import EmbeddedModel, embedded_model
from trunkline_server.embedded.postgres import EmbeddedPostgres, embedded_postgres
from trunkline_server.embedded.redis import (
    EmbeddedRedis,
    EmbeddedRedisCluster,
    embedded_redis,
    embedded_redis_cluster,
)

__all__ = [
    "EmbeddedEmbedder",
    "EmbeddedError",
    "EmbeddedModel",
    "EmbeddedPostgres",
    "EmbeddedRedis",
    "EmbeddedRedisCluster",
    "InUseError",
    "MissingPartError",
    "StartError",
    "embedded_embedder",
    "embedded_model",
    "embedded_postgres",
    "embedded_redis",
    "embedded_redis_cluster",
]
