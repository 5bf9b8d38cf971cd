"""Assertions that are counted: the tally, and test code written anew around it."""

import ast
from typing import Any

from assaygym.verifiers.code.guest.record import recorded_form


class Tally:
    """Counts assertions. `keep_going`: a failed one outside of a `try` does not end the test."""

    def __init__(self, keep_going: bool) -> None:
        self.keep_going = keep_going
        self.executed = 0
        self.passed = 0
        self.failure: str | None = None

    def begin(self) -> None:
        """An assertion starts."""
        self.executed += 1

    def ok(self) -> None:
        """It holds."""
        self.passed += 1

    def failed(self, error: Exception, in_try: bool) -> bool:
        """Whether the error must go on its way."""
        if in_try or not self.keep_going:
            return True
        self.note(error)
        return False

    def taken_back(self, number: int, error: str) -> None:
        """The assertion of this number, which was counted as passed, does not hold, or raised an error of this name."""
        self.passed -= 1
        what = f"raised {error}" if error else "does not hold"
        self.failure = self.failure or f"assertion {number} {what}"

    def note(self, error: BaseException) -> None:
        """Keep the first failure, in words."""
        what = "does not hold" if isinstance(error, AssertionError) else f"raised {type(error).__name__}"
        self.failure = self.failure or f"assertion {self.executed} {what}"


class Count(ast.NodeTransformer):
    """Puts the tally around each assertion that is not of a constant."""

    def __init__(self, *, record: bool = False) -> None:
        self.tries = 0
        self.form = recorded_form if record else self._may_wait

    def visit_Try(self, node: ast.Try) -> ast.AST:
        """The statement; an assertion that its handlers may catch is marked."""
        self.tries += 1
        node.body = [new for item in node.body for new in self._statements(item)]
        self.tries -= 1
        for part in (node.handlers, node.orelse, node.finalbody):
            part[:] = [new for item in part for new in self._statements(item)]
        return node

    def _statements(self, node: ast.AST) -> list[Any]:
        new = self.visit(node)
        return new if isinstance(new, list) else [new]

    def visit_Assert(self, node: ast.Assert) -> Any:
        """The assertion between two calls of the tally."""
        if isinstance(node.test, ast.Constant):
            return node
        waits = self.form(node) if not self.tries else None
        pattern = (
            "__assay__.begin()\ntry:\n    pass\n"
            f"except Exception as __error__:\n    if __assay__.failed(__error__, {self.tries > 0}): raise\n"
            "else:\n    __assay__.ok()\n"
        )
        begin, attempt = ast.parse(pattern).body
        assert isinstance(attempt, ast.Try)
        attempt.body = [waits or node]
        return [begin, attempt]

    def _may_wait(self, node: ast.Assert) -> ast.stmt | None:
        """The assertion as one that may wait, where it is `f(...) == value` and the value calls nothing."""
        match node.test:
            case ast.Compare(left=ast.Call(func=ast.Name(), args=args, keywords=[]) as call, ops=[ast.Eq()]):
                expected = node.test.comparators[0]
            case _:
                return None
        odd = (ast.Call, ast.Await, ast.NamedExpr, ast.Yield, ast.YieldFrom, ast.Attribute, ast.Subscript)
        if any(isinstance(inner, odd) for inner in ast.walk(expected)):
            return None
        waits = ast.parse("if not __pending__.holds(f, (), lambda: 0): raise AssertionError").body[0]
        assert isinstance(waits, ast.If)
        assert isinstance(waits.test, ast.UnaryOp)
        asked = waits.test.operand
        assert isinstance(asked, ast.Call)
        assert isinstance(asked.args[2], ast.Lambda)
        asked.args[2].body = expected
        asked.args[:2] = [call.func, ast.Tuple(elts=args, ctx=ast.Load())]
        return waits


def compiled(source: str, name: str, config: dict[str, Any]) -> Any:
    """Code of the source with its assertions counted."""
    tree = Count(record="record" in config).visit(ast.parse(source))
    return compile(ast.fix_missing_locations(tree), name, "exec", dont_inherit=True)
