"""Plans played by a crew: every episode once, limits, stops."""

from __future__ import annotations

import gc
import random
import signal
import sys
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assaygym.agents import crew as crew_module
from assaygym.agents.crew import Budget, Crew, EpisodeJob, Next, Plan
from assaygym.agents.live import LiveEpisode
from assaygym.agents.policy import Prompt, SamplingParams
from assaygym.agents.scripted import ConstantPolicy, ScriptedPolicy
from assaygym.errors import ConfigError, ContextOverflowError, PolicyError, SandboxError
from assaygym.types import Completion, Message, Score, StopReason, Trajectory, Verdict

pytestmark = pytest.mark.alone  # deadlines, and threads that have ended by now
MakeEnv = Callable[..., Any]
EVERYWHERE = pytest.mark.parametrize("concurrency", [1, 4])


class Group:
    """Plays `size` samples; forks and asks for more through functions; counts how its methods are called."""

    def __init__(
        self,
        key: str,
        size: int = 1,
        forks: Callable[[LiveEpisode], int] = lambda live: 0,
        more: Callable[[Trajectory], int] = lambda trajectory: 0,
    ) -> None:
        self.key, self.size, self.forks, self.more = key, size, forks, more
        self.asked: list[str] = []
        self.played: list[Trajectory] = []
        self.samples = 0
        self._busy = threading.Lock()

    def begin(self) -> Iterable[Next]:
        with self._alone():
            return self._jobs(self.size)

    def answered(self, live: LiveEpisode, completion: Completion) -> Iterable[LiveEpisode]:
        with self._alone():
            made = [live.fork() for _ in range(self.forks(live))]
            self.asked += [fork.id for fork in made]
            return made

    def ended(self, trajectory: Trajectory) -> Iterable[Next]:
        with self._alone():
            self.played.append(trajectory)
            return self._jobs(self.more(trajectory))

    def _jobs(self, n: int) -> list[EpisodeJob]:
        made = [EpisodeJob(key=self.key, seed=1, sample=self.samples + i) for i in range(n)]
        self.samples += n
        self.asked += [job.id for job in made]
        return made

    def _alone(self) -> threading.Lock:
        assert not self._busy.locked(), "two threads are in one plan"
        return self._busy

    @property
    def stops(self) -> list[StopReason]:
        return [trajectory.stop_reason for trajectory in self.played]


class Tokens:
    """Says ten tokens a turn."""

    name = "tokens"

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        return [Completion(message=Message(role="assistant", content="a"), token_ids=tuple(range(10)))]


class Made:
    """Makes environments and counts how often each, forks too, is closed."""

    def __init__(self, env: MakeEnv, fault: Exception | None = None, **options: Any) -> None:
        self.env, self.fault, self.options = env, fault, options
        self.originals, self.forks, self.closed = list[Any](), list[Any](), Counter[int]()

    def __call__(self) -> Any:
        made = self.env(**self.options)
        self.originals.append(self._watched(made))
        return made

    def _watched(self, env: Any) -> Any:
        real = type(env).fork

        def close() -> None:
            self.closed[id(env)] += 1

        def fork(n: int) -> Any:
            if self.fault is not None:
                raise self.fault
            del env.close, env.fork  # else the copy would close the original
            self.forks += (made := real(env, n))
            for one in (env, *made):
                self._watched(one)
            return made

        env.close, env.fork = close, fork
        return env

    @property
    def closings(self) -> list[int]:
        return [self.closed[id(env)] for env in (*self.originals, *self.forks)]


def gather(plans: Iterable[Group], into: list[Group]) -> None:
    for plan in plans:
        into.append(plan)


def workers() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("assay-rollout")]


@pytest.fixture(autouse=True)
def _no_thread_is_left_over() -> Iterator[None]:
    yield
    deadline = time.monotonic() + 5
    while workers() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not workers()


def blocked_until(event: threading.Event) -> Callable[[Prompt], str]:
    def answer(prompt: Prompt) -> str:
        event.wait(20)
        return "a"

    return answer


