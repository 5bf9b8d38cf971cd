"""File trees for `assay/Shell-v0`: how they are drawn, shown, and told apart."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Tree", "difference", "draw_tree", "listing"]

EXTENSIONS = ("txt", "log", "md", "csv", "sh", "tmp")
_STEMS = (
    "alpha bravo delta echo hotel india kilo lima mike oscar papa quebec romeo sierra tango uniform victor whiskey "
    "xray yankee zulu amber birch cedar dune"
)
_FOLDERS = "docs data logs src old work notes"
_WORDS = "error ok warn start stop apple pear plum green red blue north south"
PLAIN, EXECUTABLE = 0o644, 0o755


@dataclass(slots=True)
class Tree:
    """Files by path, each with its text; their modes where they matter; all folders, those of the files included."""

    files: dict[str, str]
    modes: dict[str, int]
    folders: set[str]

    def copy(self) -> Tree:
        """An independent copy."""
        return Tree(dict(self.files), dict(self.modes), set(self.folders))

    def move(self, old: str, new: str) -> None:
        """Rename a file, making the folders above its new place."""
        self.files[new] = self.files.pop(old)
        if old in self.modes:
            self.modes[new] = self.modes.pop(old)
        self.add_folders(new)

    def write(self, path: str, text: str) -> None:
        """Give a file a new text; its mode no longer matters where it is a new one."""
        if path not in self.files:
            self.add_folders(path)
        self.files[path] = text

    def remove(self, path: str) -> None:
        """Delete a file."""
        self.files.pop(path)
        self.modes.pop(path, None)

    def add_folders(self, path: str) -> None:
        """Add the folders above a path."""
        parts = path.split("/")[:-1]
        self.folders |= {"/".join(parts[: i + 1]) for i in range(len(parts))}


def draw_tree(rng: random.Random, files: int, folders: int, odd: bool) -> Tree:
    """A random tree; with `odd`, some names hold spaces or start with a dot. No two files have the same base name."""
    names = _folders(rng, folders)
    tree = Tree({}, {}, set())
    for number, stem in enumerate(rng.sample(_STEMS.split(), files)):
        extension = EXTENSIONS[number % len(EXTENSIONS)] if number < len(EXTENSIONS) else rng.choice(EXTENSIONS)
        if odd and rng.random() < 0.3:
            stem = rng.choice((f"{stem} {rng.randint(1, 9)}", f".{stem}", f"{stem} copy"))
        folder = rng.choice(("", *names))
        path = f"{folder}/{stem}.{extension}" if folder else f"{stem}.{extension}"
        tree.write(path, _text(rng, extension))
        tree.modes[path] = EXECUTABLE if rng.random() < 0.25 else PLAIN
    for name in names:
        tree.add_folders(f"{name}/x")
    return tree


def _folders(rng: random.Random, number: int) -> list[str]:
    names: list[str] = []
    for name in rng.sample(_FOLDERS.split(), number):
        names.append(f"{rng.choice(names)}/{name}" if names and rng.random() < 0.4 else name)
    return names


def _text(rng: random.Random, extension: str) -> str:
    words = _WORDS.split()
    if extension == "csv":
        rows = [f"{rng.choice(words)},{rng.randint(1, 99)},{rng.choice(words)}" for _ in range(rng.randint(1, 5))]
        return "".join(f"{row}\n" for row in rows)
    if extension in ("tmp", "md") and rng.random() < 0.4:
        return ""
    lines = [" ".join(rng.choices(words, k=rng.randint(1, 4))) for _ in range(rng.randint(1, 6))]
    return "".join(f"{line}\n" for line in lines)


def listing(tree: Tree) -> str:
    """The tree as the prompt shows it: folders, and files with their permissions and text."""
    lines = [f"{folder}/" for folder in sorted(tree.folders)]
    for path, text in sorted(tree.files.items()):
        body = "".join(f"    {line}\n" for line in text.splitlines()) or "    (empty)\n"
        lines.append(f"{path} ({tree.modes[path]:o})\n{body}".rstrip("\n"))
    return "\n".join(lines)


def difference(found: Tree, expected: Tree, modes: Mapping[str, int]) -> str:
    """What is wrong about a final tree, in words; "" where nothing is. `modes` are those that count."""
    if missing := expected.files.keys() - found.files.keys():
        return f"{len(missing)} files are missing"
    if extra := found.files.keys() - expected.files.keys():
        return f"{len(extra)} files should not be there"
    if wrong := [path for path in expected.files if found.files[path] != expected.files[path]]:
        return f"{len(wrong)} files have the wrong content"
    if found.folders != expected.folders:
        return "the folders are not those expected"
    if wrong := [path for path, mode in modes.items() if found.modes.get(path) != mode]:
        return f"{len(wrong)} files have the wrong permissions"
    return ""
