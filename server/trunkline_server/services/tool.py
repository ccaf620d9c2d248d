"""ToolService: what the tenant's integrations can do."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from trunkline.v1.tool_pb2 import (
    ApproveToolCallRequest,
    ApproveToolCallResponse,
    BatchExecuteToolsRequest,
    BatchExecuteToolsResponse,
    ExecuteToolRequest,
    ExecuteToolResponse,
    GetToolRequest,
    GetToolResponse,
    ListToolsRequest,
    ListToolsResponse,
    StreamExecuteToolRequest,
    StreamExecuteToolResponse,
)

from trunkline_server.domain.call import Call
from trunkline_server.domain.tools.approvals import Approvals
from trunkline_server.domain.tools.batch import ToolBatches
from trunkline_server.domain.tools.catalogue import ToolCatalogue
from trunkline_server.domain.tools.execution import ToolExecution
from trunkline_server.domain.tools.streaming import ToolStreams
from trunkline_server.services.paging import page


class ToolService:
    """The tools of every integration that has some."""

    def __init__(
        self, catalogue: ToolCatalogue, execution: ToolExecution, approvals: Approvals, batches: ToolBatches
    ) -> None:
        self._catalogue = catalogue
        self._execution = execution
        self._approvals = approvals
        self._batches = batches
        self._streams = ToolStreams(execution)

    async def list_tools(self, call: Call, request: ListToolsRequest) -> ListToolsResponse:
        """See the contract. Only tools that the caller may execute."""
        tools = await self._catalogue.listed(call, request.integration_id, request.query)
        found, following = page(tools, request.page_size, request.page_token)
        return ListToolsResponse(tools=found, next_page_token=following)

    async def get_tool(self, call: Call, request: GetToolRequest) -> GetToolResponse:
        """See the contract."""
        return GetToolResponse(tool=await self._catalogue.shown(call, request.integration_id, request.tool_name))

    async def execute_tool(self, call: Call, request: ExecuteToolRequest) -> ExecuteToolResponse:
        """See the contract."""
        return await self._execution.run(call, request)

    async def batch_execute_tools(self, call: Call, request: BatchExecuteToolsRequest) -> BatchExecuteToolsResponse:
        """See the contract."""
        return await self._batches.run(call, request)

    async def approve_tool_call(self, call: Call, request: ApproveToolCallRequest) -> ApproveToolCallResponse:
        """See the contract."""
        return await self._approvals.approve(call, request)

    def stream_execute_tool(
        self, call: Call, request: StreamExecuteToolRequest
    ) -> AsyncGenerator[StreamExecuteToolResponse, None]:
        """See the contract."""
        return self._streams.stream(call, request)
