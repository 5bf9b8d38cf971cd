"""Small repositories for `assay/MiniRepo-v0`: modules that call each other, and how to draw what the top is given.

`<k>` and `<m>` are constants, drawn with the repository. There are no `while` loops: code with a bug must end too.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

__all__ = ["Entry", "Repository", "repositories"]

_SHOP = '''
## shop/money.py
def percent_of(amount, percent):
    """So many percent of an amount in cents, rounded to the nearest cent, halves up."""
    return (amount * percent + 50) // 100


def format_cents(amount):
    """Cents as text: 1205 gives "12.05"."""
    return str(amount // 100) + "." + str(amount % 100).zfill(2)

## shop/catalog.py
PRICES = {"pen": 120, "book": 1550, "lamp": 2995, "mug": 870, "desk": 12900}
REDUCED_TAX = ("book",)


def price_of(product):
    """The price of a product in cents; 0 for one that is not in the catalog."""
    return PRICES.get(product, 0)


def tax_percent(product):
    """The tax rate of a product in percent: 7 for reduced ones, else 19."""
    return 7 if product in REDUCED_TAX else 19

## shop/discounts.py
from shop.money import percent_of


def bulk_percent(quantity):
    """The discount for a quantity of one product in percent: <m> from 10 pieces on, <k> from 5 pieces on, else 0."""
    if quantity >= 10:
        return <m>
    if quantity >= 5:
        return <k>
    return 0


def discounted(amount, quantity):
    """The amount less the bulk discount for the quantity."""
    return amount - percent_of(amount, bulk_percent(quantity))

## shop/cart.py
from shop.catalog import price_of
from shop.discounts import discounted


def line_total(product, quantity):
    """The net price of a line in cents, with its bulk discount."""
    return discounted(price_of(product) * quantity, quantity)


def merged(lines):
    """The (product, quantity) lines with equal products joined, in the order of their first occurrence."""
    quantities = {}
    for product, quantity in lines:
        quantities[product] = quantities.get(product, 0) + quantity
    return [(product, quantity) for product, quantity in quantities.items() if quantity > 0]

## shop/invoice.py
from shop.cart import line_total, merged
from shop.catalog import tax_percent
from shop.money import format_cents, percent_of

FREE_SHIPPING_FROM = 5000


def shipping(net):
    """490 cents, or nothing for an order of 5000 cents net or more, or an empty one."""
    if net == 0 or net >= FREE_SHIPPING_FROM:
        return 0
    return 490


def invoice_total(lines):
    """What an order costs in cents: net lines after joining equal products, tax on each line, and shipping."""
    net = 0
    tax = 0
    for product, quantity in merged(lines):
        amount = line_total(product, quantity)
        net += amount
        tax += percent_of(amount, tax_percent(product))
    return net + tax + shipping(net)


def invoice_text(lines):
    """The invoice as text lines: quantity, product and net amount of each line, then the total."""
    rows = [str(quantity) + " x " + product + ": " + format_cents(line_total(product, quantity))
            for product, quantity in merged(lines)]
    return rows + ["total: " + format_cents(invoice_total(lines))]
'''
_ROTA = '''
## rota/clock.py
def minutes(text):
    """Minutes since midnight of a time like "08:30"."""
    hours, rest = text.split(":")
    return int(hours) * 60 + int(rest)


def as_time(total):
    """The time of day of minutes since midnight, going round at 24 hours: 510 gives "08:30"."""
    return str(total // 60 % 24).zfill(2) + ":" + str(total % 60).zfill(2)

## rota/shift.py
from rota.clock import minutes


def length(shift):
    """The minutes of a (start, end) shift; one that ends at or before its start goes on into the next day."""
    start, end = minutes(shift[0]), minutes(shift[1])
    if end <= start:
        end += 24 * 60
    return end - start


def pause(total):
    """The unpaid pause in minutes: 45 for more than 9 hours, 30 for more than 6 hours, else none."""
    if total > 9 * 60:
        return 45
    if total > 6 * 60:
        return 30
    return 0


def paid(shift):
    """The paid minutes of a shift: its length without its pause."""
    return length(shift) - pause(length(shift))

## rota/pay.py
from rota.clock import minutes
from rota.shift import paid

NIGHT_FROM = "20:00"


def is_night(shift):
    """Whether a shift starts at 20:00 or later, or before 05:00."""
    start = minutes(shift[0])
    return start >= minutes(NIGHT_FROM) or start < 5 * 60


def bonus_percent(shift, sunday):
    """50 percent on Sundays, and <m> percent for night shifts; both add up."""
    percent = 0
    if sunday:
        percent += 50
    if is_night(shift):
        percent += <m>
    return percent


def wage(shift, sunday, per_hour):
    """The wage in cents, bonus included, rounded down."""
    return paid(shift) * per_hour * (100 + bonus_percent(shift, sunday)) // 6000

## rota/week.py
from rota.pay import wage
from rota.shift import paid

OVERTIME_FROM = 38 * 60


def by_person(entries):
    """A dict from each name to its list of (day, start, end); entries are (name, day, start, end)."""
    found = {}
    for name, day, start, end in entries:
        found.setdefault(name, []).append((day, start, end))
    return found


def overtime(shifts):
    """The paid minutes beyond 38 hours of a person's (day, start, end) shifts."""
    total = sum(paid((start, end)) for _, start, end in shifts)
    return max(0, total - OVERTIME_FROM)


