r"""`assay/TicTacToe-v0`: noughts and crosses from a random position against a random to perfect opponent.

A turn names one cell: in `\boxed{}`, bare (`B2`, or 1 to 9 counted in rows), or as the last cell named in a short text.
The first move that is illegal or cannot be read is answered with a warning, the second one loses the game.

The reward is relative to what the position is worth against a perfect opponent: a win earns 1; a draw earns 1 where no
more could be forced, else 0.5; a loss earns 0. Perfect play therefore always earns 1. No position offers a win in one
move, so that no single answer wins.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, ClassVar

from assaygym.envs.core import Env, Reply
from assaygym.envs.difficulty import Difficulty, resolve
from assaygym.envs.seeding import digest
from assaygym.errors import ConfigError
from assaygym.types import Message, Score, Task, Verdict
from assaygym.verifiers.extract import boxed_answer, strip_markup

__all__ = ["TicTacToe"]

ID = "assay/TicTacToe-v0"
EMPTY = "."
START = EMPTY * 9
LINES = ((0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6))
PROSE = 400
"""A longer text without a box names no move."""
_CELL = re.compile(r"(?<![A-Za-z0-9])([A-Ca-c])([1-3])(?![A-Za-z0-9])", re.ASCII)
_WRAPPED = re.compile(r"\\(?:text|mathrm|texttt)\{([^{}]*)\}")
SYSTEM = (
    "You play noughts and crosses (tic-tac-toe). Three in a row, column or diagonal win. Columns are A to C from left "
    "to right, rows 1 to 3 from top to bottom. Each turn, name the one cell you take in \\boxed{}, column first. An "
    "illegal or unreadable move is warned of once; the second one loses."
)
TEMPLATES = (
    "You play {me}. It is your turn.\n{board}",
    "The game is under way, you are {me} and move next.\n{board}",
    "{me} to move, and that is you.\n{board}",
    "Your opponent has {them}, you have {me}. Here is the board; make your move.\n{board}",
)


class TicTacToe(Env):
    """A game from a position that the agent can at least draw.

    `skill` is the probability with which the opponent plays a perfect move; else it plays any legal one.
    """

    difficulty: ClassVar[Difficulty] = {"skill": (0.0, 0.3, 0.6, 0.85, 1.0)}

    def __init__(
        self,
        *,
        split: str = "train",
        render_mode: str | None = None,
        max_turns: int = 6,
        level: int | None = None,
        **knobs: Any,
    ) -> None:
        chosen = resolve(ID, self.difficulty, level, knobs, {})
        if not isinstance(chosen["skill"], (int, float)) or not 0 <= chosen["skill"] <= 1:
            raise ConfigError(f"TicTacToe: skill {chosen['skill']!r}; expected a number from 0 to 1")
        super().__init__(ID, split=split, render_mode=render_mode, max_turns=max_turns, knobs=chosen)
        self.board = START
        self.me = "X"
        self.worth = 0
        """What the agent can force from the start: 1 a win, 0 a draw."""
        self.warned = False
        self._opponent = random.Random(0)

    @property
    def them(self) -> str:
        """The opponent's mark."""
        return _other(self.me)

    def _pose(self, rng: random.Random) -> Task[None]:
        self.board, self.me = _position(rng)
        self.worth = _value(self.board, self.me)
        self.warned = False
        text = rng.choice(TEMPLATES).format(me=self.me, them=self.them, board=_picture(self.board))
        prompt = (Message(role="system", content=SYSTEM), Message(role="user", content=text))
        self._opponent = random.Random(rng.getrandbits(64))
        return Task(id=f"{ID}:{digest(prompt)[:12]}", prompt=prompt, answer=None)

    def _reply(self, action: Message) -> Reply:
        cell = read_cell(action.content)
        if cell is None or self.board[cell] != EMPTY:
            return self._refused("No cell could be read." if cell is None else f"{_name(cell)} is taken.")
        self.board = _placed(self.board, cell, self.me)
        if ended := self._ended():
            return Reply(score=ended)
        answer = self._answer()
        self.board = _placed(self.board, answer, self.them)
        if ended := self._ended():
            return Reply(messages=(self._says(f"{self.them} takes {_name(answer)}."),), score=ended)
        return Reply(messages=(self._says(f"{self.them} takes {_name(answer)}. Your turn."),))

    def _refused(self, why: str) -> Reply:
        if self.warned:
            return Reply(score=Score.of(0.0, explanation=f"second illegal move: {why}"))
        self.warned = True
        hint = "Name one free cell, column first, in \\boxed{}. The next illegal move loses."
        return Reply(messages=(self._says(f"{why} {hint}"),))

    def _says(self, text: str) -> Message:
        return Message(role="user", content=f"{text}\n{_picture(self.board)}")

    def _answer(self) -> int:
        """The opponent's move."""
        free = _free(self.board)
        if self._opponent.random() >= self.knobs["skill"]:
            return self._opponent.choice(free)
        return self._opponent.choice(_best(self.board, self.them))

    def _ended(self) -> Score | None:
        if _wins(self.board, self.me):
            return Score.of(1.0, explanation=f"{self.me} wins")
        if _wins(self.board, self.them):
            return Score.of(0.0, explanation=f"{self.them} wins")
        if EMPTY in self.board:
            return None
        if self.worth == 0:
            return Score(value=1.0, verdict=Verdict.CORRECT, explanation="a draw, the most that could be forced")
        return Score(value=0.5, verdict=Verdict.PARTIAL, explanation="a draw where a win could be forced")

    def _conclude(self) -> Score:
        return Score.of(0.0, explanation="the game was not finished")

    def _solve(self) -> Iterator[str]:
        while True:
            yield f"\\boxed{{{_name(_best(self.board, self.me)[0])}}}"


