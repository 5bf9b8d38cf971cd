"""The layers of the house: imports run one way, nothing heavy loads by itself."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
BELOW: dict[str, set[str]] = {
    "sandbox": set(),
    "verifiers": {"sandbox"},
    "envs": {"sandbox", "verifiers"},
    "agents": {"sandbox", "verifiers", "envs"},
    "benchmarks": {"sandbox", "verifiers", "envs", "agents"},
}
LEAVES = {"types", "errors", "lazy", "foreign_json"}
HEAVY = (
    "torch",
    "transformers",
    "vllm",
    "sympy",
    "openai",
    "docker",
    "pyarrow",
    "huggingface_hub",
    "scipy",
    "trl",
    "datasets",
    "matplotlib",
    "sqlglot",
    "textual",
)


def files_of(layer: str) -> list[Path]:
    return sorted((ROOT / layer).rglob("*.py"))


class Import(NamedTuple):
    module: str
    level: int
    """Of a relative import; 0 for an absolute one."""
    at_once: bool
    """Whether it runs when the module is loaded; what is imported inside a function or a guard does not."""


@cache
def imports(path: Path) -> tuple[Import, ...]:
    """Read once a file for all tests."""
    tree = ast.parse(path.read_text())
    at_once = {id(node) for node in tree.body}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [Import(alias.name, 0, id(node) in at_once) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            names = [f"assaygym.{alias.name}" for alias in node.names] if module == "assaygym" else []
            found.append(Import(module, node.level, id(node) in at_once))
            found += [Import(name, 0, id(node) in at_once) for name in names]
    return tuple(found)


def ours(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == "assaygym" and len(parts) > 1 else None


@pytest.mark.parametrize("layer", BELOW)
def test_a_layer_imports_only_itself_and_the_layers_below(layer: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}: {module}"
        for path in files_of(layer)
        for module, _, _ in imports(path)
        if (found := ours(module)) is not None and found not in BELOW[layer] | LEAVES | {layer}
    ]
    assert wrong == []


@pytest.mark.parametrize("leaf", sorted(LEAVES))
def test_the_leaves_import_the_standard_library_only(leaf: str) -> None:
    found = imports(ROOT / "assaygym" / f"{leaf}.py")
    assert {module.split(".")[0] for module, _, _ in found} <= set(sys.stdlib_module_names)


@pytest.mark.parametrize("layer", [*BELOW, "assaygym/cli"])
def test_imports_are_absolute(layer: str) -> None:
    assert [p for p in files_of(layer) for _, level, _ in imports(p) if level] == []


@pytest.mark.parametrize("layer", BELOW)
def test_nothing_imports_the_bare_layer_name(layer: str) -> None:
    """`import verifiers` would be another distribution's package for our users."""
    wrong = [
        path
        for folder in [*BELOW, "assaygym/cli", "tests"]
        for path in files_of(folder)
        for module, _, _ in imports(path)
        if module.split(".")[0] == layer
    ]
    assert wrong == []


def module_graph() -> dict[str, set[str]]:
    modules = {}
    for layer in BELOW:
        for path in files_of(layer):
            dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            modules["assaygym." + dotted.removesuffix(".__init__")] = path
    return {
        name: {found.module for found in imports(path) if found.at_once and found.module in modules} - {name}
        for name, path in modules.items()
    }


def test_no_module_is_part_of_an_import_cycle() -> None:
    graph = module_graph()
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join((*path, name))
        if name not in done:
            for target in graph[name]:
                visit(target, (*path, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def loaded_by(code: str) -> set[str]:
    program = f"{code}\nimport sys\nprint('\\n'.join(sys.modules))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(result.stdout.split())


def test_importing_assaygym_loads_nothing_heavy() -> None:
    assert loaded_by("import assaygym").isdisjoint({*HEAVY, "pydantic", "typer", "rich"})


def test_making_and_playing_an_environment_loads_nothing_heavy() -> None:
    code = "import assaygym, gymnasium\nenv = gymnasium.make('assay/ChainSum-v0')\nenv.reset(seed=1)\nenv.step('1')"
    assert loaded_by(code).isdisjoint({*HEAVY, "typer"})


def test_importing_the_command_line_loads_nothing_heavy() -> None:
    assert loaded_by("import assaygym.cli").isdisjoint(HEAVY)


@pytest.mark.alone
def test_importing_assaygym_takes_little_longer_than_gymnasium_alone() -> None:
    """Processor time, the best of several in turns: other work may share the machine, and machines differ."""
    seconds: dict[str, list[float]] = {"assaygym": [], "gymnasium": []}
    for _ in range(7):
        for module, times in seconds.items():
            code = f"import time; t = time.process_time(); import {module}; print(time.process_time() - t)"
            times.append(float(subprocess.check_output([sys.executable, "-c", code])))
    assert min(seconds["assaygym"]) < 1.75 * min(seconds["gymnasium"])
