"""`trunkline tasks`."""

from __future__ import annotations

import click
from trunkline.v1.policy_pb2 import (
    DeleteTaskMappingRequest,
    ListTaskMappingsRequest,
    SetTaskMappingRequest,
    TaskMapping,
)
from trunkline.v1.policy_pb2_grpc import PolicyServiceStub

from trunkline_server.cli.remote import Remote, connected
from trunkline_server.cli.text import table


@click.group()
def tasks() -> None:
    """Which models serve the tasks that callers name."""


@tasks.command("list")
@connected
async def list_tasks(remote: Remote) -> None:
    """List the mappings, the built-in ones too."""
    stub, token, rows = PolicyServiceStub(remote.channel), "", []
    while True:
        answer = await remote.ask(stub.ListTaskMappings, ListTaskMappingsRequest(page_token=token))
        rows += [_row(mapping) for mapping in answer.mappings]
        token = answer.next_page_token
        if not token:
            break
    click.echo(table(("task", "first", "then", "over budget", "version"), rows))


@tasks.command("set")
@click.argument("task")
@click.argument("model")
@click.option("--fallback", "fallbacks", multiple=True, help="A model for when the first fails. Repeatable.")
@click.option("--budget-model", default="", help="The first choice while a budget is used beyond its alert threshold.")
@connected
async def set_task(remote: Remote, task: str, model: str, fallbacks: tuple[str, ...], budget_model: str) -> None:
    """Let MODEL serve TASK. A model or an alias, as everywhere.

    \b
    Example:
      trunkline tasks set analysis openai/gpt-4o --fallback openai/gpt-4o-mini --budget-model openai/gpt-4o-mini
    """
    mapping = TaskMapping(task=task, primary_model=model, fallback_models=fallbacks, budget_model=budget_model)
    answer = await remote.ask(PolicyServiceStub(remote.channel).SetTaskMapping, SetTaskMappingRequest(mapping=mapping))
    click.echo(f"{task} is served by {answer.mapping.primary_model}, version {answer.mapping.version}")


@tasks.command("delete")
@click.argument("task")
@connected
async def delete(remote: Remote, task: str) -> None:
    """Remove the tenant's mapping of TASK; a built-in one is in force again."""
    await remote.ask(PolicyServiceStub(remote.channel).DeleteTaskMapping, DeleteTaskMappingRequest(task=task))
    click.echo(f"deleted {task}")


def _row(mapping: TaskMapping) -> tuple[object, ...]:
    return (
        *(mapping.task, mapping.primary_model, ", ".join(mapping.fallback_models) or "-", mapping.budget_model or "-"),
        mapping.version or "built-in",
    )
