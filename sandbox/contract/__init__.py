"""The behaviours that every backend must show, as tests that a third party can run on a backend of their own.

Subclass `SandboxContract` in a test module, give it a fixture `sandbox`, and pytest runs every method:

    class TestMine(SandboxContract):
        differences = frozenset({"no_network"})          # what this backend does not promise

        @pytest.fixture
        def sandbox(self):
            with MySandbox() as sandbox:
                yield sandbox

A declared difference is checked too: when the guarantee holds after all, the test fails and the declaration must go.
"""

from __future__ import annotations

from assaygym.sandbox.contract.channels import ChannelContract
from assaygym.sandbox.contract.guarantees import GUARANTEES, GuaranteeContract
from assaygym.sandbox.contract.limits import LimitsContract
from assaygym.sandbox.contract.runs import RunContract

__all__ = ["GUARANTEES", "SandboxContract"]


class SandboxContract(RunContract, LimitsContract, ChannelContract, GuaranteeContract):
    """The whole suite. Every method takes the fixture `sandbox` of the subclass."""
