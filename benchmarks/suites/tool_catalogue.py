"""The suites of tool use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from assaygym.benchmarks.suites.declaration import Suite

__all__ = ["TOOL_SUITES"]

_BFCL = "gorilla-llm/Berkeley-Function-Calling-Leaderboard"
_BFCL_REVISION = "61fc0608cfd831fcfbbaa676ebdfef0ed963eeda"
_CATEGORIES = (
    "simple", "multiple", "parallel", "parallel_multiple", "java", "javascript", "live_simple", "live_multiple",
    "live_parallel", "live_parallel_multiple",
)  # fmt: skip
_UNANSWERED = ("irrelevance", "live_irrelevance", "live_relevance")
_TURNS = ("base", "long_context", "miss_func", "miss_param")
_APIS = (
    "gorilla_file_system", "math_api", "message_api", "posting_api", "ticket_api", "trading_bot", "travel_booking",
    "vehicle_control",
)  # fmt: skip


def _of(module: str, name: str) -> Callable[..., Any]:
    """A function of a module of this package, which is imported when a suite is used."""

    def call(*args: Any) -> Any:
        from importlib import import_module

        return getattr(import_module(f"assaygym.benchmarks.suites.{module}"), name)(*args)

    return call


def _questions(names: tuple[str, ...], prefix: str = "") -> tuple[str, ...]:
    return tuple(f"BFCL_v3_{prefix}{name}.json" for name in names)


def _answered(names: tuple[str, ...]) -> tuple[str, ...]:
    return (*names, *(f"possible_answer/{name}" for name in names))


_SINGLE = (*_answered(_questions(_CATEGORIES)), *_questions(_UNANSWERED))
_MULTI = (
    *_answered(_questions(_TURNS, "multi_turn_")),
    *(f"multi_turn_func_doc/{name}.json" for name in _APIS),
)

TOOL_SUITES = (
    Suite(
        id="bfcl",
        title="BFCL: the right function calls in one turn (Patil et al. 2025)",
        kind="tool",
        licence="Apache-2.0",
        published="2024-02",
        category="category",
        hub_id=_BFCL,
        hub_file=_SINGLE[0],
        hub_more=_SINGLE[1:],
        revision=_BFCL_REVISION,
        files=("test.jsonl", "BFCL_v*_*.json"),
        many=True,
        columns=("question", "function"),
        name="id",
        reader=_of("bfcl_files", "read_bfcl"),
        keep=_of("bfcl_files", "is_single_turn"),
        define=_of("bfcl", "bfcl_tasks"),
        format="calls",
    ),
    Suite(
        id="bfcl_multi_turn",
        title="BFCL: conversations with simulated APIs, judged by their state (Patil et al. 2025)",
        kind="tool",
        licence="Apache-2.0",
        published="2024-09",
        category="category",
        hub_id=_BFCL,
        hub_file=_MULTI[0],
        hub_more=_MULTI[1:],
        revision=_BFCL_REVISION,
        files=("test.jsonl", "BFCL_v*_multi_turn_*.json"),
        many=True,
        columns=("question",),
        name="id",
        reader=_of("bfcl_files", "read_bfcl"),
        keep=_of("bfcl_files", "is_multi_turn"),
        define=_of("bfcl_turns", "bfcl_turn_tasks"),
        format="calls",
    ),
    Suite(
        id="tau2_retail",
        title="tau2-bench retail: serve customers of a shop under its policy (Barres et al. 2025)",
        kind="tool",
        licence="MIT",
        published="2024-06",
        files=("test.jsonl", "tasks.json"),
        columns=("user_scenario", "evaluation_criteria"),
        name="id",
        reader=_of("tau2", "read_tau2"),
        keep=_of("tau2", "is_judged_by_state"),
        define=_of("tau2", "tau2_tasks"),
        format="calls",
    ),
)
