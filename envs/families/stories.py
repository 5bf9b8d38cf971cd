"""What the word problems tell of: a table of scenarios, each an opening quantity and things that happen to it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ASIDES", "KINDS", "NAMES", "SCENARIOS", "Event", "Kind", "Range", "Scenario"]

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Kind:
    """A measure with a large and a small unit; `per` small ones make a large one."""

    large: str
    small: str
    per: int


KINDS = {
    "money": Kind("dollars", "cents", 100),
    "length": Kind("metres", "centimetres", 100),
    "time": Kind("hours", "minutes", 60),
    "mass": Kind("kilograms", "grams", 1000),
    "volume": Kind("litres", "millilitres", 1000),
}


@dataclass(frozen=True, slots=True)
class Event:
    """One sentence and what it does to the running quantity.

    The operand is the count, the amount (measured in the scenario's kind), or their product where both are given.
    """

    text: str
    sign: str
    """`+ - * /`, or `=` for an opening."""
    count: Range | None = None
    amount: Range | None = None
    """In large units."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A kind of story. `kind` measures the amounts; the running quantity is in `unit`, by default the kind's."""

    opening: Event
    events: tuple[Event, ...]
    question: str
    """`{unit}` is where the unit asked for goes."""
    kind: str = ""
    unit: str = ""
    things: tuple[str, ...] = ("",)
    asides: tuple[str, ...] = ()


_NAMES = (
    "Ada Amir Bela Carlos Chen Dana Elif Farah Goran Hana Ines Ivan Jonas Kofi Lena Malik Mira Nadia Omar Priya Rosa "
    "Samir Tara Uma Viktor Wanda Yusuf Zoe"
)
NAMES = tuple(_NAMES.split())
ASIDES = (
    "The bus {who} took that morning was {k} minutes late.",
    "{other} is {k} years old.",
    "It was {k} degrees outside.",
    "{who} lives at number {k} in a quiet street.",
    "The radio played {k} songs in the meantime.",
    "A neighbour counted {k} pigeons on the roof.",
)
SCENARIOS = (
    Scenario(
        Event("{who} has {count} {thing}.", "=", count=(8, 60)),
        (
            Event("{other} gives {who} {count} more.", "+", count=(3, 40)),
            Event("{who} finds {count} boxes with 6 {thing} each.", "+", count=(2, 9)),
            Event("{who} gives {count} of the {thing} away.", "-", count=(2, 30)),
            Event("After a lucky day {who} has {count} times as many {thing} as before.", "*", count=(2, 4)),
            Event("{who} sorts all the {thing} into {count} equal heaps and keeps only one heap.", "/", count=(2, 6)),
        ),
        "How many {thing} does {who} have now?",
        things=("marbles", "stickers", "stamps", "cards", "seashells", "buttons"),
        asides=("{other} has {k} {thing} at home.", "The oldest of the {thing} is {k} years old."),
    ),
    Scenario(
        Event("{who} goes to the market with {amount}.", "=", amount=(40, 200)),
        (
            Event("{who} buys {count} {thing} at {amount} each.", "-", count=(2, 9), amount=(1, 8)),
            Event("{who} pays {amount} for a basket.", "-", amount=(2, 15)),
            Event("{other} pays back {amount}.", "+", amount=(3, 30)),
            Event("{who} sells {count} jars of honey at {amount} each.", "+", count=(2, 8), amount=(3, 9)),
            Event("{who} splits the money equally between {count} people and keeps one part.", "/", count=(2, 4)),
        ),
        "How many {unit} does {who} have left?",
        kind="money",
        things=("apples", "melons", "notebooks", "candles", "loaves of bread", "pots of basil"),
        asides=("The stall next door sells tomatoes at {k} dollars a crate.", "{k} people wait at the till."),
    ),
    Scenario(
        Event("{who} works as a {thing} and has earned {amount} this week.", "=", amount=(50, 300)),
        (
            Event("For {count} hours of overtime {who} gets {amount} an hour.", "+", (2, 12), (9, 30)),
            Event("{who} receives a bonus of {amount}.", "+", amount=(10, 90)),
            Event("{who} spends {amount} on travel.", "-", amount=(4, 40)),
            Event("On {count} days {who} pays {amount} for lunch.", "-", (2, 5), (4, 12)),
            Event("A good month follows, and {who} now has {count} times that sum.", "*", count=(2, 4)),
        ),
        "How many {unit} does {who} have in the end?",
        kind="money",
        things=("baker", "gardener", "driver", "painter", "tutor"),
        asides=("The firm has {k} employees.", "{other} earned {k} dollars in the same week."),
    ),
    Scenario(
        Event("{who} has a {thing} of {amount}.", "=", amount=(20, 90)),
        (
            Event("{who} cuts off {count} pieces of {amount} each.", "-", count=(2, 8), amount=(1, 5)),
            Event("A piece of {amount} turns out to be damaged and is thrown away.", "-", amount=(1, 9)),
            Event("{who} ties on another {amount}.", "+", amount=(2, 20)),
            Event("{who} joins on {count} leftovers of {amount} each.", "+", (2, 6), (1, 4)),
            Event("{who} cuts all that is left into {count} equal parts and keeps one of them.", "/", count=(2, 5)),
        ),
        "How many {unit} long is what {who} has now?",
        kind="length",
        things=("ribbon", "rope", "cable", "garden hose", "strip of cloth"),
        asides=("It weighs about {k} kilograms.", "The workshop is {k} metres wide."),
    ),
    Scenario(
        Event("{who} has already spent {amount} on {thing}.", "=", amount=(2, 12)),
        (
            Event("On each of the next {count} days {who} spends {amount} more on it.", "+", (2, 7), (1, 3)),
            Event("At the weekend {who} adds {amount}.", "+", amount=(1, 6)),
            Event("{other} shows that {amount} of this time was not needed and is struck off.", "-", amount=(1, 4)),
            Event("Doing it all {count} times over takes that many times as long, and {who} does.", "*", count=(2, 4)),
        ),
        "How many {unit} does {thing} take {who} in all?",
        kind="time",
        things=("a school project", "learning a song", "painting a fence", "a model ship", "writing a report"),
        asides=("{other} drank {k} cups of tea meanwhile.", "The room has {k} lamps."),
    ),
    Scenario(
        Event("{who} has {amount} of {thing} in the pantry.", "=", amount=(5, 40)),
        (
            Event("{who} bakes {count} cakes that take {amount} each.", "-", count=(2, 6), amount=(1, 3)),
            Event("{who} lends {amount} to {other}.", "-", amount=(1, 6)),
            Event("{who} buys {count} bags of {amount} each.", "+", count=(2, 6), amount=(1, 5)),
            Event("{other} brings {amount} more.", "+", amount=(1, 8)),
            Event("{who} divides it all into {count} equal tins and keeps one tin.", "/", count=(2, 5)),
        ),
        "How many {unit} of {thing} does {who} have then?",
        kind="mass",
        things=("flour", "sugar", "rice", "oats", "lentils"),
        asides=("The oven was set to {k} degrees.", "The recipe book has {k} pages."),
    ),
    Scenario(
        Event("A {thing} holds {amount} of water.", "=", amount=(20, 120)),
        (
            Event("A tap runs for {count} minutes and adds {amount} a minute.", "+", (2, 12), (1, 6)),
            Event("{who} pours in {amount}.", "+", amount=(2, 15)),
            Event("{who} takes out {count} buckets of {amount} each.", "-", count=(2, 6), amount=(1, 9)),
            Event("{amount} leak away overnight.", "-", amount=(1, 6)),
            Event("{who} fills all the water into {count} equal cans and keeps one can.", "/", count=(2, 5)),
        ),
        "How many {unit} of water are left there in the end?",
        kind="volume",
        things=("tank", "barrel", "pond", "paddling pool"),
        asides=("It stands {k} steps from the house.", "{who} bought it for {k} dollars."),
    ),
    Scenario(
        Event("{who} sets out by {thing} and covers {count} kilometres before breakfast.", "=", count=(4, 40)),
        (
            Event("Then {who} goes on at {count} kilometres an hour for {amount}.", "+", (20, 80), (1, 3)),
            Event("After a rest come another {count} kilometres.", "+", count=(3, 30)),
            Event("By mistake {who} goes {count} kilometres back towards the start.", "-", count=(2, 12)),
            Event("A map shows that the goal is {count} times as far as that from the start.", "*", count=(2, 3)),
        ),
        "How many kilometres from the start is the last place named?",
        kind="time",
        unit="kilometres",
        things=("bicycle", "car", "train", "moped"),
        asides=("{who} stopped for {k} photographs.", "{other} paid {k} dollars for the map."),
    ),
    Scenario(
        Event("{who} has {count} pages of a {thing} still to read.", "=", count=(120, 400)),
        (
            Event("On {count} evenings {who} reads for {amount}, 20 pages an hour.", "-", (2, 5), (1, 3)),
            Event("{who} skips a chapter of {count} pages.", "-", count=(6, 30)),
            Event("{who} decides to read {count} pages again.", "+", count=(4, 25)),
            Event("{other} adds {count} letters of 4 pages each to the pile.", "+", count=(2, 9)),
        ),
        "How many pages does {who} still have to read?",
        kind="time",
        unit="pages",
        things=("novel", "biography", "travel book", "history of the town"),
        asides=("The book cost {k} dollars.", "{other} read it {k} years ago."),
    ),
    Scenario(
        Event("{who} keeps {count} {thing}.", "=", count=(10, 60)),
        (
            Event("In spring {count} young ones are born.", "+", count=(3, 25)),
            Event("{who} buys {count} pens with 8 {thing} in each.", "+", count=(2, 6)),
            Event("{who} sells {count} of them to {other}.", "-", count=(2, 25)),
            Event("Over the years the number grows to {count} times what it was.", "*", count=(2, 4)),
            Event("{who} divides them equally among {count} fields and looks at one field.", "/", count=(2, 6)),
        ),
        "How many {thing} does {who} count there now?",
        things=("sheep", "goats", "hens", "ducks", "rabbits"),
        asides=("The farm is {k} years old.", "The barn is {k} metres long."),
    ),
)
