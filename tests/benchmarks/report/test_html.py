"""The file that is written: self-contained, safe, whole."""

from __future__ import annotations

import base64
import builtins
import hashlib
import json
import os
import re
import subprocess
import sys
import zlib
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from assaygym.benchmarks.folder import EPISODES
from assaygym.benchmarks.report import html as module
from assaygym.benchmarks.report.html import SCRIPTS, TEMPLATES, write_index, write_page
from assaygym.errors import MissingDependencyError, RunError

Write = Callable[..., Path]


@pytest.fixture
def run(write_run: Write, tmp_path: Path) -> Path:
    return write_run(tmp_path / "run")


def policy_of(text: str) -> str:
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    return str(policy).replace("&#39;", "'")


def digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def columns_of(text: str) -> dict[str, Any]:
    packed = re.findall(r'id="columns">([^<]*)<', text)[0]
    found: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(packed)))
    return found


def records_of(text: str) -> list[dict[str, Any]]:
    packed = re.findall(r'id="chunk-\d+">([^<]*)<', text)
    return [json.loads(line) for each in packed for line in zlib.decompress(base64.b64decode(each)).split(b"\n")]


def test_the_page_stands_in_the_runs_folder_with_every_episode_in_it(run: Path) -> None:
    page = write_page(run)
    assert (page.path, page.episodes, page.folder) == (run / "report.html", 11, None)
    text = page.path.read_text()
    assert [(row["task"], row["sample"]) for row in records_of(text)][:3] == [(0, 0), (0, 1), (1, 0)]
    assert columns_of(text)["task"] == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5]


