r"""Single-turn tasks: a function or a data file poses them, a verifier judges the one answer.

    @ag.task("my/reverse-v0", difficulty={"length": (4, 8, 16, 32)})
    def reverse(rng, *, length=4):
        word = "".join(rng.choices("abcdef", k=length))
        return f"Reverse the string {word}. Answer in \\\boxed{{}}.", word[::-1]

The decorated name is a `TaskDefinition`: it makes environments, scores answers and can be registered, pickled and
passed around. Without a verifier the answer must equal the gold exactly.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, overload

from assaygym.envs.core import Env, Reply
from assaygym.envs.data import Row, column, read_rows
from assaygym.envs.difficulty import Difficulty, resolve
from assaygym.envs.registration import EnvSpec, Kind, register
from assaygym.envs.seeding import fingerprint, keyed_rng, split_of
from assaygym.errors import ConfigError, DataError, TaskError
from assaygym.types import Message, Score, Task
from assaygym.verifiers.base import judge
from assaygym.verifiers.text import exact

__all__ = ["TaskDefinition", "TaskEnv", "as_prompt", "task", "task_from_data"]

Judge = Callable[[str, Any], Score | bool | float]
Pose = Callable[..., Any]
F = TypeVar("F", bound=Callable[..., Any])


class TaskDefinition:
    r"""A task that knows how to pose itself and how to judge an answer. Calling it makes an environment.

    Args:
        env_id: `namespace/name-vN`.
        pose: `(rng, **knobs) -> (prompt, gold)` or `(prompt, gold, metadata)`; a prompt is text or messages.
        difficulty: the values of each knob from easy to hard.
        verifier: `(response, gold)` to a `Score`, bool or float in [0, 1]; exact match when None.
        solve: `(task) -> str`, a right answer; `\boxed{gold}` for plain golds when None.
        system: the system prompt.
        kind: of the table of environments.
        summary: one line for the table of environments.
        requires: what it needs beyond the core, for the table of environments.
    """

    metadata = Env.metadata

    def __init__(
        self,
        env_id: str,
        pose: Pose,
        *,
        difficulty: Difficulty | None = None,
        verifier: Judge | None = None,
        solve: Callable[[Task[Any]], str] | None = None,
        system: str | None = None,
        kind: Kind = "other",
        summary: str = "",
        requires: tuple[str, ...] = (),
    ) -> None:
        self.id = env_id
        self.pose = pose
        self.difficulty: Difficulty = dict(difficulty or {})
        self.defaults = _knob_defaults(pose)
        self.verifier = verifier if verifier is not None else exact()
        self.solver = solve
        self.system = system
        self.kind: Kind = kind
        self.summary = summary or _first_line(pose)
        self.requires = requires
        self.__doc__ = pose.__doc__
        self.__module__ = pose.__module__
        self.__qualname__ = pose.__qualname__

    def __call__(self, **options: Any) -> Env:
        """As `make`."""
        return self.make(**options)

    def make(
        self, *, split: str = "train", render_mode: str | None = None, level: int | None = None, **knobs: Any
    ) -> TaskEnv:
        """An environment of this task.

        Raises:
            ConfigError: an unknown knob, level or split.
        """
        chosen = resolve(self.id, self.difficulty, level, knobs, self.defaults)
        return TaskEnv(self, split=split, render_mode=render_mode, knobs=chosen)

    def score(self, text: str, gold: Any) -> Score:
        """The verdict on an answer; INVALID when the verifier itself fails."""
        return judge(self.verifier, text, gold)

    def verify(self, function: F) -> F:
        """Decorator: judge with this function of (response, gold)."""
        self.verifier = function
        return function

    def solve(self, function: F) -> F:
        """Decorator: the oracle answers with this function of the task."""
        self.solver = function
        return function

    def solution(self, posed: Task[Any]) -> str:
        """A right answer to the task.

        Raises:
            TaskError: none is known: the gold is not plain and there is no `solve`.
        """
        if self.solver is not None:
            return self.solver(posed)
        if isinstance(posed.answer, (str, int, float)):
            return f"\\boxed{{{posed.answer}}}"
        raise TaskError(f"{self.id} has no oracle: its gold is {type(posed.answer).__name__}; pass solve=")

    def task(self, posed: Any, task_id: str) -> Task[Any]:
        """The `Task` of what the author's function returned.

        Raises:
            TaskError: it is not (prompt, gold) or (prompt, gold, metadata).
        """
        if isinstance(posed, Task):
            return posed
        if not isinstance(posed, tuple) or len(posed) not in (2, 3):
            raise TaskError(
                f"the function of {self.id} returned {type(posed).__name__}, expected (prompt, gold) or "
                "(prompt, gold, metadata)"
            )
        prompt, gold, *rest = posed
        return Task(
            id=task_id,
            prompt=as_prompt(prompt, self.system, self.id),
            answer=gold,
            metadata=rest[0] if rest else {},
        )

    def register(self) -> TaskDefinition:
        """Make the id known; returns the definition itself.

        Raises:
            RegistrationError: the id is malformed or belongs to other code.
        """
        register(EnvSpec(id=self.id, entry_point=self, kind=self.kind, summary=self.summary, requires=self.requires))
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> TaskDefinition:
        return self  # shared by all its environments: it holds no state of an episode

    def __reduce_ex__(self, protocol: Any) -> Any:
        if _find(self.__module__, self.__qualname__) is self:
            return _find, (self.__module__, self.__qualname__)
        return super().__reduce_ex__(protocol)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id}>"


class TaskEnv(Env):
    """The environment of a `TaskDefinition`: one question, one answer."""

    def __init__(
        self, definition: TaskDefinition, *, split: str, render_mode: str | None, knobs: Mapping[str, Any]
    ) -> None:
        super().__init__(definition.id, split=split, render_mode=render_mode, knobs=knobs)
        self.definition = definition

    @property
    def has_oracle(self) -> bool:
        """Whether a right answer can be given: the author's `solve`, or a plain gold."""
        task = self.task
        return self.definition.solver is not None or task is None or isinstance(task.answer, (str, int, float))

    def _pose(self, rng: Any) -> Task[Any]:
        posed = self.definition.task(self.definition.pose(rng, **self.knobs), "")
        return (
            posed
            if posed.id
            else Task(
                id=f"{self.id}:{fingerprint(posed.prompt)[:12]}",
                prompt=posed.prompt,
                answer=posed.answer,
                metadata=posed.metadata,
            )
        )

    def _reply(self, action: Message) -> Reply:
        task = self.task
        assert task is not None  # a running episode has one
        return Reply(score=self.definition.score(action.content, task.answer))

    def _solve(self) -> list[str]:
        task = self.task
        assert task is not None  # a running episode has one
        return [self.definition.solution(task)]