# every episode once


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    shape=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2), st.integers(0, 2)), max_size=12),
    concurrency=st.sampled_from([1, 2, 7]),
    lookahead=st.integers(0, 4),
    seed=st.integers(0, 99),
)
def test_every_episode_of_every_plan_is_played_and_ended_once(
    dialogue: MakeEnv, shape: list[tuple[int, int, int]], concurrency: int, lookahead: int, seed: int
) -> None:
    draw = random.Random(seed)
    made = Made(lambda: dialogue(turns=draw.randint(1, 3)))

    def fails(prompt: Prompt) -> str:
        if draw.random() < 0.2:
            raise PolicyError("no answer")
        return "a"

    def forks(most: int, live: LiveEpisode) -> int:
        return draw.randint(0, most) if live.id.count(".") < 2 else 0

    def more(most: int, ended: Trajectory) -> int:
        return draw.randint(0, most) if ended.parent is None and draw.random() < 0.4 else 0

    plans = [Group(f"g{i}", size, partial(forks, a), partial(more, b)) for i, (size, a, b) in enumerate(shape)]
    crew = Crew(made, ScriptedPolicy(fails), concurrency=concurrency, lookahead=lookahead)
    assert Counter(map(id, crew.run(iter(plans)))) == Counter(map(id, plans))
    for plan in plans:
        assert sorted(trajectory.id for trajectory in plan.played) == sorted(plan.asked)
    assert made.closings == [1] * len(made.closings)


def test_forks_are_played_before_what_was_begun_later(dialogue: MakeEnv) -> None:
    order: list[str] = []

    class Ordered(Group):
        def ended(self, trajectory: Trajectory) -> Iterable[Next]:
            order.append(trajectory.id)
            return super().ended(trajectory)

    first = Ordered("a", forks=lambda live: 2 if live.id == "a/0" and not live.turns else 0)
    list(Crew(dialogue, ConstantPolicy("a"), concurrency=1).run([first, Ordered("b"), Ordered("c")]))
    assert order == ["a/0", "a/0.1", "a/0.2", "b/0", "c/0"]


def test_forks_are_played_beside_the_original(dialogue: MakeEnv) -> None:
    together = threading.Barrier(3, timeout=20)

    def answer(prompt: Prompt) -> str:
        if prompt.turn:
            together.wait()
        return "a"

    plan = Group("a", forks=lambda live: 2 if not live.turns and live.parent is None else 0)
    list(Crew(lambda: dialogue(turns=2), ScriptedPolicy(answer), concurrency=3).run([plan]))
    assert plan.stops == [StopReason.COMPLETED] * 3


def test_plans_that_pause_are_asked_again(dialogue: MakeEnv) -> None:
    waiting = [Group("b")]

    class Pausing(Iterator[Plan]):
        def __init__(self) -> None:
            self.next: list[Plan] = [Group("a")]

        def __next__(self) -> Plan:
            if not self.next:
                raise StopIteration
            return self.next.pop()

    plans = Pausing()
    done = []
    for plan in Crew(dialogue, ConstantPolicy("a"), concurrency=2).run(plans):
        done.append(plan)
        if waiting:
            plans.next.append(waiting.pop())
    assert len(done) == 2


def test_a_plan_without_episodes_is_done_at_once(dialogue: MakeEnv) -> None:
    plans = [Group("a", 0), Group("b"), Group("c", 0)]
    assert {plan.key for plan in Crew(dialogue, ConstantPolicy("a"), concurrency=2).run(plans)} == {"a", "b", "c"}


def test_a_slow_consumer_bounds_what_is_begun(dialogue: MakeEnv) -> None:
    begun = 0

    def endless() -> Iterator[Group]:
        nonlocal begun
        while True:
            begun += 1
            yield Group(str(begun), 2)

    plans = Crew(dialogue, ConstantPolicy("a"), concurrency=3, lookahead=5).run(endless())
    for yielded in range(10):
        next(plans)
        time.sleep(0.01)
        assert begun - yielded <= 3 + 5
    plans.close()  # type: ignore[attr-defined]


