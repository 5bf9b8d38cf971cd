"""Regular expressions from examples."""

import random
import re
import time
from dataclasses import replace
from itertools import islice

import pytest

from assaygym.envs.families.regex import Strings, check, regex
from assaygym.envs.families.regex_language import Language, Part, draw_language
from assaygym.envs.registration import make
from assaygym.types import Task, Verdict

LEVELS = pytest.mark.parametrize("level", range(5))


def posed(seed: int, level: int = 1) -> Task[Strings]:
    env = make("assay/Regex-v0", level=level)
    env.reset(seed=seed)
    assert env.task is not None
    return env.task


def said(pattern: str) -> str:
    return f"I think <answer>{pattern}</answer>"


def fits(pattern: str, strings: Strings) -> bool:
    """The verdict without a sandbox, for patterns of ours."""
    compiled = re.compile(pattern)
    return all(map(compiled.fullmatch, strings.members)) and not any(map(compiled.fullmatch, strings.misses))


def shown(task: Task[Strings]) -> list[str]:
    reference = re.compile(task.answer.pattern)
    return [line for line in task.prompt[-1].content.splitlines() if reference.fullmatch(line)]


@LEVELS
def test_hidden_strings_are_not_shown_and_are_of_the_language(level: int) -> None:
    for seed in range(20):
        task = posed(seed, level)
        lines = set(task.prompt[-1].content.splitlines())
        assert not lines & {*task.answer.members, *task.answer.misses}
        assert fits(task.answer.pattern, task.answer)
        assert len(set(task.answer.members)) == 40
        assert len(set(task.answer.misses)) == 120


@LEVELS
def test_an_alternation_of_the_strings_shown_fails(level: int) -> None:
    task = posed(3, level)
    listed = "|".join(map(re.escape, shown(task)))
    assert len(shown(task)) >= 10
    assert check(said(listed), task.answer).verdict is Verdict.INCORRECT
    assert not fits(listed, task.answer)


@LEVELS
@pytest.mark.parametrize("pattern", [".*", ".+", r"\w+", r"\S+", r"[\w.-]+", r"^.*$", "", ".{5,20}", r"\w+\W\w+"])
def test_a_general_pattern_fits_no_language(level: int, pattern: str) -> None:
    assert not any(fits(pattern, posed(seed, level).answer) for seed in range(30))


@LEVELS
def test_a_loosened_part_is_nearly_always_caught(level: int) -> None:
    caught = []
    for seed in range(20):
        strings = posed(seed, level).answer
        for loose in (
            re.sub(r"\{(\d+),(\d+)\}", r"{\1,}", strings.pattern),
            re.sub(r"\{(\d+),(\d+)\}", r"{1,\2}", strings.pattern),
            re.sub(r"\[[^\]]*\]", r"[0-9a-zA-Z]", strings.pattern),
        ):
            if loose != strings.pattern and "{1,1}" not in loose:
                caught.append(not fits(loose, strings))
    assert sum(caught) >= 0.85 * len(caught)


@pytest.mark.parametrize("level", [3, 4])
def test_where_the_parts_are_not_told_every_bound_and_word_is_shown(level: int) -> None:
    knobs = {"parts": 3 + (level == 4), "shown": (18, 24)[level - 3], "rich": level == 4, "described": False}
    for seed in range(20):
        prompt, strings, _ = regex.pose(random.Random(seed), **knobs)
        reference = re.compile(strings.pattern)
        seen = [found for line in prompt.splitlines() if (found := reference.fullmatch(line))]
        for name, inner in re.findall(r"\(\?P<(p\d+)>([^()]*)\)", strings.pattern):
            texts = {found[name] for found in seen}
            bounds = re.search(r"\{(\d+),(\d+)\}", inner)
            wanted = set(map(int, bounds.groups())) if bounds else set(re.sub(r"\\(.)", r"\1", inner).split("|"))
            assert wanted <= ({len(text) for text in texts if text} if bounds else texts)


def test_another_pattern_for_the_same_language_is_right() -> None:
    strings = posed(1, 0).answer
    other = re.sub(r"\?P<p\d+>", "?:", strings.pattern)
    for pattern in (other, f"^{other}$", f"r'{other}'", f"`{other}`", f"(?x) {other}"):
        assert check(said(pattern), strings).value == 1.0, pattern


@pytest.mark.parametrize("pattern", ["(", "[a", "*", "(?P<x>a)(?P<x>b)", "a{99999999999}", r"\p{L}", "\ud800", "\0["])
def test_what_is_no_pattern_is_wrong(pattern: str) -> None:
    score = check(said(pattern), posed(1).answer)
    assert score.verdict is Verdict.INCORRECT


@pytest.mark.parametrize("pattern", ["(a|a)*b", "((a+)+)+$", "(.*)*x", "(?:(?:a{1,999}){1,999}){1,999}b"])
def test_backtracking_without_end_is_the_answers_fault(pattern: str) -> None:
    strings = Strings(("b",), ("a" * 40,), "b")
    begun = time.monotonic()
    assert check(said(pattern), strings).verdict is Verdict.INCORRECT
    assert time.monotonic() - begun < 20


def test_a_pattern_that_is_too_long_is_not_tried() -> None:
    score = check(said("a" * 500), posed(1).answer)
    assert "at most 400" in score.explanation


def test_no_pattern_is_no_answer() -> None:
    assert check("I do not\nknow", posed(1).answer).verdict is Verdict.UNPARSED


def test_parts_say_what_they_are() -> None:
    parts = (
        Part("hex", 2, 4),
        Part("words", words=("-",)),
        Part("same", same=0),
        replace(Part("upper"), optional=True),
    )
    language = Language(parts)
    assert language.says() == [
        "2 to 4 hexadecimal digits (0-9 and a-f)",
        "the text -",
        "exactly the same text as part 1",
        "optionally (that is, it may be missing) 1 upper-case letters (A-Z)",
    ]
    assert language.holds("a0-a0")
    assert language.holds("a0-a0Z")
    assert not language.holds("a0-a1")


def test_members_belong_and_misses_do_not() -> None:
    for seed in range(100):
        rng = random.Random(seed)
        language = draw_language(rng, rng.randint(1, 4), rich=seed % 2 == 0)
        assert all(map(language.holds, islice(language.members(rng), 40)))
        assert not any(map(language.holds, islice(language.misses(rng), 40)))
