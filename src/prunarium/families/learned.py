"""Methods with parts of their own that are learned."""

import inspect
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import torch
from pydantic import Field, PrivateAttr
from torch import Tensor, nn

from prunarium.errors import PrunariumError
from prunarium.families.base import Shape, TokenMethod
from prunarium.families.staging import CumulativeMethod

RANDOM = "random"
WEIGHTS = (
    "its learned parts: the name of a file that comes with the method, the path of a safetensors file, "
    f"or '{RANDOM}' to train them"
)
"""What a learned method says of its parameter of this name."""


class LearnedMethod(TokenMethod):
    """A method with learned parts, such as a predictor of what to keep. A subclass writes ``parts`` too."""

    weights: str = Field("cluttered-digits", description=WEIGHTS)
    _learned: nn.Module | None = PrivateAttr(None)
    _fitted_to: Shape | None = PrivateAttr(None)
    _trained_file: Path | None = PrivateAttr(None)

    @abstractmethod
    def parts(self, shape: Shape) -> nn.Module:
        """The learned parts for a model of this shape, not trained yet."""

    @property
    def learned(self) -> nn.Module:
        """The learned parts, where the method is fitted to a model."""
        assert self._learned is not None, "fit to a model first"
        return self._learned

    def fit(self, shape: Shape) -> Self:
        """This method with its learned parts; once it has some for such a model, it keeps them, turned or not."""
        fitted = super().fit(shape)
        if self._fitted_to == shape:
            return fitted
        fitted = fitted.model_copy()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            learned = self.parts(shape)
        if (self._trained_file or self.weights != RANDOM) and learned.state_dict():
            _load(learned, self._file(), type(self).__name__)
        fitted._learned, fitted._fitted_to = learned.eval(), shape
        return fitted

    def trained(self, weights: Path | Mapping[str, Tensor]) -> Self:
        """As of any method; from a file, it also takes the learned parts that were trained with the model."""
        twin = super().trained(weights)
        twin._trained_file, twin._fitted_to = weights if isinstance(weights, Path) else None, None
        return twin

    def _file(self) -> Path:
        if self._trained_file is not None:
            return self._trained_file
        if self.weights.endswith(".safetensors"):
            return Path(self.weights)
        return Path(inspect.getfile(type(self))).parent / "weights" / f"{self.weights}.safetensors"


def parts_for(method: TokenMethod, model: nn.Module) -> nn.Module | None:
    """The learned parts of a fitted method, put where the model is, in its precision and mode; ``None`` without any."""
    if not isinstance(method, LearnedMethod):
        return None
    first = next(model.parameters())
    return method.learned.to(first.device, first.dtype).train(model.training)


class LearnedStages(LearnedMethod, CumulativeMethod):
    """A method that reduces at a few blocks, with learned parts of its own at each. A subclass writes ``part`` too."""

    @abstractmethod
    def part(self, shape: Shape) -> nn.Module:
        """The learned parts of one stage."""

    def parts(self, shape: Shape) -> nn.ModuleList:
        return nn.ModuleList(self.part(shape) for _ in self.acts_at(shape))

    def part_at(self, block: int) -> Any:
        """The learned parts of the stage at a block, where the method is fitted to a model."""
        assert self.blocks is not None and isinstance(self.learned, nn.ModuleList)
        return self.learned[self.blocks.index(block)]

    def loss(self, memory: Mapping[str, Any]) -> Tensor | None:
        """How far the shares that a training pass kept are from those asked for.

        Rao et al., NeurIPS 2021 (arXiv 2106.02034), equation 13, with the weight of their section 4.1.
        """
        shares = memory.get("shares", ())
        misses = [(share - self.keep_rate ** (stage + 1)).square().mean() for stage, share in enumerate(shares)]
        return 2 * torch.stack(misses).mean() if misses else None


PREFIX = "parts."
"""Of the learned parts in a file that may also hold a model trained with them (``model.``)."""


def _load(learned: nn.Module, path: Path, name: str) -> None:
    from safetensors.torch import load_file

    if not path.is_file():
        there = ", ".join(sorted(file.stem for file in path.parent.glob("*.safetensors"))) or "none"
        raise PrunariumError(
            f"{path}: {name} has no such learned parts (there: {there}); give weights a safetensors file, or "
            f"'{RANDOM}' to train them"
        )
    found = {
        key.removeprefix(PREFIX): value.float() for key, value in load_file(path).items() if key.startswith(PREFIX)
    }
    wanted = learned.state_dict()
    theirs, ours = ({key: list(value.shape) for key, value in state.items()} for state in (found, wanted))
    wrong = next((key for key in ours | theirs if theirs.get(key) != ours.get(key)), None)
    if wrong is not None:
        raise PrunariumError(
            f"{path}: these learned parts of {name} are for another model: {wrong} is {theirs.get(wrong)}, this model "
            f"needs {ours.get(wrong)}; give weights='{RANDOM}' to train new ones"
        )
    learned.load_state_dict(found)
