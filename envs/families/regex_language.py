"""Random regular languages that can be described in words, with members and near misses of each.

A language is a sequence of parts. Its own pattern decides what belongs to it; members are drawn part by part, with the
shortest and the longest of each among them, and near misses are members with one thing wrong.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["CLASSES", "Language", "Part", "draw_language"]

LOWER = "abcdefghijklmnopqrstuvwxyz"
CLASSES: dict[str, tuple[str, str, str]] = {
    "digits": ("decimal digits (0-9)", "[0-9]", "0123456789"),
    "lower": ("lower-case letters (a-z)", "[a-z]", LOWER),
    "upper": ("upper-case letters (A-Z)", "[A-Z]", LOWER.upper()),
    "hex": ("hexadecimal digits (0-9 and a-f)", "[0-9a-f]", "0123456789abcdef"),
    "vowels": ("lower-case vowels (a, e, i, o, u)", "[aeiou]", "aeiou"),
    "binary": ("binary digits (0 and 1)", "[01]", "01"),
}
"""What a part of characters may be made of: in words, as a pattern, all of them."""
SIGNS = "-_:/#@=+.~"
WORDS = ("red", "blue", "up", "down", "north", "EU", "US", "tmp", "log", "v1", "beta", "foo", "Mon", "Sat", "no", "yes")
STRANGE = "?!*%"


@dataclass(frozen=True, slots=True)
class Part:
    """One part: `low` to `high` characters of a class, one of some words, a fixed sign, or what part `same` was."""

    kind: str
    low: int = 1
    high: int = 1
    words: tuple[str, ...] = ()
    same: int = -1
    optional: bool = False

    def says(self) -> str:
        """The part in words."""
        if self.kind == "same":
            text = f"exactly the same text as part {self.same + 1}"
        elif self.kind == "words":
            text = f"{'one of the words' if len(self.words) > 1 else 'the text'} {', '.join(self.words)}"
        else:
            count = str(self.low) if self.low == self.high else f"{self.low} to {self.high}"
            text = f"{count} {CLASSES[self.kind][0]}"
        return f"optionally (that is, it may be missing) {text}" if self.optional else text

    def pattern(self, number: int) -> str:
        """The part as a pattern whose group is called `p` and its number."""
        if self.kind == "same":
            return f"(?P=p{self.same})"
        if self.kind == "words":
            inner = "|".join(map(re.escape, self.words))
        else:
            inner = f"{CLASSES[self.kind][1]}{{{self.low},{self.high}}}"
        return f"(?P<p{number}>{inner}){'?' if self.optional else ''}"

    def draw(self, rng: random.Random, length: int | None = None) -> str:
        """A text of the part, of this many characters where it is made of characters."""
        if self.kind == "words":
            return rng.choice(self.words)
        count = rng.randint(self.low, self.high) if length is None else length
        return "".join(rng.choices(CLASSES[self.kind][2], k=count))


@dataclass(frozen=True, slots=True)
class Language:
    """A sequence of parts."""

    parts: tuple[Part, ...]

    def pattern(self) -> str:
        """The pattern of the whole language."""
        return "".join(part.pattern(number) for number, part in enumerate(self.parts))

    def says(self) -> list[str]:
        """Each part in words."""
        return [part.says() for part in self.parts]

    def holds(self, text: str) -> bool:
        """Whether the text belongs to it."""
        return re.fullmatch(self.pattern(), text) is not None

    def members(self, rng: random.Random) -> Iterator[str]:
        """Members without end; first each part at its shortest and longest, each of its words, absent where it may."""
        for number, part in enumerate(self.parts):
            for text in _extremes(rng, part):
                yield "".join(self._texts(rng, {number: text}))
        while True:
            yield "".join(self._texts(rng, {}))

    def misses(self, rng: random.Random) -> Iterator[str]:
        """Near misses without end; every part is wrong in turn. What happens to belong is left out."""
        while True:
            for number in range(len(self.parts)):
                for text in self._wrong(rng, number):
                    if text and not self.holds(text):
                        yield text

    def _texts(self, rng: random.Random, fixed: dict[int, str]) -> list[str]:
        texts: list[str] = []
        for number, part in enumerate(self.parts):
            if part.kind == "same":
                texts.append(texts[part.same])
            elif number in fixed:
                texts.append(fixed[number])
            else:
                texts.append("" if part.optional and rng.random() < 0.4 else part.draw(rng))
        return texts

    def _wrong(self, rng: random.Random, number: int) -> Iterator[str]:
        """Members with part `number` too short, too long, of other characters, missing, doubled or moved."""
        part = self.parts[number]
        texts = self._texts(rng, {})
        before, after = "".join(texts[:number]), "".join(texts[number + 1 :])
        if part.kind in CLASSES:
            wrong = (part.draw(rng, part.low - 1), part.draw(rng, part.high + 1), _spoiled(rng, part.draw(rng)))
            for text in wrong:
                yield "".join(self._texts(rng, {number: text}))
        elif part.kind == "same":
            yield before + self.parts[part.same].draw(rng) + after
        else:
            others = [word for word in WORDS if word not in part.words]
            yield before + (rng.choice(SIGNS) if len(part.words[0]) == 1 else rng.choice(others)) + after
        yield before + after
        yield before + texts[number] * 2 + after
        yield rng.choice((before + texts[number] + after + rng.choice(STRANGE), after + texts[number] + before))


def _extremes(rng: random.Random, part: Part) -> Iterator[str]:
    if part.kind in CLASSES:
        yield part.draw(rng, part.low)
        yield part.draw(rng, part.high)
    yield from part.words
    if part.optional:
        yield ""


def _spoiled(rng: random.Random, text: str) -> str:
    """The text with one character of another kind: a digit for a letter, a letter of the other case."""
    at = rng.randrange(len(text)) if text else 0
    other = rng.choice([text[at : at + 1].swapcase() or "?", rng.choice("gkz"), rng.choice("0279"), rng.choice("GKZ")])
    return text[:at] + other + text[at + 1 :]


def draw_language(rng: random.Random, parts: int, rich: bool) -> Language:
    """A random language of so many parts between signs; a rich one may repeat or leave out a part."""
    found: list[Part] = []
    for number in range(parts):
        if number:
            found.append(Part("words", words=(rng.choice(SIGNS),)))
        found.append(_draw_part(rng, found, rich))
    return Language(tuple(found))


def _draw_part(rng: random.Random, before: list[Part], rich: bool) -> Part:
    repeatable = [n for n, part in enumerate(before) if part.kind in CLASSES and not part.optional and part.low > 1]
    if rich and repeatable and rng.random() < 0.3:
        return Part("same", same=rng.choice(repeatable))
    optional = rich and bool(before) and rng.random() < 0.25
    if rng.random() < 0.25:
        return Part("words", words=tuple(rng.sample(WORDS, rng.randint(2, 4))), optional=optional)
    low = rng.randint(1, 3)
    return Part(rng.choice(tuple(CLASSES)), low, low + rng.randint(0, 3), optional=optional)
