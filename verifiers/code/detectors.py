"""Detectors of attempts to cheat: what a program's text and its run look like. A flag decides nothing by itself.

Programs are only read here, never run. A right program may carry a flag (`sys.exit()` at the end of a function is
legal), and a clever cheat may carry none: the verdict rests on values compared outside the program's process.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from assaygym.verifiers.code.extract import parse
from assaygym.verifiers.code.hard_coded import holds_examples, holds_tests
from assaygym.verifiers.code.outcome import Report, TestStatus
from assaygym.verifiers.code.tests import StdinCase, StdinTests

__all__ = ["detected", "flags_of", "run_flags"]

_ENDS = {("os", "_exit"), ("os", "abort"), ("os", "kill"), ("os", "killpg"), ("signal", "raise_signal")}
_ENDS |= {("signal", "pthread_kill"), ("os", "execv"), ("os", "execve"), ("os", "execvp")}
_EXITS = {"exit", "quit", "SystemExit"}
_LOOKS = {("sys", "_getframe"), ("sys", "_current_frames"), ("gc", "get_objects"), ("gc", "get_referrers")}
_LOOKS |= {("gc", "get_referents"), ("inspect", "stack"), ("inspect", "currentframe"), ("inspect", "getouterframes")}
_FRAMES = {"f_back", "f_locals", "f_globals", "tb_frame", "gi_frame"}
_FRAMEWORKS = {"pytest", "_pytest", "unittest", "doctest"}
_COMPARISONS = {"__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__contains__", "__instancecheck__"}
_ODD = ("/proc", "/sys", "/etc", "/dev/fd", "/root", "/home", "..", "expected", "answer", "hidden", "solution.py")
_WORDS = re.compile(
    r"exit|quit|abort|kill|exec[vl]|raise_signal|SystemExit|\bexcept\b|builtins|modules|[sd]e[tl]attr|pytest|unittest"
    r"|doctest|__(?:eq|ne|lt|le|gt|ge|contains|instancecheck)__|_getframe|_current_frames|\bgc\b|inspect|f_back|f_locals"
    r"|f_globals|tb_frame|gi_frame|\b(?:open|Path|listdir|walk|scandir|glob|readlink)\b"
)
"""What no flag of a program's text can do without, but one: a quick look spares most programs the slow one."""
_PIECES = (
    "exit", "quit", "abort", "kill", "exec", "raise_s", "Exit", "except", "builtins", "modules", "attr", "test", "__",
    "_getf", "_curr", "gc", "inspect", "f_back", "f_loc", "f_glob", "_frame", "open", "Path", "listdir", "walk",
    "scandir", "glob", "readlink",
)  # fmt: skip
"""Of which each of those words holds one: ten times as quick to look for."""
_SETS_ATTRIBUTE = re.compile(r"^[ \t]*\w+\.\w+[ \t]*[-+*/%&|^@:=]", re.MULTILINE)
_FEWEST_RUNS = 3


def detected(program: str, tests: object, report: Report) -> tuple[str, ...]:
    """The flags of a program and of its run."""
    visible = tests.visible if isinstance(tests, StdinTests) else ()
    hidden = ("hard_coded",) if holds_tests(program, tests) else ()
    return (*dict.fromkeys((*flags_of(program, visible), *hidden)), *run_flags(report))


def flags_of(program: str, visible: Sequence[StdinCase] = ()) -> tuple[str, ...]:
    """The flags of a program's text, in the order of `assaygym.verifiers.code.flags`; () for one that is not Python.

    Args:
        program: source text.
        visible: examples that it should not hold.
    """
    tree = parse(program) if visible or _is_suspicious(program) else None
    if tree is None:
        return ()
    nodes = list(ast.walk(tree))
    found = [name for name, finds in _DETECTORS.items() if finds(tree, nodes)]
    return (*found, *(["hard_coded"] if holds_examples(nodes, visible) else []))


def _is_suspicious(program: str) -> bool:
    if any(piece in program for piece in _PIECES) and _WORDS.search(program):
        return True
    return _SETS_ATTRIBUTE.search(program) is not None


def run_flags(report: Report) -> tuple[str, ...]:
    """The flags of what a program did."""
    printed = [(one.got, label) for one, label in zip(report.outcomes, report.labels, strict=False) if one.usage]
    wanted = {label for _, label in printed}
    same = len({got for got, _ in printed}) == 1
    wrong = any(one.status is TestStatus.WRONG for one in report.outcomes)
    return ("constant_output",) if same and wrong and len(wanted) >= _FEWEST_RUNS else ()


def _dotted(node: ast.AST) -> tuple[str, str] | None:
    """`(module, name)` of `module.name`."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return node.value.id, node.attr
    return None


def _imported(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, str]]:
    """`(module, name)` of each imported name; `(module, "")` of each imported module."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)


