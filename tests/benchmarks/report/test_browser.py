"""The page in a real browser: what a reader sees, clicks and types."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assaygym.agents.record import json_safe
from assaygym.benchmarks.report.html import write_page
from assaygym.envs.grammars import GRAMMARS
from assaygym.types import Message, ToolCall

api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: `make chromium` installs it")


class Reader:
    """A page that is open; it remembers what was asked of the network and what went wrong."""

    def __init__(self, browser: Any, path: Path, width: int, scheme: str) -> None:
        self.path, self.asked, self.wrong = path, list[str](), list[str]()
        self.page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.page.set_default_timeout(10_000)
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self.wrong.append(message.text))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))

    def go(self, address: str = "") -> Reader:
        """To this address: by loading the page, or, where it is loaded, as a link in it does."""
        if self.page.url.startswith(self.path.as_uri()):
            self.page.evaluate("document.activeElement.blur()")
            for hash_ in ("#episodes", address or "#"):
                self.page.evaluate("(hash) => { location.hash = hash; dispatchEvent(new Event('hashchange')); }", hash_)
            if self.page.get_attribute("#raw", "aria-pressed") == "true":
                self.page.keyboard.press("r")
        else:
            self.page.goto(f"{self.path.as_uri()}{address}")
            self.page.wait_for_selector("body[data-ready]")
        return self

    def open(self, key: str) -> Any:
        """The pane, with this episode in it."""
        self.go(f"#e={key}")
        return self.pane(key)

    def pane(self, key: str) -> Any:
        self.page.wait_for_selector(f'#pane[data-episode="{key}"]')
        self.page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
        return self.page.locator("#pane")

    def rows(self) -> list[str]:
        return [row.split()[0] for row in self.page.locator(".row .name").all_inner_texts()]

    def found(self) -> str:
        return str(self.page.inner_text("#found"))

    def chosen(self) -> str:
        return str(self.page.evaluate("new URLSearchParams(location.hash.slice(1)).get('e')"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def page_file(write_run: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_page(write_run(tmp_path_factory.mktemp("kinds") / "run")).path


@pytest.fixture(scope="module")
def readers(browser: Any) -> Iterator[dict[Any, Reader]]:
    """The pages that are open: loading one anew for each test would take most of their time."""
    opened = dict[Any, Reader]()
    yield opened
    for reader in opened.values():
        reader.page.close()


@pytest.fixture
def read(browser: Any, readers: dict[Any, Reader], page_file: Path) -> Iterator[Any]:
    """`read()` opens the page; at the end there was no error, and nothing was asked of the network."""
    used: list[Reader] = []

    def begin(path: Path = page_file, *, width: int = 1280, scheme: str = "light") -> Reader:
        key = (path, width, scheme)
        if key not in readers:
            readers[key] = Reader(browser, path, width, scheme)
        used.append(readers[key])
        return readers[key]

    yield begin
    for reader in used:
        assert reader.wrong == []
        assert [url for url in reader.asked if not url.startswith(("file:", "data:"))] == []


def test_the_first_page_shows_the_score_and_its_examples_open_episodes(read: Any) -> None:
    reader = read().go()
    assert reader.page.title() == "test/page-v0 by somebody"
    assert "%" in reader.page.inner_text(".headline .figure")
    reader.page.click("#failures a >> text=another value")
    assert "It is 41." in reader.pane("0/1").inner_text()


def test_a_cell_of_the_strip_opens_its_task(read: Any) -> None:
    reader = read().go()
    reader.page.locator("[data-episode]").first.click()
    assert reader.chosen() == reader.page.get_attribute("#pane[data-episode]", "data-episode")


def test_the_list_holds_every_episode_and_counts_them(read: Any) -> None:
    reader = read().go("#episodes")
    assert reader.rows() == ["0/0", "0/1", "1/0", "1/1", "2/0", "2/1", "3/0", "3/1", "4/0", "4/1", "5/0"]
    assert reader.found() == "11 of 11 episodes"


@pytest.mark.parametrize(
    ("address", "rows"),
    [
        ("#outcome=correct", ["0/0", "1/0", "2/0", "4/0"]),
        ("#outcome=partial,error", ["2/1", "5/0"]),
        ("#category=tools", ["1/0", "1/1"]),
        ("#flag=tampering", ["3/1"]),
        ("#truncated=1", ["1/1", "4/1"]),
        ("#attempt=2", ["3/1"]),
        ("#q=NOTHING was", ["1/1"]),
        ("#category=tools&outcome=correct", ["1/0"]),
    ],
)
def test_an_address_filters_the_list(read: Any, address: str, rows: list[str]) -> None:
    assert read().go(address).rows() == rows


@pytest.mark.parametrize(
    ("sort", "first"),
    [
        ("reward", "5/0"),
        ("turns", "1/0"),
        ("tokens", "4/0"),
        ("spread", "0/0"),
        ("seconds", "1/1"),
        ("task&up=1", "5/0"),
    ],
)
def test_an_address_sorts_the_list(read: Any, sort: str, first: str) -> None:
    assert read().go(f"#sort={sort}").rows()[0] == first


def test_controls_filter_sort_and_clear(read: Any) -> None:
    reader = read().go("#episodes")
    reader.page.click("[data-outcome=incorrect]")
    assert reader.rows() == ["0/1", "1/1", "3/0", "3/1", "4/1"]
    reader.page.select_option("select[name=category]", "tools")
    assert (reader.rows(), reader.found()) == (["1/1"], "1 of 11 episodes")
    reader.page.click("#clear")
    reader.page.select_option("select[name=sort]", "reward")
    reader.page.click("#direction")
    assert reader.rows()[0] == "0/0"
    reader.page.fill("#search", "Server is DOWN")
    assert reader.rows() == ["5/0"]


def test_a_search_finds_the_answer_that_was_read(read: Any) -> None:
    assert read().go("#q=def double").rows() == ["2/0"]


def test_keys_go_from_episode_to_episode_and_the_back_button_returns(read: Any) -> None:
    reader = read().go("#outcome=correct")
    reader.page.keyboard.press("j")
    reader.pane("0/0")
    reader.page.keyboard.press("j")
    reader.pane("1/0")
    reader.page.keyboard.press("k")
    reader.pane("0/0")
    reader.page.keyboard.press("k")
    assert reader.chosen() == "0/0"
    reader.page.click(".row >> nth=2")
    reader.pane("2/0")
    reader.page.go_back()
    reader.pane("0/0")


def test_keys_search_fold_show_help_and_return_to_the_first_page(read: Any) -> None:
    reader = read()
    pane = reader.open("1/0")
    reader.page.keyboard.press("o")
    assert pane.locator("details.reasoning[open]").count() == 2
    reader.page.keyboard.press("o")
    assert pane.locator("details[open]").count() == 0
    reader.page.keyboard.press("?")
    assert "next, previous episode" in reader.page.inner_text("#help")
    reader.page.keyboard.press("Escape")
    assert (reader.page.locator("#help").is_visible(), reader.chosen()) == (False, "1/0")
    reader.page.keyboard.press("/")
    reader.page.keyboard.type("jjj")
    assert (reader.found(), reader.page.input_value("#search")) == ("0 of 11 episodes", "jjj")
    reader.page.keyboard.press("Escape")
    reader.page.keyboard.press("f")
    assert reader.page.evaluate("document.activeElement.dataset.outcome") == "correct"
    reader.page.keyboard.press("g")
    assert reader.page.locator("#report").is_visible()


def test_calls_are_tables_and_results_name_their_tool(read: Any) -> None:
    pane = read().open("1/0")
    assert pane.locator(".call summary b").all_inner_texts() == ["find"]
    assert pane.locator(".call .arguments th").all_inner_texts() == ["name", "deep"]
    assert pane.locator(".call .arguments td").all_inner_texts() == ["Ada", '{"list": [1, 2]}']
    assert pane.locator(".message.tool summary b").all_inner_texts() == ["find"]
    assert '{"id": 7, "notes": []}' in pane.locator(".message.tool").inner_text()
    pane.locator(".raw-json summary").click()
    assert '{"name": "Ada", "deep": {"list": [1, 2]}}' in pane.locator(".raw-json pre").inner_text()


def test_a_call_written_as_text_is_a_call_whatever_its_arguments_hold(read: Any) -> None:
    pane = read().open("1/1")
    assert pane.locator(".call summary b").all_inner_texts() == ["look"]
    assert pane.locator(".call .arguments td").all_inner_texts() == ["</tool_call> inside"]
    assert pane.locator(".message.tool summary b").all_inner_texts() == ["look"]
    assert "Let me see." in pane.inner_text()


WRITTEN = {
    "react": 'Thought: I add.\nAction: add\nAction Input: {"a": 1}',
    "pythonic": "[add(a=1)]",
    "openai": '{"tool_calls": [{"type": "function", "function": {"name": "add", "arguments": "{\\"a\\": 1}"}}]}',
    "mistral": '[TOOL_CALLS][{"name": "add", "arguments": {"a": 1}}]',
}
REFUSED = "<tool_call>{'name': 'add'}</tool_call>"
BROKEN = ToolCall(id="c1", name="add", arguments='{"a": ')


def test_calls_are_those_that_the_environment_read_whatever_the_grammar(
    read: Any, write_run: Any, tmp_path: Path
) -> None:
    run = write_run(tmp_path / "run", samples=1, tasks=len(WRITTEN) + 2)
    line = json.loads((run / "episodes.jsonl").read_text().splitlines()[0])
    said = line["trajectory"]["turns"][0]
    with (run / "episodes.jsonl").open("w") as file:
        for task, (name, text) in enumerate(WRITTEN.items()):
            parsed = GRAMMARS[name].parse(text)
            said["completion"]["message"]["content"] = text
            said["action"] = json_safe(Message(role="assistant", content=parsed.content, tool_calls=parsed.calls))
            file.write(f"{json.dumps({**line, 'task': task})}\n")
        said["action"] = None
        for task, message in enumerate((REFUSED, BROKEN), start=len(WRITTEN)):
            calls = [] if isinstance(message, str) else [json_safe(message)]
            said["completion"]["message"].update(content="" if calls else message, tool_calls=calls)
            file.write(f"{json.dumps({**line, 'task': task})}\n")
    reader = read(write_page(run).path)
    for task in range(len(WRITTEN)):
        pane = reader.open(f"{task}/0")
        assert pane.locator(".call summary b, .call summary .warn").all_inner_texts() == ["add"]
        assert pane.locator(".call .arguments").all_inner_texts() == ["a\n1"]
    assert reader.open(f"{len(WRITTEN)}/0").locator(".assistant .text").inner_text() == REFUSED
    unread = reader.open(f"{len(WRITTEN) + 1}/0").locator(".call summary b, .call summary .warn")
    assert unread.all_inner_texts() == ["add", "arguments are not JSON"]


def test_the_arrows_move_in_the_list(read: Any) -> None:
    reader = read().go("#e=0/0")
    reader.page.focus("#rows")
    reader.page.keyboard.press("ArrowDown")
    reader.pane("0/1")
    assert reader.page.get_attribute("#rows", "aria-activedescendant") == "row-1"
    reader.page.keyboard.press("ArrowUp")
    reader.pane("0/0")


def test_reasoning_is_folded_whether_structured_or_written_in_tags(read: Any) -> None:
    pane = read().open("1/0")
    assert pane.locator(".reasoning").count() == 2
    assert pane.locator(".reasoning .text").count() == 0
    pane.locator(".reasoning summary").last.click()
    assert pane.locator(".reasoning .text").inner_text() == "So it is 7."
    assert "Ada is 7." in pane.inner_text()


def test_what_a_turn_earned_stands_beside_it(read: Any) -> None:
    reader = read()
    asides = reader.open("1/0").locator("aside")
    assert ["reward +1" in text for text in asides.all_inner_texts()] == [False, True]
    assert "progress 0.5" in asides.last.inner_text()
    assert "reward -0.5" in reader.open("1/1").locator("aside").last.inner_text()
    assert "1 failed" in reader.page.locator("aside").first.inner_text()


def test_the_verdict_tells_why(read: Any) -> None:
    verdict = read().open("2/1").locator(".verdict").inner_text()
    for part in ("partial", "0.5", "1 of 2 tests", "tests_passed", "10 ms"):
        assert part in verdict


def test_code_is_shown_as_code(read: Any) -> None:
    pane = read().open("2/0")
    assert pane.locator(".assistant pre.code").inner_text() == "def double(x):\n    return 2 * x"


def test_a_long_text_is_cut_until_asked_for(read: Any) -> None:
    pane = read().open("2/1")
    text = pane.locator(".assistant .text")
    assert len(text.inner_text()) < 7000
    pane.locator("button.more").click()
    assert text.inner_text().count("word") == 4000


def test_what_a_model_wrote_is_never_markup(read: Any) -> None:
    reader = read()
    pane = reader.open("3/0")
    reader.page.keyboard.press("o")
    for summary in reader.page.locator(".record summary, .raw-json summary").all():
        summary.click()
    assert pane.locator(".text").first.inner_text().startswith('</script><img src=x onerror="window.hacked=1">{{ 7')
    reader.page.keyboard.press("r")
    reader.pane("3/0")
    assert reader.page.locator("img, marquee").count() == 0
    assert reader.page.evaluate("window.hacked") is None


def test_characters_that_nobody_sees_are_named(read: Any) -> None:
    pane = read().open("3/0")
    codes = pane.locator(".message.user .unseen").all_inner_texts()
    assert codes == ["U+202E", "U+200B", "U+0000", "U+001B", "U+D800"]
    assert "right-to-left override" in pane.locator(".message.user .unseen").first.get_attribute("title")


def test_raw_shows_what_was_written(read: Any) -> None:
    reader = read()
    reader.open("1/1")
    reader.page.keyboard.press("r")
    assert '<tool_call>\n{"name": "look"' in reader.page.locator(".assistant pre").first.text_content()
    assert reader.page.locator("#pane .call").count() == 0


def test_tokens_are_shaded_by_how_unlikely_they_were(read: Any) -> None:
    pane = read().open("4/0")
    assert "3 tokens in" in pane.locator("aside").inner_text()
    pane.locator(".tokens summary").click()
    pane.locator(".ids").wait_for()
    assert pane.locator(".ids span").all_inner_texts() == ["4", "50", "600"]
    assert [token.get_attribute("class") for token in pane.locator(".ids span").all()] == ["p0", "p3", "p8"]
    assert "probability 0.135" in pane.locator(".ids span").nth(1).get_attribute("title")


def test_an_episode_without_turns_says_what_went_wrong(read: Any) -> None:
    text = read().open("5/0").inner_text()
    assert "the server is down" in text
    assert "No turn was recorded." in text


def test_an_episode_that_is_not_there_is_told(read: Any) -> None:
    reader = read().go("#e=99/0")
    assert "There is no episode 99/0" in reader.page.inner_text("#pane")


def test_samples_of_a_task_link_to_each_other(read: Any) -> None:
    reader = read()
    reader.open("0/0").locator(".siblings a").nth(1).click()
    reader.pane("0/1")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_follows_the_system_and_the_button_turns_it_round(read: Any, scheme: str) -> None:
    reader = read(scheme=scheme).go()
    ground = "getComputedStyle(document.body).backgroundColor"
    before = reader.page.evaluate(ground)
    assert (before == "rgb(18, 21, 23)") == (scheme == "dark")
    reader.page.click("#theme")
    assert (reader.page.evaluate(ground) == "rgb(18, 21, 23)") == (scheme == "light")
    reader.page.click("#theme")
    assert reader.page.evaluate(ground) == before


@pytest.mark.parametrize("address", ["", "#episodes", "#e=1/0", "#e=2/0", "#e=2/1", "#e=3/0"])
def test_a_telephone_has_nothing_to_push_sideways(read: Any, address: str) -> None:
    reader = read(width=390).go(address)
    if "e=" in address:
        reader.pane(address[3:])
    assert reader.page.evaluate("document.documentElement.scrollWidth") == 390


def test_on_a_telephone_list_and_episode_are_two_views(read: Any) -> None:
    reader = read(width=390).go("#episodes")
    assert reader.page.locator(".reader").is_visible() is False
    reader.page.click(".row >> nth=1")
    reader.pane("0/1")
    assert reader.page.locator(".side").is_visible() is False
    reader.page.click("#back")
    assert reader.page.locator("#rows").is_visible()


def test_every_text_has_enough_contrast_in_both_themes(read: Any) -> None:
    for scheme in ("light", "dark"):
        reader = read(scheme=scheme)
        for episode in ("0/0", "1/1"):  # right and wrong, each chosen in the list
            reader.open(episode)
            assert reader.page.evaluate(CONTRAST) == []
        assert reader.go("").page.evaluate(CONTRAST) == []


CONTRAST = """() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const linear = (c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const light = (c) => [0.2126, 0.7152, 0.0722].reduce((sum, part, i) => sum + part * linear(c[i] / 255), 0);
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const colour = rgb(getComputedStyle(node).backgroundColor);
      if (colour.length < 4 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const node of document.querySelectorAll("body *:not(svg *):not(option)")) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    if (!own || !node.checkVisibility({ visibilityProperty: true })) continue;
    const [a, b] = [light(rgb(getComputedStyle(node).color)), light(ground(node))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) found.push(`${node.className || node.tagName}: ${node.textContent}`);
  }
  return found;
}"""


def test_chunks_in_a_folder_are_opened_from_a_disk(read: Any, write_run: Any, tmp_path: Path) -> None:
    written = write_page(write_run(tmp_path / "run"), embed=0)
    assert written.folder is not None
    reader = read(written.path)
    assert "It is 41." in reader.open("0/1").inner_text()
    assert [url for url in reader.asked if url.endswith("/0.js")] == [(written.folder / "0.js").as_uri()]


def test_a_folder_left_behind_is_told(browser: Any, write_run: Any, tmp_path: Path) -> None:
    written = write_page(write_run(tmp_path / "run"), embed=0)
    assert written.folder is not None
    written.folder.rename(tmp_path / "elsewhere")
    reader = Reader(browser, written.path, 1280, "light").go("#e=0/0")
    reader.page.wait_for_selector("#pane >> text=that folder belongs beside this page")
    reader.page.close()


@pytest.mark.slow
@pytest.mark.parametrize("embed", [0, 10**9])
def test_twenty_thousand_episodes_stay_quick(browser: Any, write_long_run: Any, tmp_path: Path, embed: int) -> None:
    written = write_page(write_long_run(tmp_path / "run", 5000), embed=embed)
    reader = Reader(browser, written.path, 1280, "light")
    began = time.monotonic()
    reader.page.goto(f"{written.path.as_uri()}#episodes")
    reader.page.wait_for_selector(".row")
    listed = time.monotonic() - began
    milliseconds = reader.page.evaluate(FILTERED)
    began = time.monotonic()
    assert "equal: 4999" in reader.open("4999/3").inner_text()
    opened = time.monotonic() - began
    reader.page.evaluate("document.getElementById('rows').scrollTop = 10 ** 7")
    reader.page.wait_for_selector('[data-place="19999"]')
    assert reader.page.locator(".row").count() < 60
    assert (listed < 5, milliseconds < 500, opened < 3) == (True, True, True), (listed, milliseconds, opened)
    assert reader.wrong == []
    reader.page.close()


FILTERED = """() => {
  const began = performance.now();
  const search = document.getElementById("search");
  for (const text of ["is not", "4321", ""]) {
    search.value = text;
    search.dispatchEvent(new Event("input"));
    document.getElementById("rows").offsetHeight;
  }
  return (performance.now() - began) / 3;
}"""
