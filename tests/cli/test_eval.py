"""`assay eval`: it resumes, tells bad input in a sentence, and never counts our own faults as wrong answers."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assaygym.benchmarks.speed.stub_server import StubServer
from assaygym.cli.command import slug, typed

GSM = '{"question": "How much is 1 + 1?", "answer": "1 + 1 is 2.\\n#### 2"}\n'


def summary_of(result: Any) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(result.stdout)
    return loaded


def test_the_summary_is_shown_and_the_records_are_where_it_says(run: Any, tmp_path: Path) -> None:
    result = run("eval", "assay/Reverse-v0", "--policy", "oracle", "-n", "5")
    assert result.exit_code == 0
    assert "100.0 % [56.6, 100.0] n=5" in result.stdout
    assert len((tmp_path / "runs/assay-Reverse-v0-oracle/episodes.jsonl").read_text().splitlines()) == 5


def test_json_is_alone_on_standard_output(run: Any) -> None:
    result = run("eval", "assay/Reverse-v0", "--policy", "null", "-n", "3", "-k", "2", "--json")
    summary = summary_of(result)
    assert (summary["tasks"], summary["samples"], summary["score"]["mean"]) == (3, 2, 0.0)
    assert "assay/Reverse-v0  6/6" in result.stderr


def test_the_same_command_again_adds_only_what_is_missing(run: Any, tmp_path: Path) -> None:
    args = ("eval", "assay/Reverse-v0", "--policy", "oracle", "--out", "kept", "--json")
    run(*args, "-n", "3")
    assert summary_of(run(*args, "-n", "5"))["done"] == 5
    assert len((tmp_path / "kept/episodes.jsonl").read_text().splitlines()) == 5


def test_another_configuration_in_the_same_folder_is_refused_unless_overwritten(run: Any) -> None:
    args = ("eval", "assay/Reverse-v0", "--policy", "oracle", "--out", "kept", "-n", "2")
    run(*args)
    refused = run(*args, "--level", "1")
    assert (refused.exit_code, "another configuration" in refused.stderr) == (2, True)
    assert run(*args, "--level", "1", "--overwrite").exit_code == 0


def test_knobs_and_level_reach_the_environment(run: Any, tmp_path: Path) -> None:
    run("eval", "assay/Reverse-v0", "--policy", "oracle", "-n", "1", "--set", "length=7", "--out", "one")
    config = json.loads((tmp_path / "one/run.json").read_text())["config"]
    assert config["target"]["knobs"]["length"] == 7


def test_a_users_task_is_evaluated(run: Any, tasks: str) -> None:
    summary = summary_of(run("eval", f"{tasks}:mine/flip-v0", "--policy", "oracle", "-n", "4", "--json"))
    assert (summary["target"], summary["score"]["mean"]) == ("mine/flip-v0", 1.0)


def test_a_suite_reads_its_file_under_other_column_names(run: Any, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text(GSM.replace("question", "ask"))
    args = ("eval", "gsm8k", "--policy", "oracle", "--data", "rows.jsonl", "--json")
    assert "--map question=" in run(*args).stderr
    assert summary_of(run(*args, "--map", "question=ask"))["score"]["mean"] == 1.0


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("not json\n", "line 1 is not JSON"),
        ("", "has no rows"),
        ("[1]\n", "row 1 is list"),
        (GSM.replace('"answer"', '"anser"'), "no column 'answer'"),
        (GSM + GSM.replace("1 + 1 is 2.\\n#### 2", " "), "row 2"),
        (GSM + GSM.replace("#### 2", "2"), "row 2"),
    ],
)
def test_data_that_cannot_be_used_is_told_before_anything_runs(
    run: Any, tmp_path: Path, text: str, sentence: str
) -> None:
    (tmp_path / "rows.jsonl").write_text(text)
    result = run("eval", "gsm8k", "--policy", "oracle", "--data", "rows.jsonl")
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert not (tmp_path / "runs").exists()


def test_a_task_that_cannot_be_posed_is_exit_code_2(run: Any, tasks: str, tmp_path: Path) -> None:
    result = run("eval", "mine/cannot-pose-v0", "--import", tasks, "--policy", "null")
    assert result.exit_code == 2
    assert "posing a task of mine/cannot-pose-v0 raised ZeroDivisionError: there is nothing to divide" in result.stderr
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("env_id", "reason"),
    [("mine/broken-tool-v0", "RuntimeError: the hinge broke"), ("mine/cannot-judge-v0", "division by zero")],
)
def test_what_fails_while_running_is_invalid_with_the_reason_and_exit_code_1(
    run: Any, tasks: str, env_id: str, reason: str
) -> None:
    args = ("eval", env_id, "--import", tasks, "--policy", "oracle", "-n", "3")
    shown = run(*args, "--out", "shown")
    assert shown.exit_code == 1
    assert reason in shown.stdout
    summary = summary_of(run(*args, "--out", "told", "--json"))
    assert (summary["counts"]["invalid"], summary["counts"]["incorrect"], summary["scored"]) == (3, 0, 0)


def test_a_folder_that_cannot_be_written_is_told(run: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run("eval", "assay/Reverse-v0", "--policy", "oracle", "--out", "file/run")
    assert (result.exit_code, "give another --out" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    ("name", "path"),
    [("assay/Reverse-v0", "assay-Reverse-v0"), ("constant:\\boxed{1}", "constant-boxed-1"), ("..", "run")],
)
def test_a_name_becomes_one_part_of_a_path(name: str, path: str) -> None:
    assert slug(name) == path


SMALL = '''
import assaygym as ag

class Shop(ag.ToolEnv, id="{space}/shop-v0", max_turns=8):
    """You are a shop assistant. Refund exactly the order the user asks for."""
    def setup(self, rng):
        self.orders, self.refunded = {{"A1": 30, "B2": 50}}, set()
        self.target = rng.choice(sorted(self.orders))
        return f"Please refund order {{self.target}}."
    @ag.tool
    def refund(self, order_id: str) -> str:
        "Refund an order."
        self.refunded.add(order_id); return "ok"
    def verify(self):
        return self.refunded == {{self.target}}
    def solve(self):
        yield ag.call("refund", order_id=self.target)
        yield "Done."
'''


def test_an_environment_of_two_prompts_is_evaluated_on_both_and_says_so(run: Any, tmp_path: Path) -> None:
    (tmp_path / "small_shop.py").write_text(SMALL.format(space="small"))
    result = run("eval", "small_shop.py:small/shop-v0", "--policy", "oracle", "-n", "8", "--out", "kept", "--json")
    assert (result.exit_code, summary_of(result)["score"]["mean"]) == (0, 1.0)
    assert "too few prompts for an eval split of its own" in result.stderr
    assert json.loads((tmp_path / "kept/run.json").read_text())["config"]["target"]["split"] == "all"


def test_an_empty_split_that_was_asked_for_is_refused(run: Any, tmp_path: Path) -> None:
    (tmp_path / "other_shop.py").write_text(SMALL.format(space="other"))
    result = run("eval", "other_shop.py:other/shop-v0", "--policy", "oracle", "--split", "eval")
    assert result.exit_code == 2
    assert "pass split='all'" in result.stderr


# limits, prices, plans


@pytest.fixture(scope="module")
def server() -> Iterator[StubServer]:
    with StubServer(fail=0, stall=0, latency=0) as server:
        yield server


def paid(server: StubServer, *more: str, n: int = 20) -> tuple[str, ...]:
    """An evaluation whose answers are 12 tokens at 1 a token and are never right."""
    asked = ("--policy", "openai:m", "--base-url", server.url, "--price", "0,1e6")
    return ("eval", "assay/Reverse-v0", *asked, "-n", str(n), *more)


def test_an_estimate_over_the_limit_is_refused_and_a_higher_limit_goes_on(
    run: Any, server: StubServer, tmp_path: Path
) -> None:
    refused = run(*paid(server, "--limit-cost", "200", "--out", "kept"))
    assert refused.exit_code == 2
    assert "has cost $96.00 and its limit is $200.00" in refused.stderr
    assert "for 12 more episodes, from 8 that were played: $144.00" in refused.stderr
    done = run(*paid(server, "--limit-cost", "250", "--out", "kept", "--json"))
    assert (done.exit_code, summary_of(done)["done"]) == (0, 20)
    attempts = json.loads((tmp_path / "kept/run.json").read_text())["attempts"]
    assert [each["why"] for each in attempts] == ["estimate", "done"]
    assert [each["usage"]["completion_tokens"] for each in attempts] == [8 * 12, 12 * 12]


def test_a_limit_of_tokens_is_exit_code_1_with_the_command_that_goes_on(run: Any, tmp_path: Path) -> None:
    with StubServer(fail=0, stall=0, latency=0) as server:
        first = run(*paid(server, "--limit-tokens", "60", "--concurrency", "1", "--out", "kept", "--json", n=8))
        summary = summary_of(first)
        assert (first.exit_code, summary["counts"]["error"], summary["counts"]["unfinished"]) == (1, 0, 0)
        assert 0 < summary["done"] < 8
        assert "tokens and its limit is 60" in summary["ended_by"]
        assert "ended by a limit: the run has used" in first.stderr
        assert "what was done is kept; this goes on, with a higher limit of tokens or cost: assay" in first.stderr
        assert run(*paid(server, "--limit-tokens", "6000", "--out", "kept", n=8)).exit_code == 0


def test_a_limit_of_time_is_read_as_people_write_it(run: Any) -> None:
    args = ("eval", "assay/Reverse-v0", "--policy", "null", "-n", "2", "--limit-time")
    assert run(*args, "10m").exit_code == 0
    assert "'soon' is no time" in run(*args, "soon").stderr


@pytest.mark.parametrize("price", ["1", "1,2,3,4", "a,b", "1;2"])
def test_a_price_that_cannot_be_read_is_told(run: Any, server: StubServer, price: str) -> None:
    result = run("eval", "assay/Reverse-v0", "--policy", "openai:m", "--base-url", server.url, "--price", price)
    assert (result.exit_code, f"--price {price}; expected IN,OUT" in result.stderr) == (2, True)


def test_only_a_policy_that_is_paid_by_the_token_has_a_price(run: Any) -> None:
    args = ("eval", "assay/Reverse-v0", "--policy", "null")
    assert "only openai:MODEL is paid by the token" in run(*args, "--price", "1,2").stderr
    assert "the prices of null are not known" in run(*args, "--limit-cost", "1").stderr


def test_a_dry_run_plays_nothing_and_tells_the_plan(run: Any, server: StubServer, tmp_path: Path) -> None:
    before = server.counts()["answers"]
    told = run(*paid(server, "--dry-run", "-k", "3", "--limit-cost", "5"))
    assert told.exit_code == 0
    assert "20 tasks x 3 = 60 episodes of assay/Reverse-v0 by openai:m" in told.stdout
    assert "from the length of 8 prompts alone" in told.stdout
    plan = summary_of(run(*paid(server, "--dry-run", "--json", "--out", "there")))
    assert (plan["left"], plan["folder"], plan["limits"]["cost"]) == (20, "there", None)
    assert server.counts()["answers"] == before
    assert not (tmp_path / "runs").exists()
    assert not (tmp_path / "there").exists()


def test_a_dry_run_loads_no_weights(run: Any) -> None:
    told = run("eval", "assay/Reverse-v0", "--policy", "hf:no/such-model", "--dry-run", "--json")
    assert (told.exit_code, summary_of(told)["policy"]) == (0, "hf:no/such-model")


def test_a_score_below_the_least_is_exit_code_1(run: Any) -> None:
    args = ("eval", "assay/Reverse-v0", "--policy", "oracle:0.5", "-n", "12", "--out", "kept")
    assert run(*args, "--min-score", "0.01").exit_code == 0
    below = run(*args, "--min-score", "0.99")
    assert (below.exit_code, "below --min-score 0.99" in below.stderr) == (1, True)


def test_no_score_at_all_is_below_any(run: Any, tasks: str) -> None:
    result = run("eval", "mine/cannot-judge-v0", "--import", tasks, "--policy", "null", "-n", "2", "--min-score", "0")
    assert "the score is nan, below --min-score 0" in result.stderr


def test_several_targets_are_runs_of_their_own_in_one_folder(run: Any, tmp_path: Path) -> None:
    args = ("eval", "assay/Reverse-v0", "assay/ChainSum-v0", "--policy", "oracle", "-n", "3")
    found = json.loads(run(*args, "--out", "both", "--json").stdout)
    assert [each["target"] for each in found] == ["assay/Reverse-v0", "assay/ChainSum-v0"]
    assert sorted(path.name for path in (tmp_path / "both").iterdir()) == ["assay-ChainSum-v0", "assay-Reverse-v0"]
    shown = run(*args)
    assert shown.stderr.count("3/3") == 2
    assert (tmp_path / "runs/assay-ChainSum-v0-oracle/report.md").exists()


def test_a_limit_is_of_all_targets_together(run: Any, server: StubServer) -> None:
    asked = ("--policy", "openai:m", "--base-url", server.url, "-n", "6", "--concurrency", "1", "--json")
    done = run("eval", "assay/Reverse-v0", "assay/ChainSum-v0", *asked, "--limit-tokens", "100")
    found = json.loads(done.stdout)
    assert found[0]["done"] == 6
    assert sum(each["done"] for each in found) < 12
    assert done.exit_code == 1


def test_the_data_of_one_suite_is_not_that_of_several(run: Any) -> None:
    result = run("eval", "gsm8k", "math500", "--policy", "oracle", "--data", "x.jsonl")
    assert (result.exit_code, "--data and --map are of one suite" in result.stderr) == (2, True)


def test_the_command_that_goes_on_does_not_delete_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["assay", "eval", "gsm8k", "--overwrite", "--out", "a b"])
    assert typed() == "assay eval gsm8k --out 'a b'"
    assert typed(resumes=False) == "assay eval gsm8k --overwrite --out 'a b'"
