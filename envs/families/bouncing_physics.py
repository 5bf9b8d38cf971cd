"""Balls in a convex box, moved exactly from one collision to the next. Standard library only.

Everything is computed in the frame of the box, which moves at a constant velocity: there its walls stand still, and
between two collisions a ball follows a parabola, so that the time of the next collision is the root of a quadratic.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

__all__ = ["collisions", "simulate", "walls_of"]

MOST_COLLISIONS = 2_000
NEAR = 1e-9
Ball = list[float]
"""x, y, vx, vy, radius."""


def simulate(scene: dict[str, Any], times: Sequence[float]) -> list[list[list[float]]]:
    """The positions [x, y] of all balls at each of the times, which ascend from 0."""
    return _run(scene, times)[0]


def collisions(scene: dict[str, Any], until: float) -> list[float]:
    """The times of all collisions until then."""
    return _run(scene, [until])[1]


def _run(scene: dict[str, Any], times: Sequence[float]) -> tuple[list[list[list[float]]], list[float]]:
    drift, pull = scene["box_velocity"], scene["gravity"]
    balls = [[x, y, vx - drift[0], vy - drift[1], r] for x, y, vx, vy, r in scene["balls"]]
    walls = walls_of(scene["box"])
    now, found, hits = 0.0, list[list[list[float]]](), list[float]()
    for time in times:
        for _ in range(MOST_COLLISIONS):
            wait, ball, other = _next(balls, walls, pull)
            if now + wait > time:
                break
            _advance(balls, pull, wait)
            now += wait
            hits.append(now)
            _bounce(balls, walls, ball, other, scene["restitution"])
        _advance(balls, pull, time - now)
        now = time
        found.append([[ball[0] + drift[0] * now, ball[1] + drift[1] * now] for ball in balls])
    return found, hits


def walls_of(corners: Sequence[Sequence[float]]) -> list[tuple[float, float, float]]:
    """(nx, ny, c) of each wall of a counter-clockwise polygon: inside, nx * x + ny * y > c."""
    walls = []
    for (x1, y1), (x2, y2) in zip(corners, [*corners[1:], corners[0]], strict=True):
        length = math.hypot(x2 - x1, y2 - y1)
        nx, ny = -(y2 - y1) / length, (x2 - x1) / length
        walls.append((nx, ny, nx * x1 + ny * y1))
    return walls


def _next(balls: list[Ball], walls: list[tuple[float, float, float]], pull: Sequence[float]) -> tuple[float, int, int]:
    """How long until the next collision, the ball, and the other ball, or the wall as -1, -2, ..."""
    best = (math.inf, 0, 0)
    for i, (x, y, vx, vy, r) in enumerate(balls):
        for number, (nx, ny, c) in enumerate(walls):
            gap = nx * x + ny * y - c - r
            wait = _falls_to_zero((nx * pull[0] + ny * pull[1]) / 2, nx * vx + ny * vy, gap)
            best = min(best, (wait, i, -1 - number))
        for j in range(i):
            best = min(best, (_meeting(balls[i], balls[j]), i, j))
    return best


def _falls_to_zero(a: float, b: float, c: float) -> float:
    """The first time from now on at which a t^2 + b t + c is 0 and falling; infinity for never."""
    if c <= NEAR:  # it touches: either it comes nearer at once, or it leaves and may come back
        if b < 0 or (b == 0 and a < 0):
            return 0.0
        return -b / a if a < 0 else math.inf
    if abs(a) < 1e-12:
        return -c / b if b < 0 else math.inf
    square = b * b - 4 * a * c
    if square < 0:
        return math.inf
    root = math.sqrt(square)
    wait = (-b - root) / (2 * a)  # where the derivative is -root
    return wait if wait >= 0 else math.inf


def _meeting(one: Ball, other: Ball) -> float:
    """When two balls touch: both feel the same pull, so they move along a line relative to each other."""
    dx, dy, dvx, dvy = (one[k] - other[k] for k in range(4))
    near = dx * dvx + dy * dvy
    if near >= 0:
        return math.inf
    speed = dvx * dvx + dvy * dvy
    gap = dx * dx + dy * dy - (one[4] + other[4]) ** 2
    square = near * near - speed * gap
    return max(0.0, (-near - math.sqrt(square)) / speed) if square >= 0 else math.inf


def _advance(balls: list[Ball], pull: Sequence[float], time: float) -> None:
    for ball in balls:
        ball[0] += ball[2] * time + pull[0] * time * time / 2
        ball[1] += ball[3] * time + pull[1] * time * time / 2
        ball[2] += pull[0] * time
        ball[3] += pull[1] * time


def _bounce(balls: list[Ball], walls: list[tuple[float, float, float]], i: int, other: int, restitution: float) -> None:
    ball = balls[i]
    if other < 0:
        nx, ny, _ = walls[-1 - other]
        change = -(1 + restitution) * (ball[2] * nx + ball[3] * ny)
        ball[2] += change * nx
        ball[3] += change * ny
        return
    second = balls[other]
    dx, dy = ball[0] - second[0], ball[1] - second[1]
    length = math.hypot(dx, dy)
    nx, ny = dx / length, dy / length
    change = (second[2] - ball[2]) * nx + (second[3] - ball[3]) * ny  # equal masses exchange it
    for one, sign in ((ball, 1), (second, -1)):
        one[2] += sign * change * nx
        one[3] += sign * change * ny
