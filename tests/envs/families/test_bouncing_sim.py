"""Bouncing balls."""

import copy
import math
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.envs.families.bouncing_physics import collisions, simulate, walls_of
from assaygym.envs.families.bouncing_sim import TOLERANCE, UNTIL, bouncing_sim
from assaygym.envs.registration import make
from assaygym.types import Task, Verdict
from assaygym.verifiers.code import FunctionTests

SQUARE = [(-5.0, -5.0), (5.0, -5.0), (5.0, 5.0), (-5.0, 5.0)]


def scene(*balls: tuple[float, ...], **more: Any) -> dict[str, Any]:
    still = {"box": SQUARE, "box_velocity": (0.0, 0.0), "gravity": (0.0, 0.0), "restitution": 1.0}
    return {**still, "balls": list(balls), **more}


def at(world: dict[str, Any], time: float, ball: int = 0) -> tuple[float, float]:
    x, y = simulate(world, [time])[0][ball]
    return round(x, 9), round(y, 9)


def posed(seed: int, level: int) -> Task[FunctionTests]:
    env = make("assay/BouncingSim-v0", level=level)
    env.reset(seed=seed)
    assert env.task is not None
    return env.task


def test_a_ball_flies_straight_until_the_wall_and_comes_back() -> None:
    world = scene((0, 0, 2, 1, 1))
    assert at(world, 1) == (2, 1)
    assert at(world, 3) == (2, 3)
    assert collisions(world, 3.5) == [2.0]


def test_a_wall_that_takes_speed_leaves_the_part_along_it() -> None:
    assert at(scene((0, 0, 2, 1, 1), restitution=0.5), 3) == (3, 3)


def test_a_ball_that_is_dropped_comes_back_to_where_it_was() -> None:
    world = scene((0, 0, 0, 0, 1), gravity=(0.0, -2.0))
    assert at(world, 2) == (0, -4)
    assert at(world, 4) == (0, 0)
    assert at(world, 6) == (0, -4)


def test_a_box_that_moves_takes_the_ball_with_it() -> None:
    world = scene((0, 0, 0, 0, 1), box_velocity=(1.0, 0.0))
    assert at(world, 4) == (0, 0)
    assert at(world, 5) == (2, 0)


def test_two_balls_exchange_their_velocities_head_on() -> None:
    world = scene((-3, 0, 2, 0, 0.5), (3, 0, -1, 0, 0.5))
    hit = 5 / 3
    assert at(world, hit + 1, 0)[0] == pytest.approx(-3 + 2 * hit - 1)
    assert at(world, hit + 1, 1)[0] == pytest.approx(3 - hit + 2)


def test_a_glancing_hit_keeps_the_parts_across_the_line_of_centres() -> None:
    world = scene((-3, 0.5, 2, 0, 0.5), (0, 0, 0, 0, 0.5))
    one, two = ([(b - a) / 0.1 for a, b in zip(at(world, 1.3, i), at(world, 1.4, i), strict=True)] for i in (0, 1))
    assert one[0] + two[0] == pytest.approx(2)
    assert one[1] + two[1] == pytest.approx(0, abs=1e-6)
    assert one[0] * two[0] + one[1] * two[1] == pytest.approx(0, abs=1e-6)


@given(st.integers(0, 10_000), st.integers(0, 4))
def test_no_ball_ever_leaves_the_box_or_enters_another(seed: int, level: int) -> None:
    knobs = {name: values[level] for name, values in bouncing_sim.difficulty.items()}
    world = bouncing_sim.pose(random.Random(seed), **knobs)[2]["scene"]
    times = [i / 10 for i in range(int(UNTIL) * 10)]
    for time, found in zip(times, simulate(world, times), strict=True):
        places = [(x - world["box_velocity"][0] * time, y - world["box_velocity"][1] * time) for x, y in found]
        for (x, y), ball in zip(places, world["balls"], strict=True):
            assert all(nx * x + ny * y - c >= ball[4] - 1e-6 for nx, ny, c in walls_of(world["box"]))
        for i, one in enumerate(places):
            for j in range(i):
                assert math.dist(one, places[j]) >= world["balls"][i][4] + world["balls"][j][4] - 1e-6


