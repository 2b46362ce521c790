"""What no method that changes the cache of a language model can work with."""

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from prunarium.errors import PrunariumError


def check_attention(config: Any) -> None:
    """Refuse a language model whose attention has another kernel than SDPA or eager, or sliding windows."""
    if config._attn_implementation not in ("sdpa", "eager"):
        raise PrunariumError("load the model with attn_implementation='sdpa' (or 'eager')")
    if "sliding_attention" in (getattr(config, "layer_types", None) or ()) or (
        getattr(config, "sliding_window", None) and getattr(config, "use_sliding_window", True)
    ):
        raise PrunariumError(
            "a language model with sliding windows is not supported: a shorter prompt has other windows"
        )


def check_cache(cache: Any) -> None:
    """Refuse a cache whose layers cannot hold different numbers of entries."""
    if getattr(cache, "is_compileable", False):
        raise PrunariumError("use a dynamic cache: a static one cannot hold fewer tokens in later layers")


def about_to_read(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Tensor, dict[str, Any]]:
    """The tokens, or embeddings, that a language model is about to read, and its arguments by name.

    Raises:
        PrunariumError: there are none, or the cache is static.
    """
    if args:
        kwargs = {"input_ids": args[0], **kwargs}
    ids = kwargs.get("input_ids")
    tokens = kwargs.get("inputs_embeds") if ids is None else ids
    if tokens is None or not tokens.shape[0] or not tokens.shape[1]:
        raise PrunariumError("the prompt is empty; pass at least one token")
    check_cache(kwargs.get("past_key_values"))
    return tokens, kwargs


def no_labels(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Refuse labels where a model reads fewer tokens than there are (a forward pre-hook)."""
    if kwargs.get("labels") is not None:
        raise PrunariumError("labels have no place while tokens are dropped; compute the loss from the logits")


def whole_prompts_only(model: Any, beams: bool = True) -> Callable[..., Any]:
    """``generate`` without the options that read a prompt in pieces or take words back from the cache.

    Args:
        model: a language model of transformers.
        beams: whether beam search may run.
    """

    def generate(*args: Any, **kwargs: Any) -> Any:
        chosen = kwargs.get("generation_config") or model.generation_config
        if not beams and (kwargs.get("num_beams") or getattr(chosen, "num_beams", None) or 1) > 1:
            raise PrunariumError("the method has no rule for beams that change places; pass num_beams=1")
        for option in ("prefill_chunk_size", "prompt_lookup_num_tokens", "assistant_model"):
            if kwargs.get(option) or getattr(kwargs.get("generation_config"), option, None):
                raise PrunariumError(f"generate({option}=...) is not supported while a method is applied")
        return type(model).generate(model, *args, **kwargs)

    return generate


def real_tokens(mask: Any) -> Tensor | None:
    """Which tokens of a prompt are no padding ``[batch, tokens]``; ``None`` when all are.

    Raises:
        PrunariumError: a prompt ends in padding.
    """
    if not isinstance(mask, Tensor) or mask.ndim != 2 or bool(mask.all()):
        return None
    if not bool(mask[:, -1].all()):
        raise PrunariumError("pad on the left: the last token of every prompt must be real")
    return mask.bool()
