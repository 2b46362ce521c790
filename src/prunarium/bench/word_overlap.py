"""How far an answer says the words of a right one."""

from collections import Counter

import numpy as np


def f1(said: np.ndarray, right: np.ndarray) -> np.ndarray:
    """SQuAD's F1: the harmonic mean of the shares of words that are in both, of the best of the right answers
    ``[samples]``. An empty answer is right where a right one is empty.

    Rajpurkar et al., EMNLP 2016 (arXiv 1606.05250), section 6.1.

    Args:
        said: characters as numbers, below 0 where an answer has ended ``[samples, characters]``.
        right: likewise; rows of -2 are no answers ``[samples, answers, characters]``.
    """
    pairs = zip(said, right, strict=True)
    return np.array([max(_shared(_words(one), _words(due)) for due in among if due[0] != -2) for one, among in pairs])


def _words(row: np.ndarray) -> list[str]:
    return "".join(chr(number) for number in row if number >= 0).split()


def _shared(said: list[str], due: list[str]) -> float:
    if not said or not due:
        return float(said == due)
    common = (Counter(said) & Counter(due)).total()
    return 2 * common / (len(said) + len(due))
