"""Many episodes at once against a server that fails and stalls: all end, each failure has a name, nothing is left.

    python -m assaygym.benchmarks.speed.requests
    python -m assaygym.benchmarks.speed.requests --episodes 5000 --concurrency 1000 --json requests.json

Single-turn episodes are played by `OpenAIPolicy` through `rollout_many`, as many at once as `--concurrency` says. The
server (`stub_server.py`, a process of its own on this machine) counts what it does. The run counts what it saw, and the
two must agree to the last failure: see `checks`. The exit code is 1 where a check fails.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import resource
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import assaygym
from assaygym.agents.openai_policy import OpenAIPolicy, Usage
from assaygym.agents.policy import Prompt, SamplingParams
from assaygym.agents.workers import EpisodeJob, rollout_many
from assaygym.benchmarks.speed.document import machine, versions
from assaygym.benchmarks.speed.script import parser_of, run_script
from assaygym.benchmarks.speed.stub_server import StubServer, answer_to
from assaygym.benchmarks.speed.terminal import positive, progress
from assaygym.benchmarks.speed.timing import percentile
from assaygym.types import Completion, StopReason, Trajectory

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["checks", "main", "take"]

ENV = "assay/Reverse-v0"
SPARE_FILES = 512
LEAVE_SECONDS = 5.0
"""How long the last threads and sockets may take to end."""


class _Timed:
    """A policy whose every call is timed."""

    def __init__(self, policy: OpenAIPolicy) -> None:
        self.policy, self.name = policy, policy.name
        self.seconds: list[float] = []

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        started = time.perf_counter()
        try:
            return self.policy.generate(prompts, params)
        finally:
            self.seconds.append(time.perf_counter() - started)


def take(options: argparse.Namespace) -> dict[str, Any]:
    """Play the episodes; returns the document."""
    server = StubServer(fail=options.fail, stall=options.stall, latency=options.latency, seed=options.seed)
    with _open_files(options.concurrency + SPARE_FILES), server:
        before = _threads(), _sockets()
        policy = OpenAIPolicy(
            "stub", server.url, "none-needed", timeout=options.timeout, max_retries=options.retries, backoff=0.05,
            concurrency=options.concurrency,
        )  # fmt: skip
        timed = _Timed(policy)
        cpu, started = time.process_time(), time.perf_counter()
        played = _play(timed, options)
        wall, cpu = time.perf_counter() - started, time.process_time() - cpu
        policy.close()
        left = _left_over(*before)
        counts = server.counts()
    ok = checks(played, options.episodes, policy.usage, counts, left)
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "versions": {name: version for name, version in versions().items() if name in ("python", "assaygym")}
        | {"urllib3": importlib.metadata.version("urllib3")},
        "plan": {key: getattr(options, key) for key in PLAN},
        "figures": _figures(timed.seconds, policy.usage, wall, cpu, counts["most_in_flight"]),
        "failures": {
            name: {"server": counts["faults"].get(name, 0), "named": policy.usage.failures.get(name, 0)}
            for name in sorted({*counts["faults"], *policy.usage.failures})
        },
        "given_up": Counter(trajectory.error or "" for _, trajectory in played if _failed(trajectory)),
        "checks": ok,
    }  # fmt: skip


PLAN = ("episodes", "concurrency", "fail", "stall", "latency", "timeout", "retries", "seed")


def checks(
    played: Sequence[tuple[EpisodeJob, Trajectory]],
    episodes: int,
    usage: Usage,
    counts: Mapping[str, Any],
    left: tuple[int, int],
) -> dict[str, bool]:
    """What has to hold, by sentence.

    Args:
        played: every job with its trajectory.
        episodes: how many were asked for.
        usage: of the policy.
        counts: of the server.
        left: threads and sockets that were left over.
    """
    ended = [trajectory for _, trajectory in played]
    answered = [trajectory for trajectory in ended if not _failed(trajectory)]
    return {
        "every episode ended, none twice": sorted(job.seed or 0 for job, _ in played) == list(range(episodes)),
        "every failure has the server's name for it": dict(usage.failures) == dict(counts["faults"]),
        "every failure was tried again, or is the end of its request": sum(usage.failures.values())
        == usage.retries + usage.failed,
        "every request was answered once, or its episode failed": usage.requests == len(answered)
        and usage.failed == len(ended) - len(answered)
        and sorted(counts["answers"].values()) == [1] * len(answered),
        "every answer reached the episode that asked": all(_own_answer(trajectory) for trajectory in answered),
        "no thread is left over": left[0] == 0,
        "no socket is left over": left[1] == 0,
    }


def _play(policy: _Timed, options: argparse.Namespace) -> list[tuple[EpisodeJob, Trajectory]]:
    jobs = (EpisodeJob(key=str(number), seed=number) for number in range(options.episodes))
    played: list[tuple[EpisodeJob, Trajectory]] = []
    with progress(options.episodes, lines=10) as tell:
        params = SamplingParams(seed=options.seed)
        for pair in rollout_many(
            lambda: assaygym.make(ENV), policy, jobs, concurrency=options.concurrency, params=params
        ):
            played.append(pair)
            tell(len(played), "episodes")
    return played


def _failed(trajectory: Trajectory) -> bool:
    return trajectory.stop_reason is StopReason.ERROR


def _own_answer(trajectory: Trajectory) -> bool:
    (turn,) = trajectory.turns
    return turn.completion.message.content == answer_to([{"content": m.content} for m in turn.observation])


def _figures(seconds: Sequence[float], usage: Usage, wall: float, cpu: float, most: int) -> dict[str, Any]:
    sent = usage.requests + sum(usage.failures.values())
    return {
        "requests_per_second": round(usage.requests / wall, 1),
        "attempts_per_second": round(sent / wall, 1),
        "wall_seconds": round(wall, 3),
        "cpu_ms_per_request": round(1e3 * cpu / max(1, usage.requests), 3),
        "p50_ms": round(1e3 * percentile(seconds, 0.5), 1),
        "p99_ms": round(1e3 * percentile(seconds, 0.99), 1),
        "most_in_flight": most,
        "answered": usage.requests,
        "retries": usage.retries,
        "given_up": usage.failed,
    }


@contextmanager
def _open_files(wanted: int) -> Iterator[None]:
    """Let this process open so many files, if it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    more = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < more:
        resource.setrlimit(resource.RLIMIT_NOFILE, (more, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _threads() -> set[int]:
    return {thread.ident or 0 for thread in threading.enumerate()}


def _sockets() -> int:
    found = 0
    for number in os.listdir("/proc/self/fd"):
        try:
            found += os.readlink(f"/proc/self/fd/{number}").startswith("socket:")
        except OSError:  # the one of the listing itself
            continue
    return found


def _left_over(threads: set[int], sockets: int) -> tuple[int, int]:
    """Threads and sockets that were not there before, once those that are ending have ended."""
    deadline = time.monotonic() + LEAVE_SECONDS
    while (left := (len(_threads() - threads), _sockets() - sockets)) != (0, 0) and time.monotonic() < deadline:
        time.sleep(0.01)
    return left


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit code."""
    return run_script(arguments, _parser(), take, show, missed=lambda _, found: not all(found["checks"].values()))


def show(found: Mapping[str, Any], console: Console) -> None:
    """Print the document as tables."""
    from rich.table import Table

    plan, figures = found["plan"], found["figures"]
    console.print(
        f"{plan['episodes']} episodes, {plan['concurrency']} at once; the server fails {plan['fail']:.0%} of "
        f"attempts and stalls {plan['stall']:.0%}, an attempt may take {plan['timeout']:g} s; {found['date']}",
        markup=False, highlight=False, soft_wrap=True, style="dim",
    )  # fmt: skip
    for title, rows in (
        ("figures", figures),
        ("checks", {k: "holds" if v else "FAILS" for k, v in found["checks"].items()}),
    ):
        table = Table(title=title, title_justify="left", show_header=False)
        for name, value in rows.items():
            table.add_row(name.replace("_", " "), str(value))
        console.print(table)
    table = Table("failure", "made by the server", "named by the policy", title="failures", title_justify="left")
    for name, both in found["failures"].items():
        table.add_row(name, str(both["server"]), str(both["named"]))
    console.print(table)
    for error, count in found["given_up"].items():
        console.print(f"{count} given up: {error}", markup=False, highlight=False, soft_wrap=True)


def _parser() -> argparse.ArgumentParser:
    parser = parser_of("requests", __doc__)
    parser.add_argument("--episodes", type=positive, default=3000, help="how many (%(default)s)")
    parser.add_argument("--concurrency", type=positive, default=1000, help="episodes at once (%(default)s)")
    parser.add_argument("--fail", type=float, default=0.1, help="share of attempts that fail (%(default)s)")
    parser.add_argument("--stall", type=float, default=0.05, help="share of attempts that stall (%(default)s)")
    parser.add_argument("--latency", type=float, default=2.0, help="seconds until the server answers (%(default)s)")
    parser.add_argument("--timeout", type=float, default=6.0, help="seconds of one attempt (%(default)s)")
    parser.add_argument("--retries", type=int, default=8, help="attempts after the first (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the faults and the requests (%(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
