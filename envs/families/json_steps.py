"""The steps of `assay/JsonTransform-v0`: what each says, and the line of Python that does it.

A step reads and writes `rows`, a list of flat or nested records; the last one makes `out` of it. What fields there are
is carried along, so that steps fit one another.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from assaygym.envs.families.json_worlds import TAGS, Domain

__all__ = ["Fields", "Step", "draw_steps"]


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of a row by kind: categories with their values, numbers, what the id is called."""

    key: str
    categories: tuple[tuple[str, tuple[str, ...]], ...]
    numbers: tuple[str, ...]
    unique: bool
    """Whether the id tells rows apart."""
    nested: bool
    """Whether the record's own object, list and gap are still there."""
    tags: bool = True
    """Whether the list of tags is."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: in words, as code, and the fields after it."""

    says: str
    code: str
    after: Fields


Draw = Callable[[random.Random, Domain, Fields], Step]


def draw_steps(rng: random.Random, domain: Domain, count: int) -> list[Step]:
    """`count` different steps that fit one another, and the last one, which makes the result."""
    fields = Fields("id", (domain.category,), (domain.number,), unique=True, nested=True)
    steps: list[Step] = []
    left = list(_STEPS)
    while len(steps) < count:
        fitting = [draw for draw in left if _fits(draw, fields, count - len(steps))]
        if not fitting:
            return draw_steps(rng, domain, count)
        draw = rng.choice(fitting)
        left.remove(draw)
        steps.append(draw(rng, domain, fields))
        fields = steps[-1].after
    return [*steps, rng.choice(_LAST)(rng, domain, fields)]


def _fits(draw: Draw, fields: Fields, left: int) -> bool:
    if draw is _exploded and left > 3:
        return False  # too little can be done with what it leaves
    return (fields.nested or draw not in _NESTED) and (fields.tags or draw not in (_tagged, _counted))


def _more_than(rng: random.Random, domain: Domain, fields: Fields) -> Step:
    field, least = rng.choice(fields.numbers), rng.randint(2, 6)
    return Step(
        f"Keep only the records whose `{field}` is greater than {least}.",
        f"rows = [r for r in rows if r[{field!r}] > {least}]",
        fields,
    )


def _category(rng: random.Random, domain: Domain, fields: Fields) -> Step:
    field, choices = rng.choice(fields.categories)
    value = rng.choice(choices)
    return Step(
        f'Drop the records whose `{field}` is "{value}".',
        f"rows = [r for r in rows if r[{field!r}] != {value!r}]",
        fields,
    )


def _gap(rng: random.Random, domain: Domain, fields: Fields) -> Step:
    return Step(
        f"Drop the records in which `{domain.gap}` is missing or null.",
        f"rows = [r for r in rows if r.get({domain.gap!r}) is not None]",
        fields,
    )


def _filled(rng: random.Random, domain: Domain, fields: Fields) -> Step:
    gap = domain.gap
    return Step(
        f'Where `{gap}` is missing or null, set it to "none".',
        f"rows = [{{**r, {gap!r}: 'none' if r.get({gap!r}) is None else r[{gap!r}]}} for r in rows]",
        fields,
    )


def _tagged(rng: random.Random, domain: Domain, fields: Fields) -> Step:
    tag = rng.choice(TAGS)
    return Step(
        f'Drop the records whose `{domain.tags}` contain "{tag}".',
        f"rows = [r for r in rows if {tag!r} not in r[{domain.tags!r}]]",
        fields,
    )


def _flattened(rng: random.Random, domain: Domain, fields: Fields) -> Step:
    obj, first, second, places = domain.obj
    lifted = f"{{{f'{obj}_{first}'!r}: r[{obj!r}][{first!r}], {f'{obj}_{second}'!r}: r[{obj!r}][{second!r}]}}"
    return Step(
        f"Replace the object `{obj}` of each record by two fields of the record, `{obj}_{first}` and `{obj}_{second}`.",
        f"rows = [{{k: v for k, v in r.items() if k != {obj!r}}} | {lifted} for r in rows]",
        replace(fields, categories=(*fields.categories, (f"{obj}_{second}", places))),
    )


def _summed(rng: random.Random, domain: Domain, fields: Fields) -> Step:
    parts, _, one, other = domain.parts
    name = f"{parts}_total"
    return Step(
        f"Add a field `{name}` to each record: the sum of `{one}` times `{other}` over its `{parts}` (0 for none).",
        f"rows = [{{**r, {name!r}: sum(p[{one!r}] * p[{other!r}] for p in r[{parts!r}])}} for r in rows]",
        replace(fields, numbers=(*fields.numbers, name)),
    )


def _counted(rng: random.Random, domain: Domain, fields: Fields) -> Step:
    tags, name = domain.tags, f"{domain.tags}_count"
    return Step(
        f"Replace the list `{tags}` of each record by its length, in a field called `{name}`; `{tags}` is dropped.",
        f"rows = [{{k: v for k, v in r.items() if k != {tags!r}}} | {{{name!r}: len(r[{tags!r}])}} for r in rows]",
        replace(fields, numbers=(*fields.numbers, name), tags=False),
    )