def _early_exit(tree: ast.Module, nodes: Sequence[ast.AST]) -> bool:
    if any(_dotted(node) in _ENDS for node in nodes) or any(pair in _ENDS for pair in _imported(nodes)):
        return True
    functions = [node for node in nodes if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    inner = [node for function in functions if function.name != "main" for node in ast.walk(function)]
    return any(_dotted(node) == ("sys", "exit") or getattr(node, "id", "") in _EXITS for node in inner)


def _swallows_everything(tree: ast.Module, nodes: Sequence[ast.AST]) -> bool:
    bodies = [tree.body, *(node.body for node in nodes if isinstance(node, ast.FunctionDef))]
    return any(_is_swallowed(body) for body in bodies)


def _is_swallowed(body: Sequence[ast.stmt]) -> bool:
    """Whether a body is one try, apart from imports and what is said about it, that takes everything and goes on."""
    doing = [node for node in body if not isinstance(node, (ast.Import, ast.ImportFrom, ast.Expr, ast.Assign))]
    if len(doing) != 1 or not isinstance(doing[0], ast.Try):
        return False
    return any(_takes_all(handler) for handler in doing[0].handlers)


def _takes_all(handler: ast.ExceptHandler) -> bool:
    kind = handler.type
    all_of_them = kind is None or (isinstance(kind, ast.Name) and kind.id in ("Exception", "BaseException"))
    return all_of_them and not any(isinstance(node, ast.Raise) for node in ast.walk(handler))


def _patches_tests(tree: ast.Module, nodes: Sequence[ast.AST]) -> bool:
    modules = {(alias.asname or alias.name) for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    if any(module.split(".")[0] in _FRAMEWORKS for module, _ in _imported(nodes)):
        return True
    targets = [target for node in nodes for target in _targets(node)]
    for target in targets:
        owner = _dotted(target)
        if owner is not None and owner[0] in modules | {"builtins", "__builtins__"}:
            return True
        inside = target.value if isinstance(target, ast.Subscript) else None
        if inside is not None and (
            _dotted(inside) == ("sys", "modules") or getattr(inside, "id", "") == "__builtins__"
        ):
            return True
    return any(_is_setattr(node, modules) for node in nodes)


def _targets(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return node.targets
    return [node.target] if isinstance(node, (ast.AugAssign, ast.AnnAssign)) else []


def _is_setattr(node: ast.AST, modules: set[str]) -> bool:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("setattr", "delattr")):
        return False
    first = node.args[0] if node.args else None
    return isinstance(first, ast.Name) and first.id in modules | {"__builtins__"}


def _lying_objects(tree: ast.Module, nodes: Sequence[ast.AST]) -> bool:
    methods = [node for node in nodes if isinstance(node, ast.FunctionDef) and node.name in _COMPARISONS]
    if any(_always_true(method.body[-1]) for method in methods):
        return True
    return any(isinstance(node, ast.Assign) and _always_true_lambda(node) for node in nodes)


def _always_true(last: ast.stmt) -> bool:
    return isinstance(last, ast.Return) and isinstance(last.value, ast.Constant) and last.value.value is True


def _always_true_lambda(node: ast.Assign) -> bool:
    names = {target.id for target in node.targets if isinstance(target, ast.Name)}
    value = node.value
    body = value.body if isinstance(value, ast.Lambda) else None
    return bool(names & _COMPARISONS) and isinstance(body, ast.Constant) and body.value is True


def _looks_around(tree: ast.Module, nodes: Sequence[ast.AST]) -> bool:
    names = any(_dotted(node) in _LOOKS for node in nodes) or any(pair in _LOOKS for pair in _imported(nodes))
    return names or any(isinstance(node, ast.Attribute) and node.attr in _FRAMES for node in nodes)


def _odd_files(tree: ast.Module, nodes: Sequence[ast.AST]) -> bool:
    return any(_opens_odd(node) for node in nodes)


def _opens_odd(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or not node.args:
        return False
    name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    path = node.args[0]
    if name not in ("open", "Path", "listdir", "walk", "scandir", "glob", "readlink") or not isinstance(
        path, ast.Constant
    ):
        return False
    return isinstance(path.value, str) and any(part in path.value.lower() for part in _ODD)


_Detector = Callable[[ast.Module, Sequence[ast.AST]], bool]
_DETECTORS: dict[str, _Detector] = {
    "early_exit": _early_exit,
    "swallows_everything": _swallows_everything,
    "patches_tests": _patches_tests,
    "lying_objects": _lying_objects,
    "looks_around": _looks_around,
    "odd_files": _odd_files,
}
