"""A single-turn task as an object, and the environment that poses it: one question, one answer."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from assaygym.envs.core import Env, Reply
from assaygym.envs.difficulty import Difficulty, check_knobs, resolve
from assaygym.envs.registration import EnvSpec, Kind, register
from assaygym.envs.seeding import digest
from assaygym.errors import TaskError
from assaygym.types import Message, Score, Task
from assaygym.verifiers.base import judge
from assaygym.verifiers.text import exact

__all__ = ["Judge", "Pose", "TaskDefinition", "TaskEnv", "as_prompt"]

Judge = Callable[[str, Any], Score | bool | float]
Pose = Callable[..., Any]
F = TypeVar("F", bound=Callable[..., Any])
OPTIONS = frozenset({"split", "render_mode", "level"})
"""What `make` takes beside knobs."""


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

    Raises:
        ConfigError: a knob has no value, or the name of an option of `make`.
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
        check_knobs(env_id, {**{name: (value,) for name, value in self.defaults.items()}, **self.difficulty}, OPTIONS)
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

    def task(self, posed: Any) -> Task[Any]:
        """The `Task` of what the author's function returned; its id is of its prompt where the author gave none.

        Raises:
            TaskError: it is not (prompt, gold) or (prompt, gold, metadata).
        """
        if isinstance(posed, Task):
            return posed if posed.id else replace(posed, id=self._id_of(posed.prompt))
        if not isinstance(posed, tuple) or len(posed) not in (2, 3):
            raise TaskError(
                f"the function of {self.id} returned {type(posed).__name__}, expected (prompt, gold) or "
                "(prompt, gold, metadata)"
            )
        prompt = as_prompt(posed[0], self.system, self.id)
        return Task(
            id=self._id_of(prompt), prompt=prompt, answer=posed[1], metadata=posed[2] if len(posed) == 3 else {}
        )

    def _id_of(self, prompt: Sequence[Message]) -> str:
        return f"{self.id}:{digest(prompt)[:12]}"

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
        try:
            by_name = _find(self.__module__, self.__qualname__) is self
        except (ImportError, AttributeError):
            by_name = False
        return (_find, (self.__module__, self.__qualname__)) if by_name else super().__reduce_ex__(protocol)

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
        return self.definition.task(self.definition.pose(rng, **self.knobs))

    def _reply(self, action: Message) -> Reply:
        task = self.task
        assert task is not None  # a running episode has one
        return Reply(score=self.definition.score(action.content, task.answer))

    def _solve(self) -> list[str]:
        task = self.task
        assert task is not None  # a running episode has one
        return [self.definition.solution(task)]


def as_prompt(prompt: Any, system: str | None, env_id: str) -> tuple[Message, ...]:
    """Messages of a prompt given as text or messages, the system message first; one that the prompt brings joins it.

    Raises:
        TaskError: it is neither.
    """
    head = (Message(role="system", content=system),) if system else ()
    if isinstance(prompt, str):
        return (*head, Message(role="user", content=prompt))
    if isinstance(prompt, Sequence) and prompt and all(isinstance(message, Message) for message in prompt):
        if system and prompt[0].role == "system":  # one system message: some chat templates refuse two
            return (replace(prompt[0], content=f"{system}\n\n{prompt[0].content}"), *prompt[1:])
        return (*head, *prompt)
    raise TaskError(f"the prompt of {env_id} is {type(prompt).__name__}, expected text or a sequence of Message")


def _knob_defaults(pose: Pose) -> dict[str, Any]:
    parameters = inspect.signature(pose).parameters.values()
    return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is not p.empty}


def _first_line(function: Callable[..., Any]) -> str:
    return (inspect.getdoc(function) or "").split("\n")[0]


def _find(module: str, qualname: str) -> Any:
    """What stands under this name.

    Raises:
        ImportError: the module cannot be imported.
        AttributeError: it has no such name.
    """
    found: Any = importlib.import_module(module)
    for part in qualname.split("."):
        found = getattr(found, part)
    return found