class DataTaskDefinition(TaskDefinition):
    """A task whose rows come from a file; `reset(options={"index": i})` picks row i."""

    def __init__(
        self,
        env_id: str,
        rows: Sequence[Row],
        columns: Mapping[str, Any],
        **options: Any,
    ) -> None:
        super().__init__(env_id, self.row_task, **options)
        self.rows: Sequence[Row] = rows
        self._recipe = {**columns, **options}
        self._columns = columns
        self._orders: dict[str, list[int]] = {}
        self.defaults = {}
        self.__qualname__ = f"<data of {env_id}>"

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _from_recipe, (self.id, self.rows, self._recipe)

    def make(
        self, *, split: str = "train", render_mode: str | None = None, level: int | None = None, **knobs: Any
    ) -> TaskEnv:
        """An environment of these rows."""
        resolve(self.id, {}, level, knobs, {})
        return DataEnv(self, split=split, render_mode=render_mode, knobs={})

    def row_task(self, index: int) -> Task[Any]:
        """The task of row `index`, from 0.

        Raises:
            ConfigError: there is no such row.
            DataError: the row lacks a column or an answer.
        """
        if not 0 <= index < len(self.rows):
            raise ConfigError(f"{self.id} has rows 0 to {len(self.rows) - 1}, not {index}")
        row, number = self.rows[index], index + 1
        given = {name: _cell(row, what, number) for name, what in self._columns.items() if what is not None}
        return Task(
            id=str(given.get("name", index)),
            prompt=as_prompt(given["prompt"], self.system, self.id),
            answer=given["gold"],
            metadata={"solution": given["solution"]} if "solution" in given else {},
        )

    def order(self, split: str) -> list[int]:
        """The rows of a split in an order of its own, so that seeds 0 to n-1 visit each row once.

        Raises:
            TaskError: the split has no row.
        """
        if split not in self._orders:
            everything = range(len(self.rows))
            mine = [i for i in everything if split in ("all", split_of(fingerprint(self.row_task(i).prompt)))]
            keyed_rng(self.id, split, 0, {}, "order").shuffle(mine)
            self._orders[split] = mine
        if not self._orders[split]:
            raise TaskError(
                f"none of the {len(self.rows)} rows of {self.id} is in its {split!r} split; use split='all'"
            )
        return self._orders[split]

    def check(self) -> None:
        """Read every row once, so that bad data fails before a run and not in the middle of it.

        Raises:
            DataError: a row lacks a column or an answer.
        """
        for index in range(len(self.rows)):
            self.row_task(index)


