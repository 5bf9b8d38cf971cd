"""Packages whose public names are imported when they are first used: a leaf module, standard library only.

A package says where its names live and takes the two functions that Python looks for (PEP 562):

    __getattr__, __dir__ = lazy_names(__name__, {"rollout": ("rollout", "rollout_many")})

The imports that static tools read stand beside it under `TYPE_CHECKING`, and `__all__` as a plain list.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

__all__ = ["lazy_names"]


def lazy_names(
    package: str, homes: Mapping[str, Sequence[str]], modules: Sequence[str] = ()
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The `__getattr__` and `__dir__` of a package.

    Args:
        package: its dotted name.
        homes: the names that each of its modules (dotted, relative to the package) provides.
        modules: modules of the package that are public names themselves.
    """
    home_of = {name: home for home, names in homes.items() for name in names}

    def getattr_(name: str) -> Any:
        if name in modules:
            return importlib.import_module(f"{package}.{name}")
        if name not in home_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}; it has {', '.join(dir_())}")
        found = getattr(importlib.import_module(f"{package}.{home_of[name]}"), name)
        setattr(sys.modules[package], name, found)  # a module of the same name, imported on the way, must not hide it
        return found

    def dir_() -> list[str]:
        return sorted([*modules, *home_of])

    return getattr_, dir_
