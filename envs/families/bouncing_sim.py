"""`assay/BouncingSim-v0`: write a function that tells where bouncing balls are; hidden times judge it.

After the BouncingSim tasks of DELTA: from one ball in a rectangle to several that collide in a moving box under
gravity. The scene is such that a tiny error at the start stays small until the last time asked for, so any exact method
agrees with the reference. The share of the times that are right stands in the score's metrics (`passed`, `total`).
"""

from __future__ import annotations

import math
import random
from itertools import pairwise
from pathlib import Path
from typing import Any

from assaygym.envs.families import bouncing_physics
from assaygym.envs.families.bouncing_physics import collisions, simulate, walls_of
from assaygym.envs.tasks import task
from assaygym.errors import ConfigError
from assaygym.sandbox.base import MIB, Limits
from assaygym.types import Task
from assaygym.verifiers.code import FunctionCase, FunctionTests, functions

__all__ = ["bouncing_sim"]

LIMITS = Limits(cpu_seconds=10, wall_seconds=40, memory_bytes=256 * MIB, processes=8)
TOLERANCE = 0.02
HIDDEN = 14
UNTIL = 10.0
FEWEST = 5
"""Collisions until the end."""
APART = 0.01
"""Seconds between two collisions, at least: no corner, no rest."""
NUDGE, SPREAD = 1e-7, 1e-4
"""An error at the start, and the most that may become of it."""
Scene = dict[str, Any]
TEMPLATES = (
    "Write a Python function `positions(t)` that simulates this:\n\n{scene}\n\n{rules}",
    "Some balls bounce in a box, in two dimensions.\n\n{scene}\n\nWrite `positions(t)` in Python. {rules}",
    "Simulate the following with a Python function `positions(t)`.\n\n{scene}\n\n{rules}",
)
RULES = (
    "`positions(t)` takes a time in seconds from 0 to {until:g} and returns the positions of the centres at that time "
    "as a list of lists of floats, {order}. It is called for {times} hidden times; each coordinate may be off by "
    "{tolerance} (so small fixed time steps will hardly do: compute each collision exactly), and all calls together "
    "may take {seconds:g} s. Use the standard library only. Give the function in one ```python block."
)
WALLS = (
    "A bounce at a wall is elastic: the part of the velocity along the wall stays, the part across it is reversed.",
    "At a wall, the part of the velocity along it stays, and the part across it is reversed and multiplied by {e}.",
)
MOVING = (
    "The whole box moves at the constant velocity ({u}, {v}); the corners are given for t = 0. A wall acts on the "
    "velocity of a ball relative to the box."
)


@task(
    "assay/BouncingSim-v0",
    difficulty={
        "balls": (1, 1, 1, 1, 2),
        "sides": (4, 6, 6, 7, 6),
        "gravity": (False, False, True, True, True),
        "moving": (False, False, False, True, True),
        "lossy": (False, True, False, False, False),
    },
    verifier=functions(limits=LIMITS),
    kind="code",
    summary="Write a function that simulates bouncing balls; hidden times judge it.",
    requires=("sandbox",),
)
def bouncing_sim(
    rng: random.Random,
    *,
    balls: int = 1,
    sides: int = 4,
    gravity: bool = False,
    moving: bool = False,
    lossy: bool = False,
) -> tuple[str, FunctionTests, dict[str, Any]]:
    """A scene with its hidden times. With `lossy`, walls take some of the speed; four sides make a rectangle."""
    if not 1 <= balls <= 4 or not 3 <= sides <= 10 or (lossy and gravity):
        raise ConfigError(
            f"BouncingSim: balls {balls}, sides {sides}, lossy {lossy}, gravity {gravity}; expected 1 to 4, 3 to 10, "
            "and not both of the last two"
        )
    while True:
        scene = _draw_scene(rng, balls, sides, gravity, moving, lossy)
        times = sorted(round(rng.uniform(0.1, UNTIL), 2) for _ in range(HIDDEN))
        if _is_tame(scene, times):
            break
    cases = tuple(FunctionCase((time,), found) for time, found in zip(times, simulate(scene, times), strict=True))
    tests = FunctionTests("positions", cases, float_abs=TOLERANCE)
    return _prompt(rng, scene), tests, {"scene": scene, "identity": repr(scene)}


@bouncing_sim.solve
def reference(posed: Task[FunctionTests]) -> str:
    """The reference simulator, on the scene of the task."""
    source = Path(bouncing_physics.__file__).read_text("utf-8")
    scene = posed.metadata["scene"]
    return f"```python\n{source}\n\nSCENE = {scene!r}\n\n\ndef positions(t):\n    return simulate(SCENE, [t])[0]\n```"


