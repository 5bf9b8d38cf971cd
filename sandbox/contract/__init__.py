"""The behaviours that every backend must show, as tests that a third party can run on a backend of their own.

Subclass `SandboxContract` in a test module, give it a fixture `sandbox`, and pytest runs every method:

    class TestMine(SandboxContract):
        differences = frozenset({"no_network"})  # those of PROMISES that this backend does not keep

        @pytest.fixture
        def sandbox(self):
            with MySandbox() as sandbox:
                yield sandbox

A declared difference is checked too: when the promise is kept after all, its test fails and the declaration must go.
"""

from __future__ import annotations

from assaygym.sandbox.contract.channels import ChannelContract
from assaygym.sandbox.contract.endings import EndingContract
from assaygym.sandbox.contract.files import FetchContract
from assaygym.sandbox.contract.forks import ForkContract
from assaygym.sandbox.contract.guarantees import GuaranteeContract
from assaygym.sandbox.contract.languages import LanguageContract
from assaygym.sandbox.contract.limits import LimitsContract
from assaygym.sandbox.contract.promises import GUARANTEES, PROMISES, Contract, promises
from assaygym.sandbox.contract.runs import RunContract
from assaygym.sandbox.contract.sessions import SessionContract
from assaygym.sandbox.contract.shells import ShellContract
from assaygym.sandbox.contract.surroundings import SurroundingsContract

__all__ = ["GUARANTEES", "PROMISES", "Contract", "ProgramContract", "SandboxContract", "promises"]


class ProgramContract(
    RunContract,
    EndingContract,
    SurroundingsContract,
    FetchContract,
    LimitsContract,
    LanguageContract,
    ChannelContract,
    GuaranteeContract,
):
    """All but the sessions: for a backend that has none, or replays them."""


class SandboxContract(ProgramContract, SessionContract, ShellContract, ForkContract):
    """The whole suite. Every method takes the fixture `sandbox` of the subclass."""