def test_the_policy_allows_the_pages_own_script_and_style_alone(run: Path) -> None:
    text = write_page(run).path.read_text()
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    assert policy_of(text) == (
        f"default-src 'none'; script-src {digest(script)}; style-src {digest(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def test_only_a_page_with_a_folder_may_load_what_its_script_asks_for(run: Path) -> None:
    page = write_page(run, embed=0)
    assert page.folder is not None
    text = page.path.read_text()
    assert " 'strict-dynamic';" in policy_of(text)
    assert f'data-chunks="{page.folder.name}"' in text
    assert records_of(text) == []


class Elements(HTMLParser):
    """The elements of a page as a browser reads them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))


def test_nothing_in_the_page_names_another_place_or_runs_by_itself(run: Path) -> None:
    found = Elements(write_page(run).path.read_text()).found
    addresses = [value for _, attributes in found for name, value in attributes.items() if name in ("src", "href")]
    assert [each for each in addresses if not each.startswith(("#", "data:image/svg+xml,"))] == []
    assert [name for _, attributes in found for name in attributes if name.startswith("on") or name == "style"] == []
    assert {tag for tag, _ in found}.isdisjoint(
        {"img", "iframe", "object", "embed", "base", "marquee", "audio", "video"}
    )


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_make_no_markup_of_text(name: str) -> None:
    source = (TEMPLATES / name).read_text()
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|</script", source
    )


def test_text_of_others_is_escaped_in_the_first_page(run: Path) -> None:
    text = write_page(run).path.read_text()
    assert "&lt;img src=x onerror=" in text
    assert "<img" not in text
    assert not re.search("[\x00\x1b\u202e]", text)


def test_the_page_before_is_replaced_whole_or_stays(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = write_page(run).path.read_bytes()

    def stop(done: int, planned: int) -> None:
        raise KeyboardInterrupt

    names = {path.name for path in run.iterdir()}
    with pytest.raises(KeyboardInterrupt):
        write_page(run, embed=0, progress=stop)
    monkeypatch.setattr(module, "_write", lambda path, pieces: path.write_text("half") and 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_page(run, embed=0)
    assert (run / "report.html").read_bytes() == before
    assert {path.name for path in run.iterdir()} == names


def test_what_a_killed_writer_left_goes_with_the_next_page_and_what_a_running_one_writes_stays(run: Path) -> None:
    code = f"""
import os, signal
from assaygym.benchmarks.report import html
html._write = lambda path, pieces: os.kill(os.getpid(), signal.SIGKILL)
html.write_page({str(run)!r}, embed=0)
"""
    names = {path.name for path in run.iterdir()}
    assert subprocess.run([sys.executable, "-c", code]).returncode == -9
    left = {path.name for path in run.iterdir()} - names
    assert {re.sub(r"\d+.*", "", name) for name in left} == {".report.html.", ".report-"}
    others = [f".report.html.{os.getppid()}.tmp", f".page.html.{re.findall('[0-9]+', min(left))[0]}.tmp"]
    for name in others:
        (run / name).write_text("")
    write_page(run)
    assert {path.name for path in run.iterdir()} - names == {"report.html", *others}


def test_the_limit_that_ended_the_run_stands_in_the_headline(run: Path) -> None:
    assert "Ended by" not in write_page(run).path.read_text()
    document = json.loads((run / "run.json").read_text())
    document["attempts"][-1] |= {"why": "limit tokens", "limits": {"tokens": 1000}}
    (run / "run.json").write_text(json.dumps(document))
    assert (
        "Ended by the run&#39;s limit of tokens, 1,000: 1 of 12 episodes have not run."
        in write_page(run).path.read_text()
    )


def test_a_page_that_grows_small_again_has_no_folder_left(run: Path) -> None:
    folder = write_page(run, embed=0).folder
    assert folder is not None
    assert folder.is_dir()
    write_page(run)
    assert not folder.exists()


def test_a_place_that_cannot_be_written_is_told_before_the_work(run: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    told: list[int] = []
    with pytest.raises(RunError, match=r"cannot write .*page\.html.*; give another --html"):
        write_page(run, tmp_path / "file" / "page.html", progress=lambda done, planned: told.append(done))
    assert told == []


@pytest.mark.parametrize("embed", [0, 10**9])
def test_the_folders_on_the_way_to_the_page_are_made(run: Path, tmp_path: Path, embed: int) -> None:
    assert write_page(run, tmp_path / "a" / "b" / "page.html", embed=embed).path.is_file()


def test_a_folder_without_a_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="holds no run"):
        write_page(tmp_path)


def test_without_jinja2_the_sentence_says_what_to_install(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "jinja2":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MissingDependencyError, match=r"assaygym\[eval\]"):
        write_page(run)


def test_episodes_outside_the_plan_are_left_out(write_run: Write, tmp_path: Path) -> None:
    write_run(tmp_path / "run")
    smaller = write_run(tmp_path / "run", [], samples=1, tasks=3)
    assert write_page(smaller).episodes == 3


def test_a_run_without_episodes_has_a_page(write_run: Write, tmp_path: Path) -> None:
    page = write_page(write_run(tmp_path / "run", []))
    assert page.episodes == 0
    assert "no score" in page.path.read_text()


def test_an_unfinished_last_line_is_no_episode_yet(run: Path) -> None:
    with (run / EPISODES).open("ab") as file:
        file.write(b'{"task": 5, "sample": 1, "con')
    assert write_page(run).episodes == 11


def test_later_scores_replace_the_judgement_in_list_and_episode(run: Path) -> None:
    rows = [json.loads(line) for line in (run / EPISODES).read_text().splitlines()]
    later = [{**row, "outcome": "correct", "value": 1.0, "explanation": "anew", "trajectory": {}} for row in rows[:2]]
    (run / "rescored-1.jsonl").write_text("".join(json.dumps(row) + "\n" for row in later))
    (run / "rescored-1.json").write_text(json.dumps({"verifier": "math#000000000000", "assaygym": "0.2"}))
    text = write_page(run / "rescored-1.json").path.read_text()
    assert [row["explanation"] for row in records_of(text)] == ["anew", "anew"]
    assert [row["trajectory"]["score"]["verdict"] for row in records_of(text)] == ["correct", "incorrect"]
    assert columns_of(text)["value"] == [1.0, 1.0]


def test_token_ids_of_a_long_run_are_left_out_from_some_point_on(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = write_page(run).path.read_text()
    assert "were left out" not in whole
    assert records_of(whole)[8]["trajectory"]["turns"][0]["completion"]["token_ids"] == [4, 50, 600]
    monkeypatch.setattr(module, "TOKENS", 2)
    cut = write_page(run).path.read_text()
    assert "were left out" in cut
    assert records_of(cut)[8]["trajectory"]["turns"][0]["completion"]["token_ids"] == []
    assert columns_of(cut)["tokens"][8] == 3


def test_progress_ends_at_all_episodes(run: Path) -> None:
    told: list[tuple[int, int]] = []
    write_page(run, progress=lambda done, planned: told.append((done, planned)))
    assert told[-1] == (11, 11)


def test_the_table_of_runs_links_to_their_pages_from_where_it_stands(write_run: Write, tmp_path: Path) -> None:
    pages = [write_page(write_run(tmp_path / name / "run #1")) for name in ("a", "b")]
    out = tmp_path / "tables" / "index.html"
    write_index(pages, out)
    text = out.read_text()
    assert re.findall(r'<td><a href="([^"]*)"', text) == [f"../{name}/run%20%231/report.html" for name in "ab"]
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert f"script-src {digest(script)};" in policy_of(text)


@pytest.mark.slow
def test_two_hundred_thousand_episodes_take_a_minute_and_a_gigabyte(write_long_run: Write, tmp_path: Path) -> None:
    run = write_long_run(tmp_path / "run", 50_000)
    code = f"""
import resource, time
from assaygym.benchmarks.report.html import write_page
began = time.process_time()
page = write_page({str(run)!r})
print(page.episodes, time.process_time() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    episodes, seconds, gigabytes = map(float, told.split())
    assert (episodes, seconds < 60, gigabytes < 1) == (200_000, True, True), told
