"""Changes of a recipe by text: `loss.high=0.28`, `kl.weight=0.01`, `advantage=leave_one_out`, `correction=none`.

A path is a slot, or a slot or a part with one of its fields. Parts of the slots that hold several (shaping, filters,
regularisers) are called by their own names; naming one that the recipe does not have adds it.
"""

from __future__ import annotations

import math
import types
from dataclasses import fields, replace
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from assaygym.agents.parts.base import SLOTS, Part
from assaygym.agents.parts.registry import PARTS, part_class
from assaygym.agents.recipes.recipe import Recipe
from assaygym.errors import ConfigError, did_you_mean

__all__ = ["changed", "names_a_part"]

SEVERAL = ("shaping", "filters", "regularisers")
OPTIONAL = (*SEVERAL, "correction")
SLOT_OF = {name: slot for slot, parts in PARTS.items() for name in parts}
WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
NOTHING = ("none", "null")


def names_a_part(path: str) -> bool:
    """Whether `path` is one that `changed` takes, judged by what stands before its dot: a slot or a part."""
    return path.partition(".")[0] in {*SLOTS, *SLOT_OF}


def changed(recipe: Recipe, path: str, value: Any) -> Recipe:
    """The recipe with one thing changed.

    Args:
        recipe: stays as it is.
        path: `SLOT`, `SLOT.FIELD` or `PART.FIELD`.
        value: for a slot the name of a part, which then has its defaults (several joined by `+` where the slot holds
            several), or `none`; for a field a value of its type, or the text of one.

    Raises:
        ConfigError: no such slot, part or field, or the value does not fit; the sentence names what would.
    """
    head, dot, field = path.partition(".")
    if not dot and head in SLOTS:
        return _with(recipe, head, _named(head, value))
    if not dot:
        hint = f"; give a field, as in {head}.FIELD=VALUE" if head in SLOT_OF else f"; {did_you_mean(head, SLOTS)}"
        raise ConfigError(f"{path!r} is no slot of a recipe{hint}")
    if head in SLOTS and head not in SEVERAL:
        part = getattr(recipe, head)
        if part is None:
            raise ConfigError(f"{recipe.name} has no {head} to set {field!r} of; give one first, as in {head}=NAME")
        return _with(recipe, head, _set(part, field, value))
    if head not in SLOT_OF:
        raise ConfigError(f"{path!r} names no slot and no part; {did_you_mean(head, [*SLOTS, *SLOT_OF])}")
    return _of_part(recipe, head, field, value)


def _of_part(recipe: Recipe, name: str, field: str, value: Any) -> Recipe:
    """With a field of the part of this name changed."""
    slot = SLOT_OF[name]
    if slot not in SEVERAL:
        own: Part | None = getattr(recipe, slot)
        if own is None:
            return _with(recipe, slot, _made(part_class(slot, name), field, value))
        if own.name != name:
            raise ConfigError(f"the {slot} of {recipe.name} is {own.name}, not {name}; give {slot}={name} first")
        return _with(recipe, slot, _set(own, field, value))
    held = getattr(recipe, slot)
    if all(part.name != name for part in held):
        return _with(recipe, slot, (*held, _made(part_class(slot, name), field, value)))
    return _with(recipe, slot, tuple(_set(part, field, value) if part.name == name else part for part in held))


def _with(recipe: Recipe, slot: str, parts: Any) -> Recipe:
    return replace(recipe, **{slot: parts})


def _named(slot: str, value: Any) -> Any:
    """What a slot holds: a part, several, or nothing."""
    text = NOTHING[0] if value is None else str(value).strip()
    if slot in OPTIONAL and text in NOTHING:
        return () if slot in SEVERAL else None
    if slot not in SEVERAL:
        return part_class(slot, text)()
    names = [name.strip() for name in text.split("+")]
    if len(set(names)) < len(names):
        raise ConfigError(f"{slot} is {text!r}; expected each part once")
    return tuple(part_class(slot, name)() for name in names)


def _set(part: Part, field: str, value: Any) -> Part:
    return replace(part, **{field: _fitting(type(part), field, value)})


def _made(kind: type[Part], field: str, value: Any) -> Part:
    return kind(**{field: _fitting(kind, field, value)})


def _fitting(kind: type[Part], field: str, value: Any) -> Any:
    """The value as the field's type.

    Raises:
        ConfigError: there is no such field, or the value is not of its type.
    """
    names = [known.name for known in fields(kind)]
    if field not in names:
        raise ConfigError(f"{kind.name} has no field {field!r}; {did_you_mean(field, names)}")
    hint = get_type_hints(kind)[field]
    try:
        return _typed(hint, value.strip() if isinstance(value, str) else value)
    except ValueError:
        raise ConfigError(f"{kind.name}.{field} is {value!r}; expected {_told(hint)}") from None


def _typed(hint: Any, value: Any) -> Any:
    """`value`, or what its text says, as this type; ValueError where it is none."""
    if get_origin(hint) in (Union, types.UnionType):
        return _one_of(get_args(hint), value)
    if get_origin(hint) is Literal:
        return _require(value, value in get_args(hint))
    if get_origin(hint) is tuple:
        items = value.strip("()[]").split(",") if isinstance(value, str) else value
        _require(items, isinstance(items, (list, tuple)))
        return tuple(_typed(get_args(hint)[0], item.strip() if isinstance(item, str) else item) for item in items)
    if hint is bool:
        said = WORDS.get(value.lower()) if isinstance(value, str) else value
        return _require(said, isinstance(said, bool))
    if hint is str:
        return _require(value, isinstance(value, str))
    return _number(hint, value)


def _one_of(hints: tuple[Any, ...], value: Any) -> Any:
    """The first type that fits, nothing before all others."""
    if types.NoneType in hints and (value is None or (isinstance(value, str) and value.lower() in NOTHING)):
        return None
    for hint in hints:
        if hint is not types.NoneType:
            try:
                return _typed(hint, value)
            except ValueError:
                continue
    raise ValueError


def _number(hint: Any, value: Any) -> Any:
    """An int or a float; a whole number is a float, a truth value is neither."""
    if not isinstance(value, str):
        kinds = (int, float) if hint is float else (int,)
        _require(value, isinstance(value, kinds) and not isinstance(value, bool))
    number = hint(value)
    return _require(number, math.isfinite(number))


def _require(value: Any, holds: bool) -> Any:
    if not holds:
        raise ValueError
    return value


def _told(hint: Any) -> str:
    """The type in words."""
    if hint is types.NoneType:
        return "none"
    if get_origin(hint) is Literal:
        return " or ".join(map(str, get_args(hint)))
    if get_origin(hint) in (Union, types.UnionType):
        return " or ".join(map(_told, get_args(hint)))
    if get_origin(hint) is tuple:
        return f"{_told(get_args(hint)[0])}s with commas between them"
    return {bool: "true or false", int: "a whole number", float: "a number", str: "text"}[hint]
