from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Self

import torch
from pydantic import Field, PrivateAttr
from torch import Tensor, nn

from prunarium.errors import PrunariumError
from prunarium.families import Shape, Tower, VlmMethod
from prunarium.ops import Tokens, top, upper_outliers


@dataclass(frozen=True)
class Question:
    """Questions as CLIP embeds them ``[1 or one for each image, dim]``, and CLIP's way from a patch to the same space.

    Attributes:
        text: not normalised.
        norm: CLIP's last normalisation of an image.
        projection: CLIP's projection of an image.
    """

    text: Tensor
    norm: nn.Module
    projection: nn.Module

    def likeness(self, patches: Tensor, images: Tensor) -> Tensor:
        """Softmax, over each tile's patches, of minus their products with the question ``[tiles, patches]``.

        Args:
            patches: ``[tiles, patches, dim]``.
            images: number of the image that each tile is of ``[tiles]``.
        """
        if len(self.text) > 1 and int(images.max()) >= len(self.text):
            raise PrunariumError(f"TRIM was asked {len(self.text)} questions; image {int(images.max())} has none")
        text = self.text[images.to(self.text.device)] if len(self.text) > 1 else self.text
        patches = self.projection(self.norm(patches.to(self.text)))
        return (-(patches @ text.unsqueeze(-1)).squeeze(-1)).softmax(dim=-1)


class TRIM(VlmMethod):
    """Keep the patches that differ from the others in how they go with the question, and the mean of the rest.

    Song et al., Less is More: A Simple yet Effective Token Reduction Method for Efficient Multi-modal LLMs, COLING 2025
    (arXiv 2409.10994): the CLIP metric says which, the interquartile range how many. The question has to be given with
    ``ask``, as CLIP's own text tower reads it.
    """

    adaptive: ClassVar[bool] = True
    keep_rate: Annotated[float, Field(gt=0, le=1, strict=True)] | None = Field(
        None, description="share of the patches left; default: those that stand out by the interquartile range"
    )
    asks: ClassVar[bool] = True
    _question: Question | None = PrivateAttr(None)

    def ask(self, clip: Any, input_ids: Tensor, attention_mask: Tensor | None = None) -> Self:
        """This method, which knows the question: ``load("trim").ask(clip, **tokenizer(question, ...)).apply(model)``.

        Args:
            clip: transformers' ``CLIPModel`` whose image half is the model's vision tower.
            input_ids: of one question for all images, or of one for each image in the order in which the model sees
                them, one image in a prompt; as CLIP's tokenizer makes them ``[questions, tokens]``.
            attention_mask: of the tokenizer ``[questions, tokens]``.

        Raises:
            PrunariumError: ``clip`` is no ``CLIPModel``.
        """
        if not all(hasattr(clip, part) for part in ("text_projection", "visual_projection", "vision_model")):
            raise PrunariumError(f"TRIM asks with a CLIPModel, which has both halves, not with {type(clip).__name__}")
        with torch.no_grad():
            pooled = clip.text_model(input_ids=input_ids, attention_mask=attention_mask).pooler_output
            text = clip.text_projection(pooled)
        twin = self.model_copy()
        twin._question = Question(text, clip.vision_model.post_layernorm, clip.visual_projection)
        return twin

    def fit(self, shape: Shape) -> Self:
        if self._question is None:
            raise PrunariumError("TRIM needs the question: load('trim').ask(clip, **tokenised question).apply(model)")
        width = self._question.projection.in_features
        if width != shape.tower_dim:
            raise PrunariumError(
                f"this CLIP has patches of {width} numbers and the model's vision tower of {shape.tower_dim}; give "
                "ask() the CLIPModel that the tower is of"
            )
        return self

    def encode(self, tokens: Tokens, tower: Tower) -> Tokens:
        assert self._question is not None, "fit to a model first"
        kept = None if self.keep_rate is None else int(tokens.count * self.keep_rate)
        if kept == tokens.count:
            return tokens
        rows = torch.arange(len(tokens.x)) if tower.tiles is None else torch.zeros(len(tokens.x), dtype=torch.long)
        score = self._question.likeness(tokens.x, rows + tokens.first_sample + tower.image).to(tokens.x.device)
        if kept is None:
            wanted = upper_outliers(score)
        else:
            wanted = torch.zeros_like(score, dtype=torch.bool).scatter(1, top(score, kept), True)
        rest = (~wanted).unsqueeze(-1).to(tokens.x.dtype)
        return tokens.keep_where(wanted, (tokens.x * rest).sum(1, keepdim=True) / rest.sum(1, keepdim=True))

    def knob(self, amount: float, shape: Shape) -> Self:
        return self.model_copy(update={"keep_rate": max(amount, 1e-6)})