# failures


@EVERYWHERE
def test_a_fork_that_cannot_be_made_is_recorded_and_the_original_goes_on(dialogue: MakeEnv, concurrency: int) -> None:
    made = Made(dialogue, fault=SandboxError("the session is gone"), turns=2)
    plan = Group("a", forks=lambda live: 1 if live.parent is None and not live.turns else 0)
    list(Crew(made, ConstantPolicy("a"), concurrency=concurrency).run([plan]))
    ended = {trajectory.id: trajectory for trajectory in plan.played}
    assert ended["a/0"].stop_reason is StopReason.COMPLETED
    assert ended["a/0.1"].stop_reason is StopReason.ERROR
    assert ended["a/0.1"].parent == ("a/0", 0)
    assert made.closings == [1]


@EVERYWHERE
@pytest.mark.parametrize("method", ["begin", "answered", "ended"])
def test_what_a_plan_raises_ends_the_run_after_what_is_done(dialogue: MakeEnv, concurrency: int, method: str) -> None:
    class Broken(Group):
        pass

    def broken(*_: Any) -> Any:
        raise KeyError("column")

    setattr(Broken, method, broken)
    made, done = Made(dialogue), list[Group]()
    plans = [Group("a"), *(Broken(str(i)) for i in range(9))]
    with pytest.raises(KeyError, match="column"):
        gather(Crew(made, ConstantPolicy("a"), concurrency=concurrency, lookahead=0).run(plans), done)
    assert done in ([plans[0]], [])
    assert made.closings == [1] * len(made.originals)


@EVERYWHERE
def test_forks_of_a_plan_that_then_raises_are_closed(dialogue: MakeEnv, concurrency: int) -> None:
    class Broken(Group):
        def answered(self, live: LiveEpisode, completion: Completion) -> Iterator[LiveEpisode]:
            yield live.fork()
            raise KeyError("column")

    made = Made(dialogue)
    with pytest.raises(KeyError):
        list(Crew(made, ConstantPolicy("a"), concurrency=concurrency).run([Broken("a")]))
    assert made.closings == [1, 1]


@EVERYWHERE
def test_an_environment_that_cannot_be_made_ends_the_run_with_what_is_done(concurrency: int, dialogue: MakeEnv) -> None:
    left = iter([dialogue()])

    def make() -> Any:
        for env in left:
            return env
        raise ConfigError("no more of them")

    fail = ScriptedPolicy(lambda prompt: 1 / 0)  # type: ignore[arg-type,return-value]  # so a second one is wanted
    plans, done = [Group(str(i)) for i in range(20)], list[Group]()
    with pytest.raises(ConfigError, match="no more of them"):
        gather(Crew(make, fail, concurrency=concurrency, lookahead=0).run(plans), done)
    assert all(len(plan.played) == 1 for plan in done)
    assert len(set(map(id, done))) == len(done)
    assert concurrency > 1 or len(done) == 1