def _sorted(rng: random.Random, domain: Domain, fields: Fields) -> Step:
    field = rng.choice(fields.numbers)
    return Step(
        f"Sort the records by `{field}` from the largest to the smallest; of equal ones the one that came first stays "
        "first.",
        f"rows = sorted(rows, key=lambda r: -r[{field!r}])",
        fields,
    )


def _exploded(rng: random.Random, domain: Domain, fields: Fields) -> Step:
    parts, _, one, other = domain.parts
    field = fields.categories[0][0]
    key = f"{domain.records[:-1]}_id"
    return Step(
        f"Make one record of each entry of `{parts}`: the fields of the entry, `{key}` (the `{fields.key}` of the "
        f"record it comes from) and `{field}` (of that record). Nothing else of the old records is kept.",
        f"rows = [{{{key!r}: r[{fields.key!r}], {field!r}: r[{field!r}], **p}} for r in rows for p in r[{parts!r}]]",
        Fields(key, fields.categories[:1], (one, other), unique=False, nested=False),
    )


def _renamed(rng: random.Random, domain: Domain, fields: Fields) -> Step:
    new = rng.choice(("ref", "key", "code", "uid"))
    return Step(
        f"Rename the field `{fields.key}` of each record to `{new}`.",
        f"rows = [{{{new!r} if k == {fields.key!r} else k: v for k, v in r.items()}} for r in rows]",
        replace(fields, key=new),
    )


def _numbered(rng: random.Random, domain: Domain, fields: Fields) -> Step:
    return Step(
        "Add a field `position` to each record, which counts the records from 1 in their present order.",
        "rows = [{**r, 'position': i} for i, r in enumerate(rows, 1)]",
        replace(fields, numbers=(*fields.numbers, "position")),
    )


def _whole(rng: random.Random, domain: Domain, fields: Fields) -> Step:
    name = rng.choice(("rows", "result", "data"))
    return Step(
        f"Return an object with two fields: `{name}`, the list of the records, and `count`, their number.",
        f"out = {{{name!r}: rows, 'count': len(rows)}}",
        fields,
    )


def _grouped(rng: random.Random, domain: Domain, fields: Fields) -> Step:
    field = rng.choice(fields.categories)[0]
    return Step(
        f"Return an object that maps each value of `{field}` that occurs to the list of the `{fields.key}` of its "
        "records, in their order.",
        f"out = {{c: [r[{fields.key!r}] for r in rows if r[{field!r}] == c] "
        f"for c in dict.fromkeys(r[{field!r}] for r in rows)}}",
        fields,
    )


def _totals(rng: random.Random, domain: Domain, fields: Fields) -> Step:
    field, number = rng.choice(fields.categories)[0], rng.choice(fields.numbers)
    return Step(
        f"Return an object that maps each value of `{field}` that occurs to an object with the fields `count`, the "
        f"number of its records, and `{number}`, an object with the fields `sum` and `max` of their `{number}`.",
        f"out = {{}}\nfor r in rows:\n    g = out.setdefault(r[{field!r}], {{'count': 0, {number!r}: {{'sum': 0, "
        f"'max': r[{number!r}]}}}})\n    g['count'] += 1\n    g[{number!r}]['sum'] += r[{number!r}]\n"
        f"    g[{number!r}]['max'] = max(g[{number!r}]['max'], r[{number!r}])",
        fields,
    )


def _indexed(rng: random.Random, domain: Domain, fields: Fields) -> Step:
    kept = [rng.choice(fields.categories)[0], rng.choice(fields.numbers)]
    pair = f"[{', '.join(f'r[{name!r}]' for name in kept)}]"
    many = "" if fields.unique else " (of several with the same one, the last record counts)"
    return Step(
        f"Return an object that maps the `{fields.key}` of each record{many} to a list of two: its `{kept[0]}` and its "
        f"`{kept[1]}`.",
        f"out = {{r[{fields.key!r}]: {pair} for r in rows}}",
        fields,
    )


def _columns(rng: random.Random, domain: Domain, fields: Fields) -> Step:
    names = [fields.key, rng.choice(fields.categories)[0], rng.choice(fields.numbers)]
    columns = ", ".join(f"{name!r}: [r[{name!r}] for r in rows]" for name in names)
    return Step(
        f"Return an object of columns: for each of the fields {', '.join(f'`{name}`' for name in names)} the list of "
        "its values in all records, in their order.",
        f"out = {{{columns}}}",
        fields,
    )


_NESTED: tuple[Draw, ...] = (_gap, _filled, _tagged, _flattened, _summed, _counted, _exploded)
_STEPS: tuple[Draw, ...] = (_more_than, _category, _sorted, _renamed, _numbered, *_NESTED)
_LAST: tuple[Draw, ...] = (_whole, _grouped, _totals, _indexed, _columns)
