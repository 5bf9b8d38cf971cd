"""Machines for tapes, and the rules they are built for."""

import itertools
import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.envs.families.manufactoria import FUEL, MachineVerifier, TapeTests, manufactoria
from assaygym.envs.families.robot_machine import MachineError, parse, run
from assaygym.envs.families.robot_rules import both, draw_acceptance, draw_rewriting, either
from assaygym.envs.families.robot_solutions import machine_of
from assaygym.envs.registration import make
from assaygym.errors import ConfigError
from assaygym.types import Task, Verdict

ANY = "START s:\n    NEXT e\nEND e"
ENDS_WITH_RED = """
START s:
    NEXT other
PULLER_RB other:
    [R] red
    [B] other
    [EMPTY] NONE
PULLER_RB red:   # the last one was red
    [R] red
    [B] other
    [EMPTY] e
END e
"""
TAPES = ["".join(tape) for length in range(6) for tape in itertools.product("RB", repeat=length)]


def posed(seed: int, level: int) -> Task[TapeTests]:
    env = make("assay/Manufactoria-v0", level=level, split="all")
    env.reset(seed=seed)
    assert env.task is not None
    return env.task


def fenced(text: str) -> str:
    return f"Here:\n```\n{text}\n```"


def test_a_machine_written_by_hand_accepts_what_ends_with_red() -> None:
    machine = parse(ENDS_WITH_RED)
    for tape in TAPES:
        assert (run(machine, tape, 100) is not None) == tape.endswith("R")


def test_pullers_take_the_head_and_painters_append() -> None:
    text = "START s:\n NEXT a\nPULLER_RB a:\n [B] g\nPAINTER_GREEN g:\n NEXT y\nPULLER_YG y:\n [EMPTY] e\nEND e"
    assert run(parse(text), "BR", 10) == "RG"
    assert run(parse(text), "B", 10) is None  # the green one is at the head, and [G] is left out
    assert run(parse(text), "", 10) is None


def test_a_machine_that_goes_on_for_ever_rejects() -> None:
    painting = "START s:\n NEXT a\nPAINTER_RED a:\n NEXT a\nEND e"
    waiting = "START s:\n NEXT a\nPULLER_RB a:\n [EMPTY] a\nEND e"
    assert run(parse(painting), "R", 10**6) is None
    assert run(parse(waiting), "", 10_000) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "0 START"),
        ("END e", "0 START"),
        ("START s:\n NEXT s\nSTART t:\n NEXT s", "2 START"),
        ("START s:\n NEXT nowhere", "not there"),
        ("START s:\n [R] s", "no exit R"),
        ("START s:\n NEXT s\n NEXT s", "twice"),
        ("START s:\n NEXT p\nPULLER_RB p:\n [Y] s", "no exit Y"),
        ("START s:\n NEXT e\nEND e\n NEXT s", "no exit NEXT"),
        ("START s:\n NEXT e\nEND e\nEND e", "taken"),
        ("START NONE:\n NEXT NONE", "taken"),
        ("NEXT s", "before the first node"),
        ("LOOP s:", "no kind of node"),
        ("hello there, robot", "cannot be read"),
        ("START s:\n NEXT e\n" + "\n".join(f"END e{i}" for i in range(400)), "over 300 nodes"),
        ("\n" * 5000, "over the limit"),
        ("START " + "s" * 50_000, "cannot be read"),
    ],
)
def test_a_text_that_is_no_machine_is_refused(text: str, why: str) -> None:
    with pytest.raises(MachineError, match=why):
        parse(text)


@given(st.integers(0, 10_000), st.integers(2, 4), st.text("RB", max_size=16))
def test_acceptance_rules_and_their_machines_agree(seed: int, size: int, tape: str) -> None:
    rule = draw_acceptance(random.Random(seed), size)
    assert (run(parse(machine_of(rule, [])), tape, FUEL) is not None) == rule.accepts(tape)


@given(st.integers(0, 10_000), st.text("RB", max_size=16))
def test_rewriting_rules_and_their_machines_agree_one_after_another(seed: int, tape: str) -> None:
    rng = random.Random(seed)
    rules = [draw_rewriting(rng), draw_rewriting(rng)]
    assert run(parse(machine_of(None, rules)), tape, FUEL) == rules[1].rewrite(rules[0].rewrite(tape))