def weekly_wage(shifts):
    """The wages of (day, start, end) shifts in cents at 1<k>50 cents an hour; day 7 is Sunday."""
    return sum(wage((start, end), day == 7, 1<k>50) for day, start, end in shifts)

## rota/report.py
from rota.clock import as_time
from rota.shift import paid
from rota.week import by_person, overtime, weekly_wage


def summary(entries):
    """For each name in alphabetical order: (name, wages in cents, minutes of overtime)."""
    people = by_person(entries)
    return [(name, weekly_wage(people[name]), overtime(people[name])) for name in sorted(people)]


def hours_text(entries):
    """A dict from each name to its paid time of the week as text, hours and minutes (below 24 hours) or "24:00+"."""
    people = by_person(entries)
    found = {}
    for name in people:
        total = sum(paid((start, end)) for _, start, end in people[name])
        found[name] = as_time(total) if total < 24 * 60 else "24:00+"
    return found
'''
_SEARCH = '''
## search/text.py
STOP_WORDS = ("the", "a", "of", "and", "in")


def tokens(text):
    """The words of a text in lower case, without punctuation around them, without stop words."""
    words = [word.strip(".,!?").lower() for word in text.split()]
    return [word for word in words if word and word not in STOP_WORDS]


def stem(word):
    """The word without an ending "s", where it has more than <k> letters and does not end with "ss"."""
    if len(word) > <k> and word.endswith("s") and not word.endswith("ss"):
        return word[:-1]
    return word

## search/index.py
from search.text import stem, tokens


def terms(text):
    """The stems of the words of a text, in order."""
    return [stem(word) for word in tokens(text)]


def build_index(documents):
    """A dict from each term to a dict from the numbers of the documents that hold it (from 0) to how often."""
    index = {}
    for number, text in enumerate(documents):
        for term in terms(text):
            places = index.setdefault(term, {})
            places[number] = places.get(number, 0) + 1
    return index

## search/score.py
def rarity(index, term, documents):
    """How rare a term is: the number of documents divided by the number of those with the term, rounded down."""
    if term not in index:
        return 0
    return documents // len(index[term])


def score(index, number, wanted, documents):
    """The sum over the wanted terms of how often the document holds the term (<m> at most) times its rarity."""
    total = 0
    for term in wanted:
        count = index.get(term, {}).get(number, 0)
        total += min(count, <m>) * rarity(index, term, documents)
    return total

## search/query.py
from search.index import terms


def parse_query(query):
    """(wanted terms, excluded terms) of a query: words with a leading "-" are excluded; each term once, in order."""
    wanted = []
    excluded = []
    for word in query.split():
        target = excluded if word.startswith("-") else wanted
        for term in terms(word.lstrip("-")):
            if term not in target:
                target.append(term)
    return wanted, excluded

## search/engine.py
from search.index import build_index
from search.query import parse_query
from search.score import score

PER_PAGE = 3


def matching(index, wanted, excluded):
    """The numbers of documents, ascending, that hold a wanted term and no excluded one."""
    found = set()
    for term in wanted:
        found |= set(index.get(term, {}))
    for term in excluded:
        found -= set(index.get(term, {}))
    return sorted(found)


def ranked(documents, query):
    """(number, score) of the matching documents, best first; of equal scores the lower number first."""
    index = build_index(documents)
    wanted, excluded = parse_query(query)
    scores = [(number, score(index, number, wanted, len(documents))) for number in matching(index, wanted, excluded)]
    return sorted(scores, key=lambda pair: (-pair[1], pair[0]))


def page(documents, query, number):
    """The document numbers on a page of the results; pages hold 3 and are counted from 1."""
    start = (number - 1) * PER_PAGE
    return [found for found, _ in ranked(documents, query)[start:start + PER_PAGE]]
'''
_LEAGUE = '''
## league/match.py
def goals(result):
    """The two numbers of a result like "3:1"."""
    home, away = result.split(":")
    return int(home), int(away)


def points(scored, conceded):
    """The points of a match: <k> for a win, 1 for a draw, 0 for a defeat."""
    if scored > conceded:
        return <k>
    return 1 if scored == conceded else 0

## league/record.py
from league.match import goals, points


def empty():
    """The record of a team that has not played."""
    return {"played": 0, "points": 0, "scored": 0, "conceded": 0, "away": 0}


def add(record, scored, conceded, away):
    """The record after one more match; "away" counts goals scored in matches away from home."""
    return {
        "played": record["played"] + 1,
        "points": record["points"] + points(scored, conceded),
        "scored": record["scored"] + scored,
        "conceded": record["conceded"] + conceded,
        "away": record["away"] + (scored if away else 0),
    }


