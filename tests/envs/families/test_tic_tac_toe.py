"""Noughts and crosses."""

from typing import cast

import pytest

from assaygym.envs.families import tic_tac_toe as rules
from assaygym.envs.families.tic_tac_toe import TicTacToe, read_cell
from assaygym.envs.registration import make
from assaygym.types import Score, Verdict


def started(seed: int = 1, **knobs: float) -> TicTacToe:
    env = cast(TicTacToe, make("assay/TicTacToe-v0", **knobs))
    env.reset(seed=seed)
    return env


def at(board: str, me: str = "X", worth: int = 0, skill: float = 1.0) -> TicTacToe:
    """A game that stands like this, with the agent to move."""
    env = started(skill=skill)
    env.board, env.me, env.worth = board, me, worth
    return env


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("A1", 0), ("c3", 8), ("B2", 4), ("5", 4), (" 9 \n", 8), (r"\boxed{B1}", 1), (r"\boxed{\text{A3}}", 6),
        (r"\boxed{7}", 6), (r"$\boxed{ c1 }$", 2), ("I take B3.", 7), ("Not A1, since C3 is open: C3!", 8),
        (r"B1 is bad, so \boxed{A2}", 3), (r"\boxed{A1} no, that loses. Better: \boxed{B1}", 1), ("**C2**", 5),
        ("<think>A1 or B1?</think>C1", 2),
    ],
)  # fmt: skip
def test_a_move_is_read(text: str, cell: int) -> None:
    assert read_cell(text) == cell


@pytest.mark.parametrize(
    "text",
    [
        "", "0", "10", "D1", "A4", "A10", "XA1", "A1B", r"\boxed{}", r"\boxed{A1, B2}", r"\boxed{A1} or \boxed{B1}",
        "move 5 please", "²", "Ａ1", "B2 " * 200, "<think>B2</think>", r"B2 \boxed{nothing}",
    ],
)  # fmt: skip
def test_no_move_is_read(text: str) -> None:
    assert read_cell(text) is None


def test_cells_are_named_column_first_with_rows_from_the_top() -> None:
    env = at("X........", me="O", skill=0.0)
    assert "1 X . ." in env.step("C3")[0]
    assert env.board[8] == "O"


@pytest.mark.parametrize("bad", ["A1", "no idea", "", "D4", "A1 " * 500])
def test_one_bad_move_is_warned_of_and_the_second_loses(bad: str) -> None:
    env = at("X...O....")
    observation, reward, terminated, _, _ = env.step(bad)
    assert "The next illegal move loses" in observation
    assert (reward, terminated) == (0.0, False)
    assert env.board == "X...O...."
    _, reward, terminated, _, info = env.step(bad)
    assert (reward, terminated) == (0.0, True)
    assert "second illegal move" in info["score"].explanation


def test_the_warning_lasts_all_game() -> None:
    env = at("X...O....", skill=0.0)
    env.step("junk")
    env.step("B1")
    assert env.step("junk")[2]


@pytest.mark.parametrize(
    ("board", "move", "worth", "value", "verdict"),
    [
        ("XX.OO....", "C1", 1, 1.0, Verdict.CORRECT),
        ("XX.OO....", "C1", 0, 1.0, Verdict.CORRECT),
        ("XOXXOO.XO", "A3", 1, 1.0, Verdict.CORRECT),
        ("OXOXXO.OX", "A3", 0, 1.0, Verdict.CORRECT),
        ("OXOXXO.OX", "A3", 1, 0.5, Verdict.PARTIAL),
        ("XX.OO....", "A3", 1, 0.0, Verdict.INCORRECT),
    ],
)
def test_the_reward_is_relative_to_what_could_be_forced(
    board: str, move: str, worth: int, value: float, verdict: Verdict
) -> None:
    _, reward, terminated, _, info = at(board, worth=worth).step(move)
    score: Score = info["score"]
    assert (reward, terminated, score.value, score.verdict) == (value, True, value, verdict)


def test_the_perfect_opponent_takes_a_win_and_blocks_one() -> None:
    env = at("X.......O", me="X")
    env.step("B1")
    assert env.board[2] == "O"


def test_a_random_opponent_loses_wins_that_a_perfect_one_takes() -> None:
    boards = set()
    for seed in range(40):
        env = started(seed, skill=0.0)
        env.board, env.me = "XX.OO....", "X"
        env.step("A3")
        boards.add(env.board)
    assert len(boards) > 3


@pytest.mark.parametrize("skill", [0.0, 0.6, 1.0])
def test_every_start_can_be_held_but_not_won_at_once(skill: float) -> None:
    env = cast(TicTacToe, make("assay/TicTacToe-v0", skill=skill))
    marks, worths = set(), set()
    for seed in range(150):
        env.reset(seed=seed)
        marks.add(env.me)
        worths.add(env.worth)
        free = [i for i in range(9) if env.board[i] == "."]
        assert 5 <= len(free) <= 7
        assert env.me == ("X" if len(free) % 2 else "O")
        assert env.worth >= 0
        assert not any(rules._wins(rules._placed(env.board, cell, env.me), env.me) for cell in free)
    assert marks == {"X", "O"}
    assert worths == {0, 1}


def test_the_value_of_the_empty_board_is_a_draw_and_of_a_fork_a_win() -> None:
    assert rules._value(".........", "X") == 0
    assert rules._value("X...O...X", "O") == 0
    assert rules._value("X.X.O...O", "X") == 1
    assert rules._value("XX..O....", "O") == 0


def test_a_game_needs_more_than_one_move() -> None:
    for seed in range(50):
        env = started(seed)
        assert not env.step(env.oracle_action())[2]


def test_forks_meet_the_same_answers_to_the_same_moves() -> None:
    env = started(3, skill=0.0)
    left, right = env.fork(2)
    for _ in range(2):
        assert left.step(left.oracle_action()) == right.step(right.oracle_action())
