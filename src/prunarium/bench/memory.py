"""Memory of one step: its peak, and the error where a batch does not fit."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.distributed._tools.mem_tracker import MemTracker

from prunarium.bench.samples import Inputs
from prunarium.errors import PrunariumError


def peak_memory(step: Callable[[], object], model: nn.Module, inputs: Inputs, device: torch.device) -> int:
    """Bytes alive at the peak of a step, weights and inputs included.

    On the processor the bytes of all tensors are counted: the same number in every run. What a kernel allocates for
    itself is not a tensor and not counted there; on an accelerator, whose allocator is asked, it is.
    """
    if device.type == "cuda":
        torch.cuda.synchronize(device)
        torch.cuda.reset_peak_memory_stats(device)
        step()
        torch.cuda.synchronize(device)
        return torch.cuda.max_memory_allocated(device)
    tracker = MemTracker()
    tracker.track_external(model, *inputs.values())
    with tracker:
        step()
    return sum(kinds["Total"] for kinds in tracker.get_tracker_snapshot("peak").values())


@contextmanager
def batch_of(size: int, remedy: str = "give a smaller --batch-size") -> Iterator[None]:
    """Around work on a batch; ``remedy`` is what a user can do where it does not fit.

    Raises:
        PrunariumError: it does not fit into memory.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not _out_of_memory(error):
            raise
        raise PrunariumError(f"a batch of {size} does not fit into memory; {remedy}") from error


def _out_of_memory(error: Exception) -> bool:
    # on the processor torch has no class of its own for it
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "DefaultCPUAllocator" in str(error)