def records(matches):
    """A dict from each team to its record; matches are (home team, away team, result)."""
    found = {}
    for home, away, result in matches:
        for_home, for_away = goals(result)
        found[home] = add(found.get(home, empty()), for_home, for_away, False)
        found[away] = add(found.get(away, empty()), for_away, for_home, True)
    return found

## league/order.py
def difference(record):
    """Goals scored less goals conceded."""
    return record["scored"] - record["conceded"]


def key(name, record):
    """The sorting key: points, then difference, then goals scored, then away goals (more is better), then the name."""
    return (-record["points"], -difference(record), -record["scored"], -record["away"], name)


def ordered(found):
    """The names of a dict of records, best first."""
    return sorted(found, key=lambda name: key(name, found[name]))

## league/form.py
from league.match import goals, points


def form(matches, team):
    """The last <m> matches of a team, oldest first, as letters: W for a win, D for a draw, L for a defeat."""
    letters = []
    for home, away, result in matches:
        if team in (home, away):
            one, other = goals(result)
            scored, conceded = (one, other) if team == home else (other, one)
            letters.append("W" if points(scored, conceded) > 1 else "D" if scored == conceded else "L")
    return "".join(letters[-<m>:])

## league/table.py
from league.form import form
from league.order import difference, ordered
from league.record import records


def standings(matches):
    """For each team, best first: (place, name, points, goal difference); places count from 1."""
    found = records(matches)
    return [(place, name, found[name]["points"], difference(found[name]))
            for place, name in enumerate(ordered(found), 1)]


def leader_form(matches):
    """(name, form) of the best team, or None without a match."""
    found = records(matches)
    if not found:
        return None
    best = ordered(found)[0]
    return best, form(matches, best)
'''


def _lines(rng: random.Random) -> tuple[Any, ...]:
    products = ("pen", "book", "lamp", "mug", "desk", "sofa")
    return ([(rng.choice(products), rng.choice((1, 2, 4, 5, 6, 9, 10, 12))) for _ in range(rng.randint(0, 4))],)


def _entries(rng: random.Random) -> tuple[Any, ...]:
    starts = ("06:00", "08:30", "14:15", "19:59", "20:00", "22:45", "04:30", "05:00")
    ends = ("05:00", "06:15", "12:00", "14:30", "17:30", "23:00", "18:00")
    return ([
        (rng.choice(("ann", "bo", "cy")), rng.randint(5, 7) if rng.random() < 0.6 else 1, rng.choice(starts),
         rng.choice(ends)) for _ in range(rng.randint(1, 9))
    ],)  # fmt: skip


_WORDS = "the The cats cat glass boss bus dogs of dog, and river rivers. a Tree trees! in gas is cats"


def _text(rng: random.Random, number: int) -> str:
    return " ".join(rng.choices(_WORDS.split(), k=number))


def _query(rng: random.Random) -> tuple[Any, ...]:
    documents = [_text(rng, rng.randint(2, 9)) for _ in range(rng.randint(2, 7))]
    query = " ".join(rng.choice(("", "", "", "-")) + _text(rng, 1) for _ in range(rng.randint(1, 3)))
    return documents, query


def _page(rng: random.Random) -> tuple[Any, ...]:
    return (*_query(rng), rng.randint(1, 2))


def _matches(rng: random.Random) -> tuple[Any, ...]:
    teams = ("Ajax", "Bern", "Como", "Derby")
    pairs = [rng.sample(teams, 2) for _ in range(rng.randint(0, 8))]
    return ([(home, away, f"{rng.randint(0, 3)}:{rng.randint(0, 3)}") for home, away in pairs],)


@dataclass(frozen=True, slots=True)
class Entry:
    """A function at the top: where it stands, and how its arguments are drawn."""

    module: str
    name: str
    draw: Callable[[random.Random], tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Repository:
    """Files in the order in which they need each other, and the functions that tests call."""

    files: Mapping[str, str]
    entries: tuple[Entry, ...]


def _read(text: str, *entries: Entry) -> Repository:
    files = {}
    for part in f"\n{text.strip()}\n".split("\n## ")[1:]:
        path, _, source = part.partition("\n")
        files[path] = source.strip() + "\n"
    return Repository(files, entries)


@cache
def repositories() -> tuple[Repository, ...]:
    """All of them."""
    return (
        _read(
            _SHOP,
            Entry("shop.invoice", "invoice_total", _lines),
            Entry("shop.invoice", "invoice_text", _lines),
        ),
        _read(_ROTA, Entry("rota.report", "summary", _entries), Entry("rota.report", "hours_text", _entries)),
        _read(_SEARCH, Entry("search.engine", "ranked", _query), Entry("search.engine", "page", _page)),
        _read(_LEAGUE, Entry("league.table", "standings", _matches), Entry("league.table", "leader_form", _matches)),
    )
