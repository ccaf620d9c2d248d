"""What came of experiments, summed from the request log and the judgements; and whose turn it is to keep them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from trunkline.v1.experiment_pb2 import Experiment

from trunkline_server.domain.experiment_results import ArmTotals, Totals
from trunkline_server.domain.statistics import Moments
from trunkline_server.stores.postgres.pool import Database
from trunkline_server.stores.postgres.routing import read_routing
from trunkline_server.stores.postgres.rows import set_time

_TURN = "hashtextextended('trunkline.keep_experiments', 0)"
_MOMENTS = "avg({value}) {where} AS {name}_mean, var_pop({value}) {where} AS {name}_variance"
_LATENCY = {"value": "latency_us / 1e6::float8", "where": "FILTER (WHERE status_code = 0)", "name": "latency"}
_COST = {"value": "nano_usd / 1e9::float8", "where": "", "name": "cost"}
# A call that its caller left is neither a success nor a failure of the arm.
_JUDGED = "error_reason <> 'CALLER_CANCELLED'"
_CALLS = f"""
SELECT arm_id, count(*) AS calls, count(*) FILTER (WHERE {_JUDGED}) AS judged,
    count(*) FILTER (WHERE status_code <> 0 AND {_JUDGED}) AS failures, count(*) AS cost,
    count(*) FILTER (WHERE status_code = 0) AS latency,
    {_MOMENTS.format(**_COST)}, {_MOMENTS.format(**_LATENCY)}
FROM trunkline.request_log WHERE tenant_id = $1 AND experiment_id = $2 AND experiment_id <> ''
GROUP BY arm_id
"""
# A value for each call, whoever judged it how often.
_QUALITY = """
SELECT arm_id, count(*) AS quality, avg(score) AS quality_mean, var_pop(score) AS quality_variance FROM (
    SELECT arm_id, avg(score) AS score FROM trunkline.feedback
    WHERE tenant_id = $1 AND experiment_id = $2 AND experiment_id <> '' AND aspect = $3 GROUP BY arm_id, request_id
) AS calls GROUP BY arm_id
"""


class PgExperiments:
    """Implements `domain.keeper.ExperimentCalls`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def totals(self, tenant_id: str, experiment: Experiment) -> tuple[Totals, Timestamp]:
        """The sums by arm, and as of when."""
        name, as_of = experiment.experiment_id, Timestamp()
        async with self._database.tenant_transaction(tenant_id, snapshot=True) as connection:
            set_time(as_of, await connection.fetchval("SELECT now()"))
            calls = await connection.fetch(_CALLS, tenant_id, name)
            quality = await connection.fetch(_QUALITY, tenant_id, name, experiment.aspect)
        judged = {row["arm_id"]: _moments(row, "quality") for row in quality}
        found = {
            row["arm_id"]: ArmTotals(
                calls=row["calls"],
                judged=row["judged"],
                failures=row["failures"],
                cost=_moments(row, "cost"),
                latency=_moments(row, "latency"),
                quality=judged.get(row["arm_id"], Moments()),
            )
            for row in calls
        }
        return found, as_of

    async def running(self) -> Sequence[tuple[str, Experiment]]:
        """The running experiments of all tenants, each with its tenant's id."""
        found: list[tuple[str, Experiment]] = []
        async with self._database.connection() as connection:
            tenants = [row[0] for row in await connection.fetch("SELECT * FROM trunkline.experimenting_tenants()")]
        for tenant_id in tenants:
            async with self._database.tenant_transaction(tenant_id) as connection:
                view = await read_routing(connection, tenant_id)
            found += [(tenant_id, experiment) for experiment in view.experiments]
        return found

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[bool]:
        """Whether it is this process's turn to keep experiments: that of one at a time, until the block ends or the
        connection does."""
        async with self._database.connection() as connection:
            mine = bool(await connection.fetchval(f"SELECT pg_try_advisory_lock({_TURN})"))
            try:
                yield mine
            finally:
                if mine:
                    await connection.execute(f"SELECT pg_advisory_unlock({_TURN})")


def _moments(row: Any, name: str) -> Moments:
    n = int(row[name])
    return Moments(n, row[f"{name}_mean"], row[f"{name}_variance"] * n) if n else Moments()
