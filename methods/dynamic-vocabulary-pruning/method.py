from typing import Annotated, ClassVar, Self

from pydantic import Field, PrivateAttr
from torch import Tensor

from prunarium.families import DecoderMethod, Shape, check_stages


class DynamicVocabularyPruning(DecoderMethod):
    """Choose each word from those that an early layer finds likeliest: only their rows of the head are used behind it,
    to tell whether the word is clear enough for the layers left to be skipped, and for the word itself.

    Vincenti et al., Dynamic Vocabulary Pruning in Early-Exit LLMs, NeurIPS 2024 workshop (arXiv 2410.18952). A word is
    clear by the softmax response of Schuster et al., Confident Adaptive Language Modeling (arXiv 2207.07061): the
    likeliest word leads the next by so much.
    """

    trains: ClassVar[bool] = False
    keep_rate: Annotated[float, Field(gt=0, le=1, strict=True)] = Field(
        0.05, description="share of the vocabulary that words are chosen from, two tokens at least; 1 keeps all"
    )
    words: Annotated[int, Field(ge=2, strict=True)] | None = Field(
        None, description="tokens that words are chosen from, a number in place of keep_rate"
    )
    layer: Annotated[int, Field(ge=0, strict=True)] | None = Field(
        None, description="layer whose output chooses them, counted from 0; default: the last of the first quarter"
    )
    threshold: Annotated[float, Field(gt=0, le=1, strict=True)] = Field(
        0.9, description="how much likelier than the next a word must be to leave the model early; 1 lets none leave"
    )
    _layer: int = PrivateAttr(0)

    def fit(self, shape: Shape) -> Self:
        fitted = self.model_copy()
        fitted._layer = max(shape.depth // 4, 1) - 1 if self.layer is None else self.layer
        check_stages([fitted._layer], shape.depth)
        return fitted

    @property
    def shortlisting_layer(self) -> int | None:
        whole = self.keep_rate == 1 and self.words is None
        return None if whole and self.threshold == 1 else self._layer

    def shortlist(self, logits: Tensor) -> Tensor | None:
        vocabulary = logits.shape[-1]
        count = max(round(vocabulary * self.keep_rate), 2) if self.words is None else self.words
        return None if count >= vocabulary else logits.topk(count, dim=-1).indices

    def confident(self, logits: Tensor) -> Tensor:
        first, second = logits.double().softmax(dim=-1).topk(2, dim=-1).values.unbind(dim=-1)
        return first - second > self.threshold
