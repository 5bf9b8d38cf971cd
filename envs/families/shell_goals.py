"""The steps of `assay/Shell-v0`: what each says, does to a tree, and how bash does it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from assaygym.envs.families.shell_trees import EXECUTABLE, EXTENSIONS, Tree

__all__ = ["GOALS", "Step", "draw_goal"]

WORDS = ("error", "ok", "apple", "green", "stop", "north")


@dataclass(frozen=True, slots=True)
class Step:
    """`words` is an order, `script` carries it out; `change` does the same to a `Tree`, in place."""

    words: str
    script: str
    change: Callable[[Tree], None]


def _base(path: str) -> str:
    return path.rpartition("/")[2]


def _with(tree: Tree, extension: str) -> list[str]:
    return sorted(path for path in tree.files if path.endswith(f".{extension}"))


def _find(extension: str) -> str:
    return f"find . -type f -name '*.{extension}' -print0"


def _each(extension: str, body: str) -> str:
    return f"{_find(extension)} | while IFS= read -r -d '' f; do {body}; done"


def _move_all(rng: random.Random) -> Step:
    extension, folder = rng.choice(EXTENSIONS), rng.choice(("archive", "collected", "moved"))

    def change(tree: Tree) -> None:
        tree.add_folders(f"{folder}/x")
        for path in _with(tree, extension):
            tree.move(path, f"{folder}/{_base(path)}")

    return Step(
        f"move every .{extension} file, wherever it is, into the folder {folder} at the top (make it, even if there is "
        "no such file)",
        f"mkdir -p {folder}\n"
        f"find . -path ./{folder} -prune -o -type f -name '*.{extension}' -exec mv {{}} {folder}/ \\;",
        change,
    )


def _delete_all(rng: random.Random) -> Step:
    extension = rng.choice(EXTENSIONS)

    def change(tree: Tree) -> None:
        for path in _with(tree, extension):
            tree.remove(path)

    return Step(f"delete every .{extension} file", f"find . -type f -name '*.{extension}' -delete", change)


def _delete_empty(rng: random.Random) -> Step:
    def change(tree: Tree) -> None:
        for path in [path for path, text in tree.files.items() if not text]:
            tree.remove(path)

    return Step("delete every empty file", "find . -type f -empty -delete", change)


def _delete_holding(rng: random.Random) -> Step:
    word = rng.choice(WORDS)

    def change(tree: Tree) -> None:
        for path in [path for path, text in tree.files.items() if word in text]:
            tree.remove(path)

    return Step(
        f"delete every file whose content holds the text {word}",
        f"grep -rlZ -F {word} . | xargs -0 -r rm -f --",
        change,
    )


def _extension(rng: random.Random) -> Step:
    old, new = rng.sample(EXTENSIONS, 2)
    new = f"{new}x"

    def change(tree: Tree) -> None:
        for path in _with(tree, old):
            tree.move(path, path[: -len(old)] + new)

    return Step(
        f"rename every .{old} file so that it ends with .{new} instead, in the folder where it is",
        _each(old, f'mv -- "$f" "${{f%.{old}}}.{new}"'),
        change,
    )


def _prefix(rng: random.Random) -> Step:
    extension, prefix = rng.choice(EXTENSIONS), rng.choice(("old-", "new-", "x_"))

    def change(tree: Tree) -> None:
        for path in _with(tree, extension):
            folder = path[: -len(_base(path))]
            tree.move(path, f"{folder}{prefix}{_base(path)}")

    return Step(
        f"put {prefix} before the name of every .{extension} file, in the folder where it is",
        _each(extension, f'mv -- "$f" "${{f%/*}}/{prefix}${{f##*/}}"'),
        change,
    )


def _replace(rng: random.Random) -> Step:
    extension = rng.choice(("txt", "log", "md", "csv"))
    old, new = rng.choice(WORDS), rng.choice(("DONE", "xyz", "Q7"))

    def change(tree: Tree) -> None:
        for path in _with(tree, extension):
            tree.write(path, tree.files[path].replace(old, new))

    return Step(
        f"replace every occurrence of {old} in the content of the .{extension} files by {new}",
        f"{_find(extension)} | xargs -0 -r sed -i 's/{old}/{new}/g'",
        change,
    )


def _drop_lines(rng: random.Random) -> Step:
    extension, word = rng.choice(("txt", "log")), rng.choice(WORDS)

    def change(tree: Tree) -> None:
        for path in _with(tree, extension):
            lines = tree.files[path].splitlines(keepends=True)
            tree.write(path, "".join(line for line in lines if word not in line))

    return Step(
        f"remove from the .{extension} files every line that holds {word}",
        f"{_find(extension)} | xargs -0 -r sed -i '/{word}/d'",
        change,
    )


def _keep_first(rng: random.Random) -> Step:
    extension, number = rng.choice(("txt", "log", "csv")), rng.randint(1, 3)

    def change(tree: Tree) -> None:
        for path in _with(tree, extension):
            tree.write(path, "".join(tree.files[path].splitlines(keepends=True)[:number]))

    lines = "line" if number == 1 else f"{number} lines"
    return Step(
        f"cut every .{extension} file down to its first {lines}",
        f"{_find(extension)} | xargs -0 -r -n 1 sed -i '{number}q'",
        change,
    )


def _count_lines(rng: random.Random) -> Step:
    extension, word, report = rng.choice(("txt", "log")), rng.choice(WORDS), rng.choice(("count.out", "report.out"))

    def change(tree: Tree) -> None:
        lines = [line for path in _with(tree, extension) for line in tree.files[path].splitlines()]
        tree.write(report, f"{sum(word in line for line in lines)}\n")

    return Step(
        f"write the number of lines that hold {word}, in all .{extension} files together, to the file {report} at the "
        "top (the number and a newline)",
        f"{_find(extension)} | xargs -0 -r cat | grep -c {word} > {report}",
        change,
    )


def _join(rng: random.Random) -> Step:
    extension, target = rng.choice(("txt", "log", "csv")), rng.choice(("all.out", "joined.out"))

    def change(tree: Tree) -> None:
        paths = sorted(_with(tree, extension), key=_base)
        tree.write(target, "".join(tree.files[path] for path in paths))

    return Step(
        f"write the contents of all .{extension} files, one after the other in the byte order of their names (without "
        f"folders), to the file {target} at the top; keep the files",
        f"find . -type f -name '*.{extension}' -printf '%f\\t%p\\0' | LC_ALL=C sort -z | cut -z -f2- | "
        f"xargs -0 -r cat > {target}",
        change,
    )


def _list_names(rng: random.Random) -> Step:
    extension, target = rng.choice(EXTENSIONS), rng.choice(("names.out", "list.out"))

    def change(tree: Tree) -> None:
        tree.write(target, "".join(f"{path}\n" for path in _with(tree, extension)))

    return Step(
        f"write the paths of all .{extension} files (like docs/a.{extension}, without ./ before them), one a line in "
        f"byte order, to the file {target} at the top",
        f"find . -type f -name '*.{extension}' -printf '%P\\n' | LC_ALL=C sort > {target}",
        change,
    )


def _unique(rng: random.Random) -> Step:
    extension, target = rng.choice(("txt", "log")), rng.choice(("lines.out", "unique.out"))

    def change(tree: Tree) -> None:
        lines = {line for path in _with(tree, extension) for line in tree.files[path].splitlines()}
        tree.write(target, "".join(f"{line}\n" for line in sorted(lines)))

    return Step(
        f"write all lines of all .{extension} files, each different line once and in byte order, to the file {target} "
        "at the top",
        f"{_find(extension)} | xargs -0 -r cat | LC_ALL=C sort -u > {target}",
        change,
    )


def _column_sum(rng: random.Random) -> Step:
    target = rng.choice(("sum.out", "total.out"))

    def change(tree: Tree) -> None:
        rows = [line.split(",") for path in _with(tree, "csv") for line in tree.files[path].splitlines()]
        tree.write(target, f"{sum(int(row[1]) for row in rows)}\n")

    return Step(
        f"write the sum of the second column of all .csv files together to the file {target} at the top (the number "
        "and a newline; 0 if there is no row)",
        f"{_find('csv')} | xargs -0 -r cat | awk -F, '{{ s += $2 }} END {{ print s + 0 }}' > {target}",
        change,
    )


def _executable(rng: random.Random) -> Step:
    extension = rng.choice(("sh", "sh", "txt", "md"))
    mode = rng.choice((0o700, 0o744, 0o600, 0o640)) if extension == "sh" else rng.choice((0o600, 0o444, 0o640))

    def change(tree: Tree) -> None:
        tree.modes.update(dict.fromkeys(_with(tree, extension), mode))

    return Step(
        f"set the permissions of every .{extension} file to {mode:o}",
        f"find . -type f -name '*.{extension}' -exec chmod {mode:o} {{}} +",
        change,
    )


def _delete_executable(rng: random.Random) -> Step:
    def change(tree: Tree) -> None:
        for path in [path for path, mode in tree.modes.items() if mode == EXECUTABLE]:
            tree.remove(path)

    return Step("delete every file with the permissions 755", "find . -type f -perm 755 -delete", change)


def _drop_folders(rng: random.Random) -> Step:
    def change(tree: Tree) -> None:
        used = Tree({}, {}, set())
        for path in tree.files:
            used.add_folders(path)
        tree.folders = used.folders

    return Step(
        "delete the folders that hold no file, not even in folders below them",
        "find . -mindepth 1 -type d -empty -delete",
        change,
    )


def _backup(rng: random.Random) -> Step:
    extension = rng.choice(EXTENSIONS)

    def change(tree: Tree) -> None:
        for path in _with(tree, extension):
            tree.write(f"{path}.bak", tree.files[path])

    return Step(
        f"copy every .{extension} file to the same name with .bak after it, in the same folder",
        _each(extension, 'cp -- "$f" "$f.bak"'),
        change,
    )


GOALS: tuple[tuple[Callable[[random.Random], Step], ...], ...] = (
    (_move_all, _delete_all, _delete_empty, _extension, _replace, _list_names),
    (_prefix, _delete_holding, _drop_lines, _keep_first, _count_lines, _executable, _backup),
    (_join, _unique, _column_sum, _delete_executable, _drop_folders),
)
"""Steps from easy to hard."""


def draw_goal(rng: random.Random, steps: int, hardest: int) -> list[Step]:
    """Different steps of the first `hardest` kinds.

    Which files have the permissions 755 is asked first: what a step rewrites may be a new file with others.
    """
    kinds = rng.sample([goal for kind in GOALS[:hardest] for goal in kind], steps)
    return [kind(rng) for kind in sorted(kinds, key=lambda kind: kind is not _delete_executable)]