def read_cell(text: str) -> int | None:
    """The cell (0 to 8, in rows) that a turn names, or None."""
    body = strip_markup(text)
    box = boxed_answer(body)
    stated = _WRAPPED.sub(r"\1", body if box is None else box).strip()
    if len(stated) > PROSE:
        return None
    if len(stated) == 1 and stated in "123456789":
        return int(stated) - 1
    named = [(int(row) - 1) * 3 + "ABC".index(column.upper()) for column, row in _CELL.findall(stated)]
    if not named or (box is not None and len(set(named)) > 1):
        return None
    return named[-1]


def _position(rng: random.Random) -> tuple[str, str]:
    """A board after two to four random moves, and the mark to move, who can at least draw but not win at once."""
    while True:
        board, mark = START, "X"
        for _ in range(rng.randint(2, 4)):
            board, mark = _placed(board, rng.choice(_free(board)), mark), _other(mark)
        at_once = any(_wins(_placed(board, cell, mark), mark) for cell in _free(board))
        if not at_once and _value(board, mark) >= 0:
            return board, mark


def _other(mark: str) -> str:
    return "O" if mark == "X" else "X"


def _name(cell: int) -> str:
    return f"{'ABC'[cell % 3]}{cell // 3 + 1}"


def _picture(board: str) -> str:
    rows = (f"{i + 1} {' '.join(board[3 * i : 3 * i + 3])}" for i in range(3))
    return "\n".join(["  A B C", *rows])


def _placed(board: str, cell: int, mark: str) -> str:
    return board[:cell] + mark + board[cell + 1 :]


def _free(board: str) -> list[int]:
    return [cell for cell in range(9) if board[cell] == EMPTY]


def _wins(board: str, mark: str) -> bool:
    return any(board[a] == board[b] == board[c] == mark for a, b, c in LINES)


@cache
def _value(board: str, mark: str) -> int:
    """What `mark`, to move, can force: 1 a win, 0 a draw, -1 a loss."""
    if _wins(board, _other(mark)):
        return -1
    return max((-_value(_placed(board, cell, mark), _other(mark)) for cell in _free(board)), default=0)


@cache
def _best(board: str, mark: str) -> tuple[int, ...]:
    """The moves of `mark` that force the most."""
    values = {cell: -_value(_placed(board, cell, mark), _other(mark)) for cell in _free(board)}
    return tuple(cell for cell, value in values.items() if value == max(values.values()))
