"""New weights for an engine of vLLM in this process, through the weight-transfer steps of its worker.

vLLM's own transports (NCCL, CUDA IPC) connect two processes; a handle of CUDA IPC cannot be opened by the process that
made it. Trainer and engine that share one process share its memory, so this one hands over the tensors themselves. The
loading in between is vLLM's: each layer is brought back to the layout of a checkpoint, loaded, and processed anew.

What depends on the weights before goes too: the prefix cache above all, without which an update answers every prompt
it knows with keys and values of both. Run with vLLM 0.32.0 built for CPUs, in 32-bit floats and in bfloat16, and on no
GPU.
"""

# pyright: reportMissingImports=false
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vllm.distributed.weight_transfer.base import (
    WeightTransferEngine,
    WeightTransferInitInfo,
    WeightTransferUpdateInfo,
)
from vllm.distributed.weight_transfer.factory import WeightTransferEngineFactory
from vllm.model_executor.model_loader.reload import finalize_layerwise_reload, initialize_layerwise_reload

from assaygym.errors import PolicyError

__all__ = ["BACKEND", "SameProcessWeights", "register", "update"]

BACKEND = "assaygym-same-process"


@dataclass
class NothingToAgreeOn(WeightTransferInitInfo):  # type: ignore[misc]
    """Both sides are in one process."""


@dataclass
class Tensors(WeightTransferUpdateInfo):  # type: ignore[misc]
    """Weights by their names in a checkpoint."""

    weights: list[tuple[str, Any]] = field(default_factory=list[tuple[str, Any]])


class SameProcessWeights(WeightTransferEngine):  # type: ignore[misc]
    """The worker's end: takes tensors of this process."""

    init_info_cls = NothingToAgreeOn
    update_info_cls = Tensors

    def init_transfer_engine(self, init_info: NothingToAgreeOn) -> None:
        """Nothing to do."""

    def start_weight_update(self) -> None:
        """Bring each layer back to the layout of a checkpoint."""
        initialize_layerwise_reload(self.model)

    def update_weights(self, update_info: dict[str, Any]) -> None:
        """Load these weights; on return they are in the model, or wait for the rest of their layer."""
        self.receive_weights(self.parse_update_info(update_info))
        if self.device.type != "cpu":
            import torch

            torch.accelerator.synchronize()

    def receive_weights(self, update_info: Tensors) -> None:
        """Load these weights."""
        self.model.load_weights(update_info.weights)

    def finish_weight_update(self) -> None:
        """Process what was loaded into the layout that the engine computes with."""
        finalize_layerwise_reload(self.model, self.model_config)

    def shutdown(self) -> None:
        """Nothing is held."""


def register() -> None:
    """Make the backend known to vLLM; before the engine is made. Twice is once."""
    if BACKEND not in WeightTransferEngineFactory._registry:
        WeightTransferEngineFactory.register_engine(BACKEND, SameProcessWeights)


def update(engine: Any, weights: Mapping[str, Any]) -> None:
    """Give the engine these weights; it has nothing in flight.

    Raises:
        PolicyError: keys and values of the weights before could not be dropped.
    """
    core = engine.engine_core.engine_core
    while core.batch_queue:  # one that schedules ahead has a batch under way when its requests are answered
        engine.step()
    pairs = [(name, tensor.detach()) for name, tensor in weights.items()]
    engine.collective_rpc("start_weight_update")
    engine.collective_rpc("update_weights", kwargs={"update_info": {"weights": pairs}})
    engine.collective_rpc("finish_weight_update")
    if not engine.reset_prefix_cache():
        raise PolicyError("the engine did not drop the keys and values of the weights before")
