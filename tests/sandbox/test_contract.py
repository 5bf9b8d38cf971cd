import sys
from collections.abc import Iterator
from contextlib import nullcontext

import pytest

from assaygym.errors import ConfigError, SandboxError
from assaygym.sandbox import Sandbox, open_sandbox
from assaygym.sandbox._alone import why_not
from assaygym.sandbox.contract import GUARANTEES, PROMISES, Contract, ProgramContract, SandboxContract, promises
from assaygym.sandbox.jail import JailSandbox


class TestJail(SandboxContract):
    @pytest.fixture
    def sandbox(self, jail: Sandbox, closes: bool) -> Iterator[Sandbox]:
        with open_sandbox("jail") if closes else nullcontext(jail) as opened:
            yield opened


@pytest.fixture(scope="module")
def plain() -> Iterator[Sandbox]:
    with open_sandbox("process") as opened:
        yield opened


class TestProcess(SandboxContract):
    differences = GUARANTEES | {"live_forks", "copies_apart"}

    @pytest.fixture
    def sandbox(self, plain: Sandbox, closes: bool) -> Iterator[Sandbox]:
        with open_sandbox("process") if closes else nullcontext(plain) as opened:
            yield opened


@pytest.fixture(scope="module")
def landlocked() -> Iterator[Sandbox]:
    with JailSandbox(tier="landlock") as opened:
        yield opened


@pytest.mark.skipif(sys.platform != "linux" or why_not() != "", reason="this machine has no Landlock")
class TestLandlock(ProgramContract):
    """What is compiled is refused, which a test in test_landlock_tier.py tells."""

    differences = frozenset({"child_processes", "process_limit", "scratch_limit", "language_c"})
    test_cpp_programs_run = None  # type: ignore[assignment]
    test_a_compilers_error_is_the_programs_fault = None  # type: ignore[assignment]
    test_a_compiled_program_has_files_and_leaves_some = None  # type: ignore[assignment]
    test_limits_hold_for_compiled_programs = None  # type: ignore[assignment]

    @pytest.fixture
    def sandbox(self, landlocked: Sandbox, closes: bool) -> Iterator[Sandbox]:
        with JailSandbox(tier="landlock") if closes else nullcontext(landlocked) as opened:
            yield opened


@promises("seeds")
class Suite(Contract):
    differences = frozenset({"seeds"})

    def test_that_holds(self) -> None:
        assert True

    def test_that_fails(self) -> None:
        raise AssertionError("reached")

    def test_whose_sandbox_fails(self) -> None:
        raise SandboxError("not here")

    def test_with_a_mistake(self) -> None:
        raise ZeroDivisionError

    @promises("forks")
    def test_of_two(self) -> None: ...


def test_a_declared_difference_that_holds_after_all_is_an_error() -> None:
    with pytest.raises(AssertionError, match=r"remove seeds \(the seed decides"):
        Suite().test_that_holds()


def test_a_declared_difference_must_fail_in_every_one_of_its_tests() -> None:
    Suite().test_that_fails()
    Suite().test_whose_sandbox_fails()
    with pytest.raises(ZeroDivisionError):
        Suite().test_with_a_mistake()


def test_a_promise_that_fails_undeclared_is_an_error() -> None:
    class Strict(Suite):
        differences = frozenset({"fetch"})

    with pytest.raises(AssertionError, match="reached"):
        Strict().test_that_fails()
    Strict().test_that_holds()


def test_a_test_of_several_promises_needs_all_of_them() -> None:
    class Both(Suite):
        differences = frozenset({"forks"})

    for suite in (Suite(), Both()):
        with pytest.raises(AssertionError, match="it holds"):
            suite.test_of_two()


def test_what_nobody_promises_cannot_be_declared() -> None:
    with pytest.raises(ConfigError, match="'no_netwrk' is nothing that a backend promises; did you mean 'no_network'"):
        type("Suite", (Contract,), {"differences": frozenset({"no_netwrk"})})
    with pytest.raises(ConfigError, match="'no_netwrk'"):
        promises("no_netwrk")


def test_no_test_of_the_contract_hides_another() -> None:
    names = [name for part in SandboxContract.__mro__ for name in vars(part) if name.startswith("test_")]
    assert len(set(names)) == len(names) > 60


def test_every_promise_has_a_test() -> None:
    tests = [getattr(SandboxContract, name) for name in dir(SandboxContract) if name.startswith("test_")]
    assert {name for test in tests for name in getattr(test, "promised", ())} == set(PROMISES)
    assert set(PROMISES) >= GUARANTEES