class DataEnv(TaskEnv):
    """The environment of a data file."""

    definition: DataTaskDefinition

    def _draw(self, seed: int, options: Mapping[str, Any]) -> Task[Any]:
        if unknown := options.keys() - {"index"}:
            raise ConfigError(f"{self.id} takes the reset option 'index' only, got {', '.join(sorted(unknown))}")
        if "index" in options:
            return self.definition.row_task(int(options["index"]))
        order = self.definition.order(self.split)
        return self.definition.row_task(order[seed % len(order)])


@overload
def task(
    env_id: str,
    *,
    difficulty: Difficulty | None = None,
    verifier: Judge | None = None,
    solve: Callable[[Task[Any]], str] | None = None,
    system: str | None = None,
    kind: Kind = "other",
    summary: str = "",
    requires: tuple[str, ...] = (),
) -> Callable[[Pose], TaskDefinition]: ...


@overload
def task(
    env_id: str,
    *,
    data: str | Path | Sequence[Row],
    prompt: str | Callable[[Row], Any],
    gold: str | Callable[[Row], Any],
    solution: str | Callable[[Row], str] | None = None,
    name: str | Callable[[Row], str] | None = None,
    verifier: Judge | None = None,
    system: str | None = None,
    kind: Kind = "other",
    summary: str = "",
) -> DataTaskDefinition: ...


def task(env_id: str, *, data: Any = None, **options: Any) -> Any:
    """Register a single-turn task: a decorator of a function, or the definition itself when `data` is given.

    Raises:
        RegistrationError: the id is malformed or taken.
        DataError: the data cannot be read, lacks a column, or a row has no answer.
        ConfigError: an option that does not go with the others.
    """
    if data is not None:
        definition = task_from_data(env_id, data, **options)
        definition.register()
        return definition
    if wrong := options.keys() & {"prompt", "gold", "solution", "name"}:
        raise ConfigError(f"{', '.join(sorted(wrong))} of {env_id} need data=, which was not given")

    def decorate(function: Pose) -> TaskDefinition:
        return TaskDefinition(env_id, function, **options).register()

    return decorate


def task_from_data(
    env_id: str,
    data: str | Path | Sequence[Row],
    *,
    prompt: str | Callable[[Row], Any],
    gold: str | Callable[[Row], Any],
    solution: str | Callable[[Row], str] | None = None,
    name: str | Callable[[Row], str] | None = None,
    **options: Any,
) -> DataTaskDefinition:
    """The task of a data file, not registered. Every row is read and checked at once.

    Args:
        env_id: `namespace/name-vN`.
        data: a file, a folder with one data file, or rows.
        prompt: the column that holds the question, or a function of the row.
        gold: the column that holds the answer, or a function of the row.
        solution: the column that holds a full right answer, or a function of the row; for the oracle.
        name: the column that names the row, or a function of the row; the row's number when None.
        **options: as for `TaskDefinition`.

    Raises:
        DataError: the data cannot be read, lacks a column, or a row has no answer.
    """
    if solution is not None:
        options.setdefault("solve", _stored_solution)
    columns = {"prompt": prompt, "gold": gold, "solution": solution, "name": name}
    definition = DataTaskDefinition(env_id, read_rows(data), columns, **options)
    definition.check()
    return definition


def _from_recipe(env_id: str, rows: Sequence[Row], recipe: Mapping[str, Any]) -> DataTaskDefinition:
    return task_from_data(env_id, rows, **recipe)


def _cell(row: Row, what: str | Callable[[Row], Any], number: int) -> Any:
    if isinstance(what, str):
        return column(row, what, number)
    try:
        return what(row)
    except DataError as error:
        raise DataError(f"row {number}: {error}") from error
    except KeyError as error:
        return column(row, str(error.args[0]), number)


def as_prompt(prompt: Any, system: str | None, env_id: str) -> tuple[Message, ...]:
    """Messages of a prompt given as text or messages, the system message first.

    Raises:
        TaskError: it is neither.
    """
    head = (Message(role="system", content=system),) if system else ()
    if isinstance(prompt, str):
        return (*head, Message(role="user", content=prompt))
    if isinstance(prompt, Sequence) and prompt and all(isinstance(message, Message) for message in prompt):
        return (*head, *prompt)
    raise TaskError(f"the prompt of {env_id} is {type(prompt).__name__}, expected text or a sequence of Message")


def _stored_solution(posed: Task[Any]) -> str:
    return str(posed.metadata["solution"])


def _knob_defaults(pose: Pose) -> dict[str, Any]:
    parameters = inspect.signature(pose).parameters.values()
    return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is not p.empty}


def _first_line(function: Callable[..., Any]) -> str:
    return (inspect.getdoc(function) or "").split("\n")[0]


def _find(module: str, qualname: str) -> Any:
    try:
        found: Any = importlib.import_module(module)
        for part in qualname.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError):
        return None
    return found