@given(st.integers(0, 10_000))
def test_energy_is_kept_under_gravity(seed: int) -> None:
    world = bouncing_sim.pose(random.Random(seed), sides=6, gravity=True)[2]["scene"]
    pull = world["gravity"][1]
    hits = [0.0, *collisions(world, UNTIL)]
    before, after = (b - a for a, b in ((hits[0], hits[1]), (hits[-2], hits[-1])))
    assert before > 0
    energies = []
    for start, length in ((hits[0], before), (hits[-2], after)):
        middle, step = start + length / 2, length / 8
        (x0, y0), (x1, y1) = (simulate(world, [middle + sign * step])[0][0] for sign in (-1, 1))
        y = (y0 + y1) / 2 - pull * step * step / 2
        energies.append(((x1 - x0) ** 2 + (y1 - y0) ** 2) / (8 * step * step) - pull * y)
    assert energies[0] == pytest.approx(energies[1], rel=1e-6)


def stepped(world: dict[str, Any], until: float, step: float) -> list[float]:
    """The first ball by small steps, as a check by other means."""
    x, y, vx, vy, radius = world["balls"][0]
    (u, v), (_, g) = world["box_velocity"], world["gravity"]
    walls = walls_of(world["box"])
    for i in range(round(until / step)):
        x, y, vy = x + vx * step, y + vy * step + g * step * step / 2, vy + g * step
        time = (i + 1) * step
        for nx, ny, c in walls:
            speed = nx * (vx - u) + ny * (vy - v)
            if nx * (x - u * time) + ny * (y - v * time) - c < radius and speed < 0:
                vx -= (1 + world["restitution"]) * speed * nx
                vy -= (1 + world["restitution"]) * speed * ny
    return [x, y]


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_small_steps_come_near_the_exact_result(level: int) -> None:
    world = posed(3, level).metadata["scene"]
    until = collisions(world, UNTIL)[2] + 0.1
    exact = simulate(world, [until])[0][0]
    assert math.dist(stepped(world, until, 1e-4), exact) < 0.1


@pytest.mark.parametrize("level", range(5))
def test_who_overlooks_something_earns_nothing(level: int) -> None:
    task = posed(level, level)
    world = task.metadata["scene"]
    right = bouncing_sim.solution(task)
    changes: list[dict[str, Any]] = [{"box": [(10 * x, 10 * y) for x, y in world["box"]]}, {"restitution": 0.95}]
    changes += [{"gravity": (0.0, 0.0)}] if any(world["gravity"]) else []
    changes += [{"box_velocity": (0.0, 0.0)}] if any(world["box_velocity"]) else []
    changes += [{"balls": [(*ball[:4], 0.0) for ball in world["balls"]]}]
    for change in changes:
        wrong = right.replace(repr(world), repr({**copy.deepcopy(world), **change}))
        assert wrong != right
        assert bouncing_sim.score(wrong, task.answer).verdict is Verdict.INCORRECT, change


@pytest.mark.parametrize(
    "body",
    ["[[0.0, 0.0]]", "[[float('nan'), float('nan')]]", "[]", "None", "[[1e999, 1e999]]", "[['0', '0']]", "input()"],
)
def test_constants_and_what_is_no_position_earn_nothing(body: str) -> None:
    text = f"```python\ndef positions(t):\n    return {body}\n```"
    assert bouncing_sim.score(text, posed(1, 0).answer).value == 0.0


def test_an_error_within_the_tolerance_is_right_and_a_larger_one_is_not() -> None:
    task = posed(2, 1)
    right = bouncing_sim.solution(task)
    for error, value in ((TOLERANCE * 0.9, 1.0), (TOLERANCE * 1.1, 0.0)):
        shifted = right.replace(
            "return simulate(SCENE, [t])[0]", f"return [[x + {error}, y] for x, y in simulate(SCENE, [t])[0]]"
        )
        assert bouncing_sim.score(shifted, task.answer).value == value


@pytest.mark.parametrize("level", range(5))
def test_every_number_of_the_scene_is_in_the_prompt(level: int) -> None:
    task = posed(5, level)
    shown = task.prompt[-1].content
    world = task.metadata["scene"]
    numbers = [*(n for corner in world["box"] for n in corner), *(n for ball in world["balls"] for n in ball)]
    numbers += [n for n in (*world["gravity"], *world["box_velocity"]) if n]
    numbers += [world["restitution"]] if world["restitution"] != 1 else []
    assert all(str(number) in shown for number in numbers)
    assert ("exchange" in shown) == (len(world["balls"]) > 1)


def test_balls_of_the_last_level_meet() -> None:
    for seed in range(10):
        world = posed(seed, 4).metadata["scene"]
        alone = [simulate({**world, "balls": [ball]}, [UNTIL])[0][0] for ball in world["balls"]]
        assert simulate(world, [UNTIL])[0] != alone
