"""The commands of `assay`, in one table."""

from __future__ import annotations

from typing import Annotated

import typer

from assaygym.cli import (
    compare,
    data,
    demo,
    doctor,
    eval_,
    export,
    info,
    list_,
    new,
    play,
    recipes,
    report,
    score,
    show,
    train,
    verify,
    view,
)
from assaygym.cli.command import command

__all__ = ["app"]

START = """\
assaygym: tasks that prove their answers, for language-model agents. Three ways to begin:

  assay demo                              two minutes, offline: evaluate, train, report
  assay list                              the environments
  assay play assay/Countdown-v0           be the agent yourself

assay --help shows every command, assay COMMAND --help an example of it.
"""

app = typer.Typer(name="assay", add_completion=False, pretty_exceptions_enable=False, no_args_is_help=False)


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """A verifiable-reward gym for language-model agents."""
    if version:
        from assaygym import __version__

        print(f"assaygym {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(START, end="")


app.command("demo", epilog="Example: assay demo --out runs/demo")(command(demo.demo, imports=False))
app.command("list", epilog="Example: assay list --kind math")(command(list_.list_environments))
app.command("info", epilog="Example: assay info assay/Shop-v0 --level 1")(command(info.info))
app.command("play", epilog="Example: assay play assay/Shop-v0 --seed 3")(command(play.play))
app.command("new", epilog="Example: assay new my_sums --kind task")(command(new.new, imports=False))
app.command("eval", epilog="Example: assay eval assay/ChainSum-v0 --policy oracle -n 50")(
    command(eval_.evaluate, resumes=True)
)
app.command("compare", epilog="Example: assay compare runs/q4 runs/q8")(command(compare.compare, imports=False))
app.command("report", epilog="Example: assay report runs/q8 --open")(command(report.report, imports=False))
app.command("show", epilog="Example: assay show runs/q8 12/3")(command(show.show, imports=False))
app.command("score", epilog="Example: assay score runs/q8 --write")(command(score.score))
app.command("verify", epilog="Example: assay verify math answers.jsonl --out verdicts.jsonl")(
    command(verify.verify, imports=False)
)
app.command("view", epilog="Example: assay view runs/q4 runs/q8")(command(view.view, imports=False))
app.command("doctor", epilog="Example: assay doctor assay/Countdown-v0")(command(doctor.doctor))
app.command("train", epilog="Example: assay train grpo --env assay/Reverse-v0 --model tiny --steps 50 --set length=2")(
    command(train.train, resumes=True)
)
app.command("recipes", epilog="Example: assay recipes grpo dapo")(command(recipes.recipes, imports=False))
app.command("export", epilog="Example: assay export runs/math --to pairs --margin 0.5 --out pairs.jsonl")(
    command(export.export)
)

suites = typer.Typer(help="The data of suites: list, pull, verify, overlap.", no_args_is_help=True)
suites.command("list", epilog="Example: assay data list --kind math")(command(data.list_suites, imports=False))
suites.command("pull", epilog="Example: assay data pull gsm8k")(command(data.pull, imports=False))
suites.command("verify", epilog="Example: assay data verify gsm8k --data gsm8k/test.jsonl")(
    command(data.verify, imports=False)
)
suites.command("overlap", epilog="Example: assay data overlap gsm8k train.jsonl --data gsm8k/test.jsonl")(
    command(data.overlap, imports=False)
)
app.add_typer(suites, name="data")
