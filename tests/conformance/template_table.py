"""The shipped templates as a table. `make templates-doc` writes docs/templates.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from trunkline_server.connectors.rest.template_models import Rate, Template, TemplateTool
from trunkline_server.connectors.rest.templates import load_templates

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "templates.md"
_HEAD = """# Templates

Made by `make templates-doc` from `connectors/templates/*.toml`; a test fails when it is not current. Each API is
described from its own documentation, and played by `trunkline sandbox <template>` ([sandbox.md](services/sandbox.md)).
The limits are kept by the server and enforced by the sandbox.
"""


def document() -> str:
    """The page."""
    templates = load_templates().values()
    rows = [_row(template) for template in templates]
    head = ("template", "service", "version", "authentication", "timeout", "limits", "settings", "idempotency key")
    return "\n".join([_HEAD, *_table(head, rows), *(line for one in templates for line in _section(one))]) + "\n"


def _row(template: Template) -> Sequence[str]:
    own = template.authentication
    return (
        f"[`{template.name}`](#{template.name})",
        f"[{template.display_name}]({template.documentation})",
        template.version.value if template.version else "",
        ", ".join((own.scheme, *own.alternatives)),
        f"{template.timeout_seconds:g} s",
        "; ".join(_rate(rate) for rate in template.rates),
        ", ".join(f"`{name}`" for name in template.settings.get("properties", {})),
        f"`{template.idempotency_header}`" if template.idempotency_header else "",
    )


def _rate(rate: Rate) -> str:
    known = {1.0: "1 s", 60.0: "1 min", 3600.0: "1 h"}
    about = f" (`{rate.subject}`)" if rate.subject else ""
    return f"{rate.calls:,} in {known.get(rate.per_seconds, f'{rate.per_seconds:g} s')}{about}"


def _section(template: Template) -> Iterable[str]:
    yield from ("", f"## {template.name}", "", *(f"- {note}" for note in template.notes), "")
    yield from _table(("tool", "what it does", "kind"), [_tool(tool) for tool in template.tools])


def _tool(tool: TemplateTool) -> Sequence[str]:
    kinds = ["reads" if tool.reads else "changes"]
    kinds += [f"pages: {tool.pagination.style}"] if tool.pagination else []
    kinds += [f"cached: {tool.cache_class}"] if tool.cache_class else []
    kinds += ["needs an approval"] if tool.approval_required else []
    kinds += [f"{tool.timeout_seconds:g} s"] if tool.timeout_seconds else []
    kinds += [f"${tool.cost_nano_usd / 1e9:g}"] if tool.cost_nano_usd else []
    return f"`{tool.name}`", tool.description, ", ".join(kinds)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = (head, ["---"] * len(head), *rows)
    return [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines]


if __name__ == "__main__":
    DOCUMENT.write_text(document())
