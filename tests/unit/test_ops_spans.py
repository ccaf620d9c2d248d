"""The names that spans use are those of the conventions, and the fields those of the contract."""

from __future__ import annotations

import pytest
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes as gen_ai
from opentelemetry.semconv._incubating.attributes import rpc_attributes as rpc
from trunkline.v1.tool_pb2 import ExecuteToolRequest
from trunkline_server.domain.call import Call
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.ops.spans import _ASKED, _OPERATIONS, PROVIDERS, at_end, at_start
from trunkline_server.providers.profiles import builtin
from trunkline_server.transport.methods import methods

KNOWN = {value for module in (gen_ai, rpc) for value in vars(module).values() if isinstance(value, str)}


def call_of(method: str) -> Call:
    return Call(method, "r", "t", Deadline.after(5), 0.0, 0.0, "h")


def test_providers_are_ours_and_theirs() -> None:
    assert PROVIDERS.keys() <= builtin().keys()
    assert set(PROVIDERS.values()) <= {one.value for one in gen_ai.GenAiProviderNameValues}


def test_operations_are_of_methods_that_exist() -> None:
    assert _OPERATIONS.keys() <= {method.name for method in methods({})}
    assert set(_OPERATIONS.values()) <= {one.value for one in gen_ai.GenAiOperationNameValues}
    assert all(at_start(method).keys() <= KNOWN for method in _OPERATIONS)


@pytest.mark.parametrize("request_type", _ASKED)
def test_fields_are_of_the_contract_and_names_of_the_conventions(request_type: type) -> None:
    names = _ASKED[request_type]
    assert names.keys() <= set(request_type.DESCRIPTOR.fields_by_name)  # type: ignore[attr-defined]
    assert set(names.values()) <= KNOWN


def test_a_tool_is_named_and_its_parameters_are_not() -> None:
    call = call_of("trunkline.v1.ToolService/ExecuteTool")
    call.request = ExecuteToolRequest(tool_name="find", integration_id="i", parameters_json=b'{"q": "content"}')
    assert at_end(call) == {"gen_ai.tool.name": "find", "rpc.response.status_code": "OK"}


def test_a_failed_call_names_the_provider_by_its_name_of_the_conventions() -> None:
    call = call_of("trunkline.v1.LLMService/Complete")
    call.error = TrunklineError(Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE, "m", metadata={"provider": "bedrock"})
    call.code, call.reason = call.error.code, call.error.reason_name
    found = at_end(call)
    assert found["gen_ai.provider.name"] == "aws.bedrock"
    assert found["error.type"] == found["rpc.response.status_code"] == "UNAVAILABLE"
    assert found["trunkline.error_reason"] == "UPSTREAM_UNAVAILABLE"
