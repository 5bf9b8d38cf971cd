"""`assay doctor --template MODEL`: does its chat template leave alone what the model was fed before?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assaygym.cli.command import FOUND_SOMETHING
from assaygym.cli.output import emit_json, show_paragraph, show_table

if TYPE_CHECKING:
    from assaygym.agents.templates import TemplateReport

STYLES = {"kept": "green", "retokenised": "yellow", "rewritten": "bold red", "refused": "yellow"}


def check(model: str, json: bool) -> int:
    """Show what the template does with each kind of conversation; the exit code."""
    from assaygym.agents.templates import check_template, load_chat

    report = check_template(load_chat(model))
    if json:
        emit_json({"model": model, **report.to_dict()})
    else:
        _show(model, report)
    return 0 if report.prefix_preserving else FOUND_SOMETHING


def _show(model: str, report: TemplateReport) -> None:
    from rich.text import Text

    rows = [
        (
            finding.conversation,
            Text(finding.history.value, style=STYLES[finding.history.value]),
            str(finding.drift or finding.refusal or "-"),
            Text("refused", style="bold red") if finding.rollout else "appended",
        )
        for finding in report.findings
    ]
    columns = ("conversation", "history", "first token that drifts, or why it is refused", "in a rollout")
    show_table(columns, rows, title=f"the chat template of {model}")
    print()
    show_paragraph(_verdict(report))
    for reason in dict.fromkeys(finding.rollout for finding in report.findings if finding.rollout):
        show_paragraph(f"a rollout refuses: {reason}", indent=2)


def _verdict(report: TemplateReport) -> str:
    if report.prefix_preserving:
        return "Prefix-preserving: whatever it renders, a longer conversation begins with the ids of the shorter one."
    return (
        "Not prefix-preserving: a program that renders the conversation anew at each turn (a chat server, a trainer "
        "that tokenises messages) does not see the tokens that were sampled. A rollout here keeps the sampled ids and "
        "appends to them, so it trains on exactly what the model was fed."
    )
