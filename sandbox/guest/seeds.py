"""Seeds the global random generators of a session's process: Python's now, NumPy's when it is there."""

from __future__ import annotations

import hashlib
import random
import sys
from importlib.machinery import PathFinder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

NUMPY = "numpy.random"
"""The package imports it late, in the cell that first uses it."""


class Seeds:
    """A finder for `sys.meta_path` that seeds NumPy's generator once it is imported."""

    def __init__(self) -> None:
        self._numpy = 0

    def sow(self, seed: int | str) -> None:
        """Start all generators anew."""
        random.seed(seed)
        self._numpy = number(seed)
        if (module := sys.modules.get(NUMPY)) is not None:
            module.seed(self._numpy)
        elif self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find the one module, with a loader that seeds it."""
        if name != NUMPY:
            return None
        sys.meta_path.remove(self)
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def load_and_seed(module: ModuleType) -> None:
                load(module)
                module.seed(self._numpy)

            spec.loader.exec_module = load_and_seed  # type: ignore[method-assign]
        return spec


def number(seed: int | str) -> int:
    """A seed of 32 bits; that of an integer is itself, as far as it goes."""
    if isinstance(seed, int):
        return seed % (1 << 32)
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:4], "big")
