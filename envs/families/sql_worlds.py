"""Worlds for `assay/Sql-v0`: two tables of things and one of events that refers to both, with rows drawn at random."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["WORLDS", "Column", "Table", "World", "draw_rows"]

Kind = Literal["id", "ref", "name", "category", "int", "date"]
SHARE_OF_NULLS = 0.25
SHARE_UNUSED = 0.25
"""Of the things that no event refers to."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column; `words` is how a question calls it."""

    name: str
    words: str
    kind: Kind
    values: tuple[Any, ...] = ()
    """Of a category or name: those there are. Of an int: the lowest and the highest. Of a ref: the table."""
    nullable: bool = False

    @property
    def ddl(self) -> str:
        """Its line in CREATE TABLE."""
        sort = "TEXT" if self.kind in ("name", "category", "date") else "INTEGER"
        more = {"id": " PRIMARY KEY", "ref": f" NOT NULL REFERENCES {self.values[0]}(id)" if self.values else ""}
        return f"{self.name} {sort}{more.get(self.kind, '' if self.nullable else ' NOT NULL')}"


@dataclass(frozen=True, slots=True)
class Table:
    """A table; `name` is its plural too."""

    name: str
    one: str
    columns: tuple[Column, ...]

    @property
    def ddl(self) -> str:
        """Its CREATE TABLE statement."""
        return f"CREATE TABLE {self.name} (\n    " + ",\n    ".join(column.ddl for column in self.columns) + "\n);"

    def of(self, *kinds: Kind, nullable: bool | None = None) -> list[Column]:
        """Its columns of these kinds."""
        return [c for c in self.columns if c.kind in kinds and nullable in (None, c.nullable)]


@dataclass(frozen=True, slots=True)
class World:
    """`events` refer to one row each of both `things`."""

    things: tuple[Table, Table]
    events: Table

    @property
    def tables(self) -> tuple[Table, ...]:
        """All three."""
        return (*self.things, self.events)

    @property
    def schema(self) -> str:
        """The CREATE TABLE statements."""
        return "\n".join(table.ddl for table in self.tables)

    def key(self, thing: Table) -> str:
        """The column of the events that refers to a table."""
        return next(c.name for c in self.events.of("ref") if c.values[0] == thing.name)


_NAMES = """
    Ada Ben Carla Dario Elif Femi Greta Hugo Ines Jonas Kira Luis Mara Nils Olga Pavel Quinn Rosa Sami Tara Udo Vera
    Wim Xenia Yusuf Zoe Amir Bela Cleo Dunja Emil Freya Goran Hana Igor Jana
"""
_OBJECTS = """
    Anchor Beacon Cedar Delta Ember Falcon Garnet Harbor Iris Jasper Kestrel Lantern Meadow Nimbus Orchid Pebble
    Quartz Raven Saffron Thistle Umber Violet Willow Yarrow Zephyr Aurora Basalt Cobalt Drift Echo
"""

