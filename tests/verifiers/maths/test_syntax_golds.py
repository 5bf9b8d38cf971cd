"""The real answers of the suites are read; those that are not are named here."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from assaygym.verifiers.maths.syntax.normalise import normalise
from assaygym.verifiers.maths.syntax.parser import parse
from assaygym.verifiers.maths.syntax.show import show

SUITES = Path(__file__).parents[4] / "shared" / "suites"
FIELDS = {
    "gsm8k": "answer",
    "math500": "answer",
    "aime24": "answer",
    "amc23": "answer",
    "olympiadbench": "final_answer",
    "svamp": "Answer",
}
UNREAD: dict[str, list[str]] = {suite: [] for suite in FIELDS}


def golds(suite: str) -> Iterator[str]:
    path = SUITES / suite / "test.jsonl"
    if not path.exists():
        pytest.skip(f"the suite {suite} is not on this machine")
    for line in path.read_text().splitlines():
        answer = json.loads(line)[FIELDS[suite]]
        for item in answer if isinstance(answer, list) else [answer]:
            yield str(item).split("####")[-1].strip()


@pytest.mark.parametrize("suite", FIELDS)
def test_all_golds_are_read_except_those_named(suite: str) -> None:
    unread = []
    for gold in golds(suite):
        try:
            parse(normalise(gold))
        except ValueError:
            unread.append(gold)
    assert unread == UNREAD[suite]


@pytest.mark.parametrize("suite", FIELDS)
def test_the_tree_of_a_gold_is_read_back_from_what_is_shown(suite: str) -> None:
    for gold in golds(suite):
        tree = parse(normalise(gold))
        assert parse(show(tree)) == tree
        assert parse(normalise(show(tree))) == tree