def _draw_scene(rng: random.Random, balls: int, sides: int, gravity: bool, moving: bool, lossy: bool) -> Scene:
    box = _rectangle(rng) if sides == 4 else _polygon(rng, sides)
    placed: list[tuple[float, ...]] = []
    while len(placed) < balls:
        angle, speed, radius = rng.uniform(0, math.tau), rng.uniform(4, 9), round(rng.uniform(0.3, 0.8), 2)
        x, y = (round(rng.uniform(-3, 3), 2) for _ in range(2))
        if all(math.hypot(x - other[0], y - other[1]) > radius + other[4] + 0.2 for other in placed):
            placed.append((x, y, round(speed * math.cos(angle), 2), round(speed * math.sin(angle), 2), radius))
    return {
        "box": box,
        "box_velocity": (round(rng.uniform(-2, 2), 1) or 0.5, round(rng.uniform(-2, 2), 1)) if moving else (0.0, 0.0),
        "gravity": (0.0, -round(rng.uniform(2, 9.8), 1)) if gravity else (0.0, 0.0),
        "restitution": rng.choice((0.9, 0.85, 0.8)) if lossy else 1.0,
        "balls": placed,
    }


def _rectangle(rng: random.Random) -> list[tuple[float, float]]:
    a, b, c, d = (round(rng.uniform(5, 9), 1) for _ in range(4))
    return [(-a, -b), (c, -b), (c, d), (-a, d)]


def _polygon(rng: random.Random, sides: int) -> list[tuple[float, float]]:
    """A convex polygon around the origin, counter-clockwise: corners on an ellipse, not too close to each other."""
    while True:
        angles = sorted(rng.uniform(0, math.tau) for _ in range(sides))
        gaps = [(b - a) % math.tau for a, b in zip(angles, [*angles[1:], angles[0]], strict=True)]
        if min(gaps) > 0.35 and max(gaps) < 1.9:
            break
    wide, high = rng.uniform(8, 11), rng.uniform(8, 11)
    return [(round(wide * math.cos(angle), 1), round(high * math.sin(angle), 1)) for angle in angles]


def _is_tame(scene: Scene, times: list[float]) -> bool:
    """Whether balls are inside, bounce often, clearly one after the other, meet, and small errors stay small."""
    if not _starts_inside(scene):
        return False
    hits = collisions(scene, UNTIL)
    if len(hits) < FEWEST * len(scene["balls"]) or min(b - a for a, b in pairwise(hits)) < APART:
        return False
    alone = [{**scene, "balls": [ball]} for ball in scene["balls"]]
    if len(alone) > 1 and len(hits) == sum(len(collisions(one, UNTIL)) for one in alone):
        return False
    x, y, vx, vy, radius = scene["balls"][0]
    nudged = {**scene, "balls": [(x + NUDGE, y - NUDGE, vx - NUDGE, vy + NUDGE, radius), *scene["balls"][1:]]}
    pairs = zip(simulate(scene, times), simulate(nudged, times), strict=True)
    return all(
        abs(a - b) < SPREAD
        for right, other in pairs
        for one, two in zip(right, other, strict=True)
        for a, b in zip(one, two, strict=True)
    )


def _starts_inside(scene: Scene) -> bool:
    walls = walls_of(scene["box"])
    return all(nx * x + ny * y - c > radius + 0.1 for x, y, _, _, radius in scene["balls"] for nx, ny, c in walls)


def _prompt(rng: random.Random, scene: Scene) -> str:
    number = len(scene["balls"])
    rules = RULES.format(
        until=UNTIL,
        order="[[x, y]]" if number == 1 else "[[x, y], ...] in the order of the balls",
        times=HIDDEN,
        tolerance=TOLERANCE,
        seconds=LIMITS.cpu_seconds,
    )
    return rng.choice(TEMPLATES).format(scene=_described(scene), rules=rules)


def _described(scene: Scene) -> str:
    """The scene in words, every number of it."""
    corners = ", ".join(f"({x}, {y})" for x, y in scene["box"])
    lines = [f"- The box is the convex polygon with the corners {corners}, in this (counter-clockwise) order."]
    if any(scene["box_velocity"]):
        lines.append("- " + MOVING.format(u=scene["box_velocity"][0], v=scene["box_velocity"][1]))
    for i, (x, y, vx, vy, radius) in enumerate(scene["balls"], 1):
        name = "The ball" if len(scene["balls"]) == 1 else f"Ball {i}"
        lines.append(f"- {name} has radius {radius}; at t = 0 its centre is at ({x}, {y}), its velocity ({vx}, {vy}).")
    pull = scene["gravity"][1]
    lines.append(f"- Gravity accelerates every ball by (0, {pull})." if pull else "- There is no gravity, no friction.")
    lossy = scene["restitution"] != 1.0
    lines.append(
        "- A ball touches a wall when its centre is a radius away. " + WALLS[lossy].format(e=scene["restitution"])
    )
    if len(scene["balls"]) > 1:
        lines.append(
            "- Balls have equal masses and collide elastically with each other: they exchange the parts of their "
            "velocities along the line of their centres. Nothing spins."
        )
    return "\n".join(lines)