@given(st.integers(0, 10_000), st.text("RB", max_size=16))
def test_joined_rules_hold_where_both_or_either_do(seed: int, tape: str) -> None:
    rng = random.Random(seed)
    one, other = draw_acceptance(rng, 2), draw_acceptance(rng, 3)
    assert both(one, other).accepts(tape) == (one.accepts(tape) and other.accepts(tape))
    assert either(one, other).accepts(tape) == (one.accepts(tape) or other.accepts(tape))


WORDS = {
    r"accept a tape exactly if it starts with ([RB]+)\.": lambda t, p: t.startswith(p),
    r"accept a tape exactly if it ends with ([RB]+)\.": lambda t, p: t.endswith(p),
    r"accept a tape exactly if it contains ([RB]+) somewhere, in one piece\.": lambda t, p: p in t,
    r"accept a tape exactly if it contains ([RB]+) nowhere in one piece\.": lambda t, p: p not in t,
    r"accept a tape exactly if it is exactly ([RB]+)\.": lambda t, p: t == p,
    r"accept a tape exactly if it has at least (\d) red symbols": lambda t, p: t.count("R") >= int(p),
    r"accept a tape exactly if it has ([RB]) as its symbol number 2": lambda t, p: t[1:2] == p,
    r"accept a tape exactly if it has no (\d) equal symbols in a row": lambda t, p: (
        not ("R" * int(p) in t or "B" * int(p) in t)
    ),
    r": remove every R\. ": lambda t: t.replace("R", ""),
    r": replace every R by B and every B by R\. ": lambda t: t.translate(str.maketrans("RB", "BR")),
    r": put ([RB]+) before the first symbol\. ": lambda t, p: p + t,
    r": put ([RB]+) after the last symbol\. ": lambda t, p: t + p,
    r": write every symbol twice\. ": lambda t: "".join(c * 2 for c in t),
    r": move the first symbol to the end\. ": lambda t: t[1:] + t[:1],
    r": remove the last symbol, if there is one\. ": lambda t: t[:-1],
    r": remove the second, the fourth": lambda t: t[::2],
    r": remove the first R, if there is one\. ": lambda t: t.replace("R", "", 1),
    r": keep only the first symbol of every run": lambda t: re.sub(r"R+", "R", re.sub(r"B+", "B", t)),
    r": append R if the number of B on the tape is even": lambda t: t + "RB"[t.count("B") % 2],
    r": replace every B that stands right after a R by R": lambda t: re.sub("(?<=R)B", "R", t),
}


@pytest.mark.parametrize("words", WORDS)
def test_the_words_of_a_rule_say_what_its_tests_ask_for(words: str) -> None:
    level = 3 if words.startswith(": ") else 0
    tasks = (task for seed in range(1500) if re.search(words, (task := posed(seed, level)).prompt[-1].content))
    task = next(tasks)
    match = re.search(words, task.prompt[-1].content)
    assert match is not None
    for tape, left in task.answer.cases:
        says = WORDS[words](tape, *match.groups())  # type: ignore[operator]
        assert left == (says if level else (tape if says else None))


@pytest.mark.parametrize("level", range(5))
def test_near_misses_earn_nothing(level: int) -> None:
    for seed in range(20):
        task = posed(seed, level)
        right = task.metadata["reference"]
        assert task.metadata["near"]
        spoiled = [re.sub(r"(\]|NEXT) done", r"\1 NONE", right), ANY]
        for wrong in (*task.metadata["near"], *spoiled):
            assert manufactoria.score(fenced(wrong), task.answer).value == 0.0


def test_a_share_is_told_and_only_paid_when_asked_for() -> None:
    task = posed(1, 2)
    binary = manufactoria.score(fenced(ANY), task.answer)
    dense = MachineVerifier(mode="fraction")(fenced(ANY), task.answer)
    assert binary.verdict is Verdict.INCORRECT
    assert dense.value == binary.metrics["passed"] / binary.metrics["total"] > 0
    assert dense.verdict is Verdict.PARTIAL
    assert MachineVerifier(mode="fraction")(fenced(task.metadata["reference"]), task.answer).value == 1.0


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(ConfigError, match="mode"):
        MachineVerifier(mode="dense")  # type: ignore[arg-type]


@pytest.mark.parametrize("level", [0, 1, 2])
def test_accepting_rules_accept_some_tapes_and_reject_some(level: int) -> None:
    for seed in range(40):
        accepted = [left is not None for _, left in posed(seed, level).answer.cases]
        assert True in accepted
        assert False in accepted
