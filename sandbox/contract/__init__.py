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
from assaygym.sandbox.contract.guarantees import GuaranteeContract
from assaygym.sandbox.contract.limits import LimitsContract
from assaygym.sandbox.contract.promises import GUARANTEES, PROMISES, Contract, promises
from assaygym.sandbox.contract.runs import RunContract

__all__ = ["GUARANTEES", "PROMISES", "Contract", "SandboxContract", "promises"]


class SandboxContract(RunContract, LimitsContract, ChannelContract, GuaranteeContract):
    """The whole suite. Every method takes the fixture `sandbox` of the subclass."""