_TABLE = """
customers | customer
    name: name = people
    city: city = Lyon Oslo Porto Turin Ghent
    age: age = 18..75
    points: number of points = 0..40 ?
products | product
    title: title = titles
    category: category = tools toys food books
    price: price = 2..60
    stock: stock = 0..30 ?
orders | order
    customer_id -> customers
    product_id -> products
    ordered_on: order date = date
    quantity: quantity = 1..9
    rating: rating = 1..5 ?
    status: status = open sent returned
@
members | member
    name: name = people
    branch: branch = North South Harbor Centre
    age: age = 16..80
    joined_on: joining date = date
    fee: fee = 5..30 ?
books | book
    title: title = titles
    genre: genre = crime poetry travel science
    pages: number of pages = 80..600
    shelf: shelf number = 1..40 ?
loans | loan
    member_id -> members
    book_id -> books
    lent_on: lending date = date
    days: number of days = 1..40
    fine: fine = 1..12 ?
    state: state = running back lost
@
doctors | doctor
    name: name = people
    ward: ward = eye heart skin bone
    experience: years of experience = 1..35
    room: room number = 1..60 ?
patients | patient
    name: name = people
    town: town = Bonn Graz Basel Ulm Linz
    born_on: date of birth = date
    weight: weight = 40..120
    floor: floor = 1..6 ?
visits | visit
    doctor_id -> doctors
    patient_id -> patients
    visited_on: visiting date = date
    minutes: number of minutes = 5..90
    cost: cost = 10..200 ?
    kind: kind = first control urgent
@
drivers | driver
    name: name = people
    depot: depot = East West Airport Docks
    age: age = 20..65
    hired_on: hiring date = date
    bonus: bonus = 10..90 ?
vehicles | vehicle
    label: label = titles
    fuel: fuel = diesel petrol electric gas
    seats: number of seats = 2..50
    mileage: mileage = 1..300 ?
trips | trip
    driver_id -> drivers
    vehicle_id -> vehicles
    driven_on: driving date = date
    distance: distance = 3..400
    delay: delay = 1..60 ?
    purpose: purpose = school tour freight
"""


def _column(line: str) -> Column:
    if "->" in line:
        name, _, table = line.partition(" -> ")
        return Column(name, f"{name.removesuffix('_id')} id", "ref", (table,))
    name, _, rest = line.partition(": ")
    words, _, span = rest.partition(" = ")
    if span == "date":
        return Column(name, words, "date")
    if span in ("people", "titles"):
        return Column(name, words, "name", tuple((_NAMES if span == "people" else _OBJECTS).split()))
    if ".." in span:
        low, _, high = span.removesuffix(" ?").partition("..")
        return Column(name, words, "int", (int(low), int(high)), span.endswith("?"))
    return Column(name, words, "category", tuple(span.split()))


def _world(text: str) -> World:
    tables: list[Table] = []
    for line in text.strip().splitlines():
        if " | " in line:
            name, _, one = line.partition(" | ")
            tables.append(Table(name, one, (Column("id", "id", "id"),)))
        else:
            last = tables.pop()
            tables.append(Table(last.name, last.one, (*last.columns, _column(line.strip()))))
    return World((tables[0], tables[1]), tables[2])


WORLDS = tuple(map(_world, _TABLE.split("@")))


def draw_rows(rng: random.Random, world: World, things: int, events: int) -> dict[str, list[list[Any]]]:
    """Rows of every table: about so many things of each kind, and so many events. Some things have no event."""
    rows = {table.name: _things(rng, table, things + rng.randint(0, 2)) for table in world.things}
    used = {name: rng.sample([row[0] for row in some], _used(len(some))) for name, some in rows.items()}
    ids = sorted(rng.sample(range(100, 100 + 3 * events), events))
    rows[world.events.name] = [
        [number, *(_value(rng, column, used) for column in world.events.columns[1:])] for number in ids
    ]
    return rows


def _used(number: int) -> int:
    return max(2, round(number * (1 - SHARE_UNUSED)))


def _things(rng: random.Random, table: Table, number: int) -> list[list[Any]]:
    ids = sorted(rng.sample(range(1, 3 * number), number))
    names = {c.name: rng.sample(c.values, number) for c in table.of("name")}
    return [
        [ids[i], *(names[c.name][i] if c.kind == "name" else _value(rng, c, {}) for c in table.columns[1:])]
        for i in range(number)
    ]


def _value(rng: random.Random, column: Column, used: Mapping[str, Sequence[int]]) -> Any:
    if column.nullable and rng.random() < SHARE_OF_NULLS:
        return None
    if column.kind == "ref":
        return rng.choice(used[column.values[0]])
    if column.kind == "date":
        return f"2024-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
    if column.kind == "int":
        low, high = column.values
        return rng.randint(low, high)
    return rng.choice(column.values)
