"""The viewer as it is used: opened, and driven by its keys."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from textual.content import Content
from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static
from textual.worker import WorkerCancelled

from assaygym.benchmarks.records import EpisodeRecord
from assaygym.benchmarks.viewer.app import Viewer
from assaygym.benchmarks.viewer.pages import Pages
from assaygym.benchmarks.viewer.screens import FilterScreen, HelpScreen
from assaygym.benchmarks.viewer.source import Source
from assaygym.benchmarks.viewer.widgets import EpisodeList, Page
from assaygym.errors import ConfigError

MakeEpisode = Callable[..., EpisodeRecord]
WriteRun = Callable[..., Path]


class Seat:
    """Somebody before the terminal."""

    def __init__(self, pilot: Pilot[None]) -> None:
        self.pilot = pilot
        self.app = pilot.app
        self.list = pilot.app.query_one(EpisodeList)

    async def press(self, *keys: str) -> None:
        for key in keys:
            self.app.simulate_key(key)
            await self.settle()

    def type(self, *keys: str) -> None:
        """Press keys without waiting."""
        for key in keys:
            name = {"/": "slash", " ": "space"}.get(key, key)
            self.app.post_message(Key(name, key if len(key) == 1 else None))

    async def settle(self) -> None:
        """Until all that was asked for is on the screen; a pause of no given length waits for an idle processor."""
        for _ in range(2):
            await self.pilot.pause(0)
            with suppress(WorkerCancelled):  # another look took its place
                await self.app.workers.wait_for_complete()
        await self.pilot.pause(0)

    @property
    def episodes(self) -> list[str]:
        """The names of the lines of the list that are on the screen."""
        lines = [self.list.render_line(y).text for y in range(1, self.list.size.height)]
        return [line[1:].split()[0] for line in lines if line[1:].strip()]

    @property
    def at(self) -> str:
        item = self.list.item
        return item.name if item is not None else ""

    @property
    def pages(self) -> list[str]:
        return [page.text for page in self.app.query(Page)]

    @property
    def status(self) -> str:
        return str(self.app.query_one("#status", Static).content)


def sit(
    script: Callable[[Seat], Awaitable[None]], *runs: Path, size: tuple[int, int] = (120, 30), theme: str = "terminal"
) -> None:
    async def session() -> None:
        app = Viewer([Source(run) for run in runs], theme)
        async with app.run_test(size=size) as pilot:
            seat = Seat(pilot)
            await seat.settle()
            await script(seat)

    asyncio.run(session())


@pytest.fixture
def shop(episode: MakeEpisode, write_run: WriteRun) -> Path:
    """Five episodes: correct, incorrect, correct, an error, a flagged one."""
    return write_run(
        "shop",
        [
            episode(0, 0, "correct"),
            episode(1, 0, answer="Forty-two."),
            episode(2, 0, "correct"),
            episode(3, 0, "error", explanation="the server was gone"),
            episode(4, 0, "partial", flags=("copied",)),
        ],
    )


def test_it_opens_with_all_episodes_and_the_first_dialogue(shop: Path) -> None:
    async def script(seat: Seat) -> None:
        assert seat.episodes == ["0/0", "1/0", "2/0", "3/0", "4/0"]
        assert "Question 0?" in seat.pages[0]
        assert "5 episodes · reward 0.625" in seat.status

    sit(script, shop)


def test_the_keys_move_from_episode_to_episode(shop: Path) -> None:
    async def script(seat: Seat) -> None:
        places = []
        for key in ("j", "down", "k", "n", "n", "p", "end", "n", "home", "k"):
            await seat.press(key)
            places.append(seat.at)
        assert places == ["1/0", "2/0", "1/0", "3/0", "4/0", "3/0", "4/0", "4/0", "0/0", "0/0"]
        await seat.press("j")
        assert "Forty-two." in seat.pages[0]

    sit(script, shop)


def test_each_page_of_an_episode_is_one_key_away_and_the_same_key_leads_back(shop: Path) -> None:
    async def script(seat: Seat) -> None:
        for key, expected in [
            ("w", "reason 0"),
            ("t", "12:-1.50"),
            ("g", "what it took"),
            ("r", '"task_id": "flip:0"'),
        ]:
            await seat.press(key)
            assert expected in seat.pages[0]
            assert "Question 0?" not in seat.pages[0] or key == "r"
        await seat.press("r")
        assert "▾ call find" in seat.pages[0]

    sit(script, shop)


def test_a_part_is_marked_and_closed_and_all_of_them_are(shop: Path) -> None:
    async def script(seat: Seat) -> None:
        await seat.press("J", "J", "space")
        assert "▸ call find" in seat.pages[0]
        assert "▾ user" in seat.pages[0]
        await seat.press("K", "space", "x", "x")
        assert "▸ user" in seat.pages[0]
        assert "▾" not in seat.pages[0]

    sit(script, shop)


def test_a_filter_is_chosen_and_cleared(shop: Path) -> None:
    async def script(seat: Seat) -> None:
        await seat.press("f", "j", "space", "f")
        assert seat.episodes == ["3/0"]
        assert "1 of 5 episodes" in seat.status
        assert "filter outcome=error" in seat.status
        await seat.press("f", "x", "escape")
        assert len(seat.episodes) == 5

    sit(script, shop)


def test_a_search_keeps_what_has_the_text_and_escape_ends_it(shop: Path) -> None:
    async def script(seat: Seat) -> None:
        await seat.press("slash")
        seat.app.query_one("#search", Input).value = "Server Was"
        await seat.press("enter")
        assert (seat.episodes, seat.at) == (["3/0"], "3/0")
        await seat.press("escape")
        assert (len(seat.episodes), seat.at) == (5, "3/0")
        assert not seat.app.query_one("#search", Input).display
        await seat.press("slash")
        seat.app.query_one("#search", Input).value = "zz"
        await seat.press("enter")
        assert "nothing passes" in seat.list.render_line(2).text
        assert "Question" not in seat.pages[0]

    sit(script, shop)


def test_keys_typed_faster_than_the_screen_follows_are_not_lost(shop: Path) -> None:
    async def script(seat: Seat) -> None:
        seat.type("/", *"reason 4", "enter")
        await seat.settle()
        await seat.settle()
        assert seat.episodes == ["4/0"]
        await seat.press("escape")
        seat.type("f", "j", "space", "x", "f", "question_mark", "q", "r", "j", "r", "k")
        await seat.settle()
        await seat.settle()
        assert (seat.at, len(seat.episodes)) == ("3/0", 5)
        assert "verdict: error" in seat.pages[0]

    sit(script, shop)


def test_the_order_changes_under_the_cursor_which_stays_on_its_episode(shop: Path) -> None:
    async def script(seat: Seat) -> None:
        await seat.press("j", "j", "s")
        assert seat.episodes == ["1/0", "4/0", "0/0", "2/0", "3/0"]
        assert (seat.at, "by reward" in seat.status) == ("2/0", True)
        await seat.press("S")
        assert seat.episodes == ["0/0", "2/0", "4/0", "1/0", "3/0"]

    sit(script, shop)


def test_help_shows_the_keys_and_any_way_out_closes_it(shop: Path) -> None:
    async def script(seat: Seat) -> None:
        await seat.press("question_mark")
        assert isinstance(seat.app.screen, HelpScreen)
        await seat.press("q")
        assert not isinstance(seat.app.screen, HelpScreen)

    sit(script, shop)


def test_enter_reads_tab_changes_halves_and_escape_comes_back(shop: Path) -> None:
    async def script(seat: Seat) -> None:
        page = seat.app.query_one(Page)
        await seat.press("enter", "down", "pagedown")
        assert (page.has_focus, page.scroll_offset.y > 0) == (True, True)
        await seat.press("escape")
        assert seat.list.has_focus
        await seat.press("tab")
        assert page.has_focus
        await seat.press("j")  # another episode begins at its top
        assert (seat.at, page.scroll_offset.y) == ("1/0", 0)
        await seat.press("z")
        assert not seat.list.display

    sit(script, shop, size=(80, 12))


def test_q_quits(shop: Path) -> None:
    async def script(seat: Seat) -> None:
        await seat.press("q")
        assert seat.app.return_code == 0

    sit(script, shop)


@pytest.fixture
def shop2(episode: MakeEpisode, write_run: WriteRun) -> Path:
    """The same tasks but the last, of which two came out otherwise; task 1 has two samples."""
    return write_run(
        "shop2",
        [
            episode(0, 0, "correct"),
            episode(1, 0, answer="Sixty-one."),
            episode(1, 1, answer="Sixty-two."),
            episode(2, 0, "incorrect"),
            episode(3, 0, "correct"),
        ],
    )


def test_two_runs_are_read_side_by_side_and_d_finds_the_differences(shop: Path, shop2: Path) -> None:
    async def script(seat: Seat) -> None:
        assert seat.episodes == ["0", "1", "2", "3", "4"]
        await seat.press("d")
        assert seat.at == "2"
        left, right = seat.pages
        assert "verdict: correct" in left
        assert "verdict: incorrect" in right
        await seat.press("d", "d")
        assert seat.at == "3"  # the last that differs
        await seat.press("j")
        assert "no such episode" in seat.pages[1]

    sit(script, shop, shop2, size=(200, 60))


def test_brackets_go_through_the_samples_of_a_task(shop: Path, shop2: Path) -> None:
    async def script(seat: Seat) -> None:
        await seat.press("j", "right_square_bracket")
        left, right = seat.pages
        assert ("Forty-two." in left, "Sixty-two." in right) == (True, True)
        await seat.press("right_square_bracket")
        assert "Sixty-one." in seat.pages[1]

    sit(script, shop, shop2)


def test_two_runs_on_different_things_are_refused(shop: Path, write_run: WriteRun) -> None:
    other = write_run("other", [], {"target": {"id": "mine/else-v0"}, "policy": {"name": "x"}})
    with pytest.raises(ConfigError, match="two runs on the same"):
        Viewer([Source(shop), Source(other)])


def test_what_a_model_wrote_can_neither_style_nor_steer_the_screen(episode: MakeEpisode, write_run: WriteRun) -> None:
    hostile = "[bold]x[/] [@click=app.quit]y[/] \x1b[2J\x1b]52;c;eA==\x07 \u202eevil [/nothing"
    fields: dict[str, Any] = {"explanation": hostile, "task_id": hostile, "category": hostile, "flags": (hostile,)}
    run = write_run("bad", [episode(0, 0, answer=hostile, **fields), episode(1, 0, "correct")])

    async def script(seat: Seat) -> None:
        await seat.press("f")
        assert isinstance(seat.app.screen, FilterScreen)
        options = seat.app.screen.query_one(OptionList)
        prompts = [options.get_option_at_index(n).prompt for n in range(options.option_count)]
        assert all(isinstance(prompt, Content) and not prompt.spans for prompt in prompts)
        await seat.press("j", "j", "space", "f")
        shown = "".join([*seat.pages, seat.status, *(seat.list.render_line(y).text for y in range(8))])
        assert r"[@click=app.quit]y[/] \e[2J\e]52;c;eA==\a \u202eevil [/nothing" in shown
        assert not {"\x1b", "\x07", "\u202e"} & set(shown)
        assert r"\u202eevil" in seat.app.export_screenshot()

    sit(script, run, size=(200, 40))


def test_a_run_without_episodes_opens_and_follows_what_is_written(episode: MakeEpisode, write_run: WriteRun) -> None:
    run = write_run("young", [])

    async def script(seat: Seat) -> None:
        assert "no episode yet" in seat.list.render_line(2).text
        await seat.press("j", "n", "f", "J", "space", "w", "s", "enter", "escape")
        write_run("young", [episode(0, 0)])
        await seat.press("R")
        assert seat.episodes == ["0/0"]
        assert "verdict: incorrect" in seat.pages[0]
        write_run("young", [episode(1, 0)])
        await asyncio.sleep(0)
        await seat.app._follow()  # type: ignore[attr-defined]
        await seat.settle()
        assert seat.at == "0/0"

    sit(script, run)


def test_a_running_run_is_followed_by_itself(
    episode: MakeEpisode, write_run: WriteRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assaygym.benchmarks.viewer.app.FOLLOW", 0.05)
    run = write_run("young", [episode(0, 0)])

    async def script(seat: Seat) -> None:
        write_run("young", [episode(1, 0)])
        for _ in range(100):
            await seat.pilot.pause(0.05)
            if len(seat.episodes) > 1:
                break
        assert (seat.episodes, seat.at) == (["0/0", "1/0"], "0/0")

    sit(script, run)


def test_later_scores_are_shown_with_what_was_said(
    episode: MakeEpisode, shop: Path, write_rescored: Callable[..., Path]
) -> None:
    later = write_rescored(shop, [episode(1, 0, "correct", explanation="after all")])

    async def script(seat: Seat) -> None:
        assert seat.episodes == ["1/0"]
        for expected in ("Forty-two.", "after all", "before: incorrect: reason 1"):
            assert expected in seat.pages[0]

    sit(script, later)


def test_an_episode_that_is_gone_is_told_and_the_screen_stays(shop: Path) -> None:
    async def script(seat: Seat) -> None:
        log = shop / "episodes.jsonl"
        log.write_bytes(b"x\n" * (log.stat().st_size // 2))
        await seat.press("j")
        assert "this episode cannot be shown" in seat.pages[0]
        await seat.press("R")
        assert "the log cannot be read" in seat.status
        assert any("is no episode of a run" in notice.message for notice in seat.app._notifications)

    sit(script, shop)


@pytest.mark.parametrize(
    ("size", "theme", "runs"),
    [
        ((200, 60), "light", 2),
        ((80, 24), "dark", 1),
        ((20, 5), "terminal", 2),
        ((3, 2), "terminal", 1),
        ((1, 1), "dark", 2),
    ],
)
def test_any_terminal_will_do(shop: Path, shop2: Path, size: tuple[int, int], theme: str, runs: int) -> None:
    async def script(seat: Seat) -> None:
        await seat.press("j", "r", "question_mark", "q", "f", "escape", "enter", "z", "z", "escape", "r")
        await seat.pilot.resize_terminal(90, 20)
        await seat.settle()
        assert seat.at == ("1" if runs == 2 else "1/0")
        assert "Question 1?" in seat.pages[0]

    sit(script, *[shop, shop2][:runs], size=size, theme=theme)


def test_a_narrow_terminal_shows_one_half_at_a_time(shop: Path) -> None:
    async def script(seat: Seat) -> None:
        pages = seat.app.query_one(Pages)
        assert (seat.list.display, pages.display) == (True, False)
        await seat.press("enter")
        assert (seat.list.display, pages.display) == (False, True)
        await seat.press("escape")
        assert (seat.list.display, pages.display) == (True, False)

    sit(script, shop, size=(40, 10))


def test_a_long_list_comes_in_pieces_and_is_all_there(
    episode: MakeEpisode, write_run: WriteRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assaygym.benchmarks.viewer.app.CHUNK", 400)
    run = write_run("long", [episode(task, trajectory={}) for task in range(2000)])

    async def script(seat: Seat) -> None:
        assert "2000 episodes" in seat.status
        await seat.press("end")
        assert (seat.at, seat.episodes[-1]) == ("1999/0", "1999/0")
        await seat.press("pageup", "k")
        assert seat.at == f"{1999 - (seat.list.size.height - 1) - 1}/0"

    sit(script, run)
