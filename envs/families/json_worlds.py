"""Documents for `assay/JsonTransform-v0`: records of a few domains, with nested objects, lists and gaps."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

__all__ = ["DOMAINS", "Domain", "draw_document"]

NAMES = ("Ana", "Bo", "Chen", "Dara", "Eli", "Femi", "Gita", "Hugo")
TAGS = ("new", "hot", "old", "blue", "big", "rare", "odd", "vip")
MOST_RECORDS = 5


@dataclass(frozen=True, slots=True)
class Domain:
    """The names of one domain's fields. Every record has an id; the gap may be null or missing."""

    records: str
    prefix: str
    category: tuple[str, tuple[str, ...]]
    number: str
    obj: tuple[str, str, str, tuple[str, ...]]
    """The nested object, its name field, its second field and the values of that."""
    parts: tuple[str, str, str, str]
    """The list of objects, their text field and their two number fields."""
    tags: str
    gap: str


DOMAINS = (
    Domain(
        "orders", "o", ("status", ("open", "paid", "sent")), "priority",
        ("customer", "name", "city", ("Oslo", "Lima", "Kyiv")), ("items", "sku", "qty", "price"), "tags", "note",
    ),
    Domain(
        "sensors", "s", ("kind", ("heat", "light", "noise")), "battery",
        ("place", "room", "wing", ("north", "south", "east")), ("readings", "unit", "hour", "value"), "flags", "owner",
    ),
    Domain(
        "books", "b", ("genre", ("crime", "poetry", "science")), "shelf",
        ("author", "name", "country", ("FR", "JP", "PE")), ("loans", "reader", "days", "fee"), "topics", "series",
    ),
    Domain(
        "players", "p", ("role", ("guard", "wing", "center")), "level",
        ("team", "title", "league", ("A", "B", "C")), ("games", "rival", "points", "minutes"), "awards", "sponsor",
    ),
    Domain(
        "tickets", "t", ("state", ("todo", "doing", "done")), "weight",
        ("reporter", "nick", "office", ("Rome", "Cork", "Bern")), ("efforts", "by", "hours", "rate"), "labels", "due",
    ),
)  # fmt: skip


def draw_document(rng: random.Random, domain: Domain, records: int | None = None) -> dict[str, Any]:
    """A random document of the domain; as many records as told."""
    count = rng.randint(2, MOST_RECORDS) if records is None else records
    numbers = rng.sample(range(10, 99), count)
    listed = [_record(rng, domain, f"{domain.prefix}{number}") for number in numbers]
    return {"source": rng.choice(("api", "file")), domain.records: listed}


def _record(rng: random.Random, domain: Domain, name: str) -> dict[str, Any]:
    field, choices = domain.category
    obj, first, second, places = domain.obj
    parts, text, one, other = domain.parts
    record: dict[str, Any] = {
        "id": name,
        field: rng.choice(choices),
        domain.number: rng.randint(1, 9),
        obj: {first: rng.choice(NAMES), second: rng.choice(places)},
        parts: [
            {text: rng.choice(NAMES).lower(), one: rng.randint(1, 5), other: rng.randint(1, 30)}
            for _ in range(rng.randint(0, 3))
        ],
        domain.tags: rng.sample(TAGS, rng.randint(0, 3)),
    }
    gap = rng.choice(("missing", "null", "given"))
    if gap != "missing":
        record[domain.gap] = rng.choice(NAMES) if gap == "given" else None
    return record