def test_an_environment_with_an_invalid_verdict_is_replaced(dialogue: MakeEnv, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Made(dialogue)
    invalid = {"reply": Score.invalid("the session is gone")}
    crew = Crew(made, ConstantPolicy("a"), concurrency=1)

    def replied(self: Any, action: Message) -> Any:
        from assaygym.envs.core import Reply

        return Reply(score=invalid.pop("reply", Score.of(1.0)))

    monkeypatch.setattr(dialogue, "_reply", replied)
    plan = Group("a", 3)
    list(crew.run([plan]))
    assert [t.score.verdict for t in plan.played if t.score] == [Verdict.INVALID, Verdict.CORRECT, Verdict.CORRECT]
    assert made.closings == [1, 1]


def test_an_environment_that_cannot_be_closed_is_told_and_costs_no_episode(dialogue: MakeEnv) -> None:
    def make() -> Any:
        env = dialogue()
        env.close = lambda: 1 / 0
        return env

    plan = Group("a", 3)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert list(Crew(make, ConstantPolicy("right"), concurrency=2).run([plan])) == [plan]
    assert "could not be closed: ZeroDivisionError" in str(caught[0].message)
    assert len(plan.played) == 3


def test_a_context_that_overflows_costs_no_environment(dialogue: MakeEnv) -> None:
    def full(prompt: Prompt) -> str:
        raise ContextOverflowError("too long")

    made, plan = Made(dialogue), Group("a", 4)
    list(Crew(made, ScriptedPolicy(full), concurrency=1).run([plan]))
    assert plan.stops == [StopReason.CONTEXT_OVERFLOW] * 4
    assert len(made.originals) == 1


# budgets


@EVERYWHERE
def test_a_run_out_of_tokens_ends_episodes_at_their_next_turn_and_begins_no_group(
    dialogue: MakeEnv, concurrency: int
) -> None:
    plans = [Group(str(i)) for i in range(50)]
    crew = Crew(
        lambda: dialogue(turns=10),
        Tokens(),
        concurrency=concurrency,
        lookahead=0,
        budget=Budget(run_max_tokens=250),
    )
    done = list(crew.run(plans))
    turns = sum(len(trajectory.turns) for plan in done for trajectory in plan.played)
    assert 25 <= turns <= 25 + concurrency - 1
    assert len(done) <= 4 + concurrency
    assert {stop for plan in done for stop in plan.stops} <= {StopReason.MAX_TOKENS, StopReason.COMPLETED}
    assert [StopReason.MAX_TOKENS] in [plan.stops for plan in done]


def test_tokens_that_forks_share_are_counted_once(dialogue: MakeEnv) -> None:
    plan = Group("a", forks=lambda live: 1 if len(live.turns) == 3 and live.parent is None else 0)
    budget = Budget(run_max_tokens=1000, max_tokens=90)
    crew = Crew(lambda: dialogue(turns=6), Tokens(), concurrency=1, budget=budget)
    run: Any = crew_module._Run(crew)
    list(run.plans(iter([plan])))
    assert run.spent == 10 * (6 + 3)


def test_an_answer_that_came_late_counts_too(dialogue: MakeEnv) -> None:
    class Late(Tokens):
        def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
            time.sleep(0.02)
            return super().generate(prompts, params)

    run: Any = crew_module._Run(Crew(dialogue, Late(), concurrency=1, budget=Budget(timeout=0.01)))
    list(run.plans(iter([Group("a", 2)])))
    assert run.spent == 20


@EVERYWHERE
def test_a_run_out_of_time_ends_episodes_at_their_next_turn(dialogue: MakeEnv, concurrency: int) -> None:
    def slow(prompt: Prompt) -> str:
        time.sleep(0.005)
        return "a"

    crew = Crew(
        lambda: dialogue(turns=10**6, max_turns=10**6),
        ScriptedPolicy(slow),
        concurrency=concurrency,
        lookahead=0,
        budget=Budget(run_timeout=0.1),
    )
    started = time.monotonic()
    done = list(crew.run(Group(str(i), 2) for i in range(10**6)))
    assert 0.1 <= time.monotonic() - started < 10
    assert {stop for plan in done for stop in plan.stops} == {StopReason.TIMEOUT}
    assert all(len(plan.played) == 2 for plan in done)


def test_the_time_of_a_run_begins_with_its_first_plan(dialogue: MakeEnv) -> None:
    run = Crew(dialogue, ConstantPolicy("a"), concurrency=1, budget=Budget(run_timeout=0.2)).run([Group("a")])
    time.sleep(0.3)
    assert [plan.stops for plan in run] == [[StopReason.COMPLETED]]


@pytest.mark.parametrize("limit", ["timeout", "max_tokens", "run_timeout", "run_max_tokens"])
@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_a_limit_that_allows_nothing_is_refused(limit: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=f"budget's {limit} is .*; expected more than 0"):
        Budget(**{limit: value})


# stops


@pytest.fixture
def interrupt() -> Iterator[Callable[[float], None]]:
    """Ctrl-C in the main thread, in so many seconds, whatever the test runner does with it."""
    main = threading.main_thread().ident
    assert main is not None
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield lambda seconds: threading.Timer(seconds, signal.pthread_kill, (main, signal.SIGINT)).start()
    signal.signal(signal.SIGINT, before)


@EVERYWHERE
def test_an_interrupt_yields_what_is_done_and_is_then_raised(
    dialogue: MakeEnv, concurrency: int, interrupt: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew_module, "GRACE_SECONDS", 0.2)
    go_on = threading.Event()
    made, done = Made(dialogue), list[Group]()

    def answer(prompt: Prompt) -> str:
        if prompt.env is not None and prompt.env._running().seed != 1:
            go_on.wait(20)
        return "a"

    class Seeded(Group):
        def _jobs(self, n: int) -> list[EpisodeJob]:
            return [EpisodeJob(key=self.key, seed=int(self.key) // 3 + 1, sample=i) for i in range(n)]

    plans = [Seeded(str(i)) for i in range(10)]
    interrupt(0.3)
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        gather(Crew(made, ScriptedPolicy(answer), concurrency=concurrency).run(plans), done)
    assert time.monotonic() - started < 10
    assert sorted(plan.key for plan in done) == ["0", "1", "2"]
    assert all(plan.stops == [StopReason.COMPLETED] for plan in done)
    assert all(not plan.played for plan in plans if plan not in done)
    go_on.set()
    deadline = time.monotonic() + 5
    while workers() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert made.closings == [1] * len(made.originals)
    assert all(not plan.played for plan in plans if plan not in done)


def test_plans_done_but_not_yielded_come_before_the_interrupt(dialogue: MakeEnv) -> None:
    plans = Crew(dialogue, ConstantPolicy("a"), concurrency=4, lookahead=16).run(Group(str(i)) for i in range(20))
    first = next(plans)
    time.sleep(0.2)
    run = plans.gi_frame.f_locals["self"]  # type: ignore[attr-defined]

    def interrupted(plans: Any) -> bool:
        raise KeyboardInterrupt

    run._begin = interrupted
    done = [first]
    with pytest.raises(KeyboardInterrupt):
        gather(plans, done)
    assert len(done) == 20
    assert all(len(plan.played) == 1 for plan in done)


@EVERYWHERE
def test_closing_early_leaves_no_environment_open(dialogue: MakeEnv, concurrency: int) -> None:
    made = Made(dialogue, turns=4)
    plans = [Group(str(i), 3, forks=lambda live: 0 if live.parent else 2) for i in range(20)]
    run = Crew(made, ConstantPolicy("a"), concurrency=concurrency).run(plans)
    next(run)
    run.close()  # type: ignore[attr-defined]
    assert made.closings == [1] * len(made.closings)
    assert len(made.forks) > 4
    played = [len(plan.played) for plan in plans]
    time.sleep(0.05)
    assert [len(plan.played) for plan in plans] == played


def test_a_run_that_is_forgotten_stops_too(dialogue: MakeEnv) -> None:
    run = Crew(dialogue, ConstantPolicy("a"), concurrency=4).run(Group(str(i)) for i in range(100))
    next(run)
    del run
    gc.collect()


def test_no_method_of_a_plan_is_called_after_the_end_of_the_run(
    dialogue: MakeEnv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew_module, "GRACE_SECONDS", 0.05)
    go_on = threading.Event()
    plans = [Group("quick", 0), *(Group(str(i), forks=lambda live: 1) for i in range(8))]
    run = Crew(dialogue, ScriptedPolicy(blocked_until(go_on)), concurrency=4).run(plans)
    next(run)
    started = time.monotonic()
    run.close()  # type: ignore[attr-defined]
    assert time.monotonic() - started < 5
    asked = [list(plan.asked) for plan in plans]
    go_on.set()
    deadline = time.monotonic() + 5
    while workers() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [plan.asked for plan in plans] == asked
    assert not any(plan.played for plan in plans)


@pytest.mark.parametrize(("stopped", "calls"), [(True, 1), (False, 0)])
def test_whoever_holds_turns_back_is_told_of_an_early_stop(dialogue: MakeEnv, stopped: bool, calls: int) -> None:
    told: list[int] = []
    crew = Crew(dialogue, ConstantPolicy("a"), concurrency=2, on_stop=lambda: told.append(1))
    run = crew.run(Group(str(i)) for i in range(9))
    next(run)
    if stopped:
        run.close()  # type: ignore[attr-defined]
    assert stopped or len(list(run)) == 8
    assert len(told) == calls


# many threads


def test_a_thousand_episodes_wait_at_once(dialogue: MakeEnv) -> None:
    together = threading.Barrier(1000, timeout=60)

    def answer(prompt: Prompt) -> str:
        together.wait()
        return "a"

    done = list(Crew(dialogue, ScriptedPolicy(answer), concurrency=1000).run(Group(str(i)) for i in range(1000)))
    assert [plan.stops for plan in done] == [[StopReason.COMPLETED]] * 1000


def test_threads_that_cannot_be_started_are_told(dialogue: MakeEnv, monkeypatch: pytest.MonkeyPatch) -> None:
    real, started = threading.Thread.start, iter(range(3))

    def start(self: threading.Thread) -> None:
        if self.name.startswith("assay-rollout") and next(started, None) is None:
            raise RuntimeError("can't start new thread")
        real(self)

    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(ConfigError, match="no thread could be started after 3 for concurrency=8"):
        list(Crew(dialogue, ConstantPolicy("a"), concurrency=8).run([Group("a", 50)]))


def test_of_many_episodes_with_failures_none_is_lost_or_played_twice(dialogue: MakeEnv) -> None:
    def some_fail(prompt: Prompt) -> str:
        assert prompt.env is not None
        if prompt.env._running().seed % 7 == 3:
            raise PolicyError("no answer")
        return "right"

    class Seeded(Group):
        def _jobs(self, n: int) -> list[EpisodeJob]:
            return [EpisodeJob(key=self.key, seed=int(self.key), sample=i) for i in range(n)]

    made = Made(dialogue)
    done = list(Crew(made, ScriptedPolicy(some_fail), concurrency=16).run(Seeded(str(i)) for i in range(2000)))
    assert Counter(plan.key for plan in done) == Counter(map(str, range(2000)))
    failed = {plan.key for plan in done if plan.stops == [StopReason.ERROR]}
    assert failed == {str(i) for i in range(2000) if i % 7 == 3}
    assert all([t.seed for t in plan.played] == [int(plan.key)] for plan in done)
    assert made.closings == [1] * len(made.originals)


def test_the_last_plan_is_never_missed_however_threads_interleave(dialogue: MakeEnv) -> None:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for plans in range(1, 200):
            crew = Crew(dialogue, ConstantPolicy("a"), concurrency=3, lookahead=plans % 3)
            assert len(list(crew.run(Group(str(i), 1 + i % 2) for i in range(plans % 5)))) == plans % 5
    finally:
        sys.setswitchinterval(interval)


def test_a_fork_that_no_thread_can_be_started_for_ends_the_run(
    dialogue: MakeEnv, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, real = Made(dialogue), threading.Thread.start

    def start(self: threading.Thread) -> None:
        if self.name == "assay-rollout-1":
            raise RuntimeError("can't start new thread")
        real(self)

    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(ConfigError, match="no thread could be started after 1"):
        list(Crew(made, ConstantPolicy("a"), concurrency=2).run([Group("a", forks=lambda live: 1)]))
    assert made.closings == [1, 1]
