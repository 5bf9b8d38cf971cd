"""What all commands share: options, the code of the user, and how a failure is told.

exit code 0     done
          1     done, and something was found (a check failed, an episode has no verdict)
          2     a wrong option or any AssayError: one sentence on standard error
          130   interrupted
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import inspect
import json
import re
import shlex
import sys
import traceback
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assaygym.cli.output import say
from assaygym.errors import AssayError, ConfigError

if TYPE_CHECKING:
    from assaygym.envs.registration import EnvSpec

__all__ = ["EnvId", "Json", "Level", "Seed", "Settings", "assignments", "command", "import_code", "resolve_id", "typed"]

FOUND_SOMETHING, USAGE, INTERRUPTED = 1, 2, 130

EnvId = Annotated[
    str,
    typer.Argument(
        metavar="ID", help="An environment: a registered id, module:id, file.py:id, or a suite: SUITE, SUITE@PATH."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines, and nothing else, on standard output.")]
Seed = Annotated[int, typer.Option(min=0, help="The seed; the same one gives the same task.")]
Level = Annotated[int | None, typer.Option(help="The difficulty, from 0; the environment's default without it.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="A further option; the value as JSON, or text. Repeatable."),
]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
Imports = Annotated[
    list[str] | None,
    typer.Option("--import", metavar="FILE_OR_MODULE", help="Import this first, for the tasks it defines. Repeatable."),
]


def command(function: Callable[..., int], *, imports: bool = True, resumes: bool = False) -> Callable[..., None]:
    """The function as typer runs it: `--debug` and `--import` added, errors told, its result the exit code.

    Args:
        function: returns the exit code.
        imports: whether it takes `--import`.
        resumes: whether the same command, after Ctrl-C, goes on where it was.
    """

    @functools.wraps(function)
    def run(*, debug: bool = False, imported: list[str] | None = None, **options: Any) -> None:
        try:
            for name in imported or ():
                import_code(name)
            code = function(**options)
        except AssayError as error:
            if debug:
                traceback.print_exc()
            say(f"error: {' '.join(str(error).splitlines())}")
            raise typer.Exit(USAGE) from None
        except KeyboardInterrupt as interrupt:
            say(f"interrupted{f': {interrupt}' if str(interrupt) else ''}")
            if resumes:
                say(f"what was done is kept; this goes on: {typed()}")
            else:
                say(f"this begins anew: {typed(resumes=False)}")
            raise typer.Exit(INTERRUPTED) from None
        raise typer.Exit(code)

    own = inspect.signature(function, eval_str=True)
    shared = {"imported": Imports} if imports else {}
    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for name, kind, default in [*((n, k, None) for n, k in shared.items()), ("debug", Debug, False)]
    ]
    parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own.parameters.values()]
    run.__dict__["__signature__"] = own.replace(parameters=[*parameters, *added], return_annotation=None)
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in (*parameters, *added)}
    return run


def typed(*, resumes: bool = True) -> str:
    """The command as it was typed; one that resumes without what would delete the run first."""
    return shlex.join(["assay", *(word for word in sys.argv[1:] if not (resumes and word == "--overwrite"))])


def import_code(given: str) -> None:
    """Import a file (`tasks.py`) or a module, found from the working directory too.

    Raises:
        ConfigError: it cannot be imported; the sentence says what it raised, and where.
    """
    is_file = given.endswith(".py")
    try:
        _import_file(Path(given)) if is_file else _import_module(given)
    except AssayError:
        raise
    except (Exception, SystemExit) as error:
        raise ConfigError(f"importing {given} raised {type(error).__name__}: {error}{_where(error, given)}") from error


def resolve_id(given: str) -> EnvSpec:
    """What is known of an id; `module:id` and `file.py:id` import the code first; a suite's data is read.

    Raises:
        ConfigError: the code cannot be imported.
        DataError: a suite's data cannot be used.
        RegistrationError: no such id.
    """
    from assaygym.envs.registration import spec

    code, _, name = given.rpartition(":")
    if code:
        import_code(code)
    return spec(_of_suite(name))


def _of_suite(given: str) -> str:
    """The id of the environment that a suite is, for `SUITE` and `SUITE@PATH`; another id is returned."""
    from assaygym.benchmarks.suites import SUITES, register

    name, _, path = given.partition("@")
    return register(SUITES[name], path or None) if name in SUITES else given


def assignments(given: list[str] | None, *, own: Collection[str] = ()) -> dict[str, Any]:
    """The values of `KEY=VALUE` options: JSON where it is JSON, else the text.

    Args:
        given: as they were typed.
        own: keys that the command has an option for, which would say the same twice.

    Raises:
        ConfigError: one has no `=`, or is one of `own`.
    """
    values: dict[str, Any] = {}
    for each in given or ():
        key, equals, text = each.partition("=")
        if not key or not equals:
            raise ConfigError(f"{each!r} is no setting; expected KEY=VALUE")
        if (name := key.replace("-", "_")) in own:
            raise ConfigError(f"--set {each} is for what has no option of its own; give --{name} {text}")
        try:
            values[name] = json.loads(text)
        except ValueError:
            values[name] = text
    return values


def _import_file(path: Path) -> None:
    if not path.is_file():
        raise ConfigError(f"no file {path} to import")
    path = path.resolve()
    loaded = sys.modules.get(path.stem)
    if loaded is not None:
        if Path(getattr(loaded, "__file__", None) or "").resolve() == path:
            return
        raise ConfigError(f"{path.name} has the name of a module that is already in use; rename the file")
    _searched(path.parent)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None  # a path that ends in .py has a loader
    assert spec.loader is not None
    module = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[path.stem]
        raise


def slug(name: str) -> str:
    """The name as part of a path."""
    return re.sub(r"[^\w.-]+", "-", name).strip("-.")[:60] or "run"


def _import_module(name: str) -> None:
    _searched(Path.cwd())
    importlib.import_module(name)


def _searched(folder: Path) -> None:
    """Search a folder last, so that nothing in it hides an installed module."""
    if str(folder) not in sys.path:
        sys.path.append(str(folder))


def _where(error: BaseException, given: str) -> str:
    frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).name == Path(given).name]
    return f" (line {frames[-1].lineno})" if frames else ""
