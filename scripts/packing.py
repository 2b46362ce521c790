"""Many questions behind what they all ask about, in one training sequence."""

import torch
from torch import Tensor


def packed(prompts: Tensor, answers: Tensor, shared: int, silent: int) -> tuple[Tensor, Tensor]:
    """Join prompts that differ only in their question, with their answers.

    Args:
        prompts: ``[batch, questions, tokens]``.
        answers: ``[batch, questions, words]``.
        shared: tokens of each prompt before its question.
        silent: what stands for no word.

    Returns:
        token ids, and the word that each of them is to foretell, ``silent`` where none is; both ``[batch, packed]``.
    """
    batch, questions, _ = prompts.shape
    asked = prompts[..., shared:]
    ids = torch.cat([asked, answers[..., :-1]], dim=-1).flatten(1)  # nothing follows the last word
    before = answers.new_full((batch, questions, asked.shape[-1] - 1), silent)
    told = torch.cat([before, answers], dim=-1).flatten(1)
    beside = answers.new_full((batch, shared), silent)
    return torch.cat([prompts[:, 0, :shared], ids], dim=1), torch.cat([beside, told], dim=1)


def layout(positions: Tensor, questions: int, length: int) -> tuple[Tensor, Tensor]:
    """Where packed questions of ``length`` tokens are, and what they see: what is before them and themselves, at the
    positions that each has alone.

    Args:
        positions: of the tokens before the questions and of the first one behind those ``[batch, shared + 1]``.
        questions: how many there are.
        length: tokens of a question with its answer.

    Returns:
        position ids ``[batch, packed]`` and the attention mask ``[1, 1, packed, packed]``, true where a token is seen:
        the causal one, without the other questions.
    """
    shared, behind = positions[:, :-1], positions[:, -1:]
    own = (behind + torch.arange(length)).repeat(1, questions)
    alone = torch.full((shared.shape[1],), -1)
    owner = torch.cat([alone, torch.arange(questions).repeat_interleave(length)])
    seen = (owner[None] == -1) | (owner[None] == owner[:, None])
    return torch.cat([shared, own], dim=1), seen.tril()[None, None]
