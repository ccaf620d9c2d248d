"""What serves the tools of a worker, joined from its parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from trunkline.v1.tool_pb2 import ExecuteToolRequest

from trunkline_server.config import Settings
from trunkline_server.domain.tools.approvals import Approvals
from trunkline_server.domain.tools.batch import ToolBatches
from trunkline_server.domain.tools.cache import ToolCache
from trunkline_server.domain.tools.catalogue import ToolCatalogue
from trunkline_server.domain.tools.execution import ToolExecution
from trunkline_server.parts import Parts
from trunkline_server.services.tool import ToolService
from trunkline_server.stores import postgres
from trunkline_server.stores.redis.results import RedisResults
from trunkline_server.transport.chain import Interceptor
from trunkline_server.transport.methods import methods
from trunkline_server.transport.nested import Nested

_EXECUTE = "trunkline.v1.ToolService/ExecuteTool"


def tool_service(settings: Settings, parts: Parts, interceptors: Sequence[Interceptor]) -> ToolService:
    """The service. The calls of a batch pass those of the interceptors that are about one call."""
    start = parts.settlements.start
    catalogue = ToolCatalogue(parts.directory, parts.connectors, settings.budgets.alert_threshold)
    approvals = Approvals(postgres.PgApprovals(parts.database), catalogue, start)
    cache = ToolCache(RedisResults(parts.redis), start, parts.signals)
    execution = ToolExecution(catalogue, approvals, cache, parts.resilience, parts.signals)
    execute = next(one for one in methods({}) if one.name == _EXECUTE)
    assert execute.request is ExecuteToolRequest
    nested = Nested(interceptors, replace(execute, function=execution.run))
    return ToolService(catalogue, execution, approvals, ToolBatches(nested.call, settings.server.max_message_bytes))
