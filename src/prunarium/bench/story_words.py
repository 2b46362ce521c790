"""The language of ``storyworld``: its words, which are its tokens, and its sentences."""

import numpy as np

# fmt: off
NAMES = (
    "Anna", "Ben", "Clara", "David", "Emma", "Frank", "Grace", "Henry",
    "Ida", "Jack", "Kate", "Leo", "Mary", "Noah", "Olga", "Paul",
)
THINGS = (
    "apple", "book", "cup", "drum", "flag", "hat", "key", "lamp",
    "map", "pen", "ring", "rope", "shell", "spoon", "stone", "vase",
)
# fmt: on
ADJECTIVES = ("red", "old", "small", "quiet")
BUILDINGS = ("barn", "house", "mill", "tower")
WEATHER = ("cold", "dark", "late", "warm")
PLACES = tuple(f"{adjective} {building}" for adjective in ADJECTIVES for building in BUILDINGS)

KINDS = ("present", "past", "carried", "lying")
PRESENT, PAST, CARRIED, LYING = range(len(KINDS))
FACTS = (
    "{person} went to the {place} .",
    "{person} left the {place} .",
    "{person} took the {thing} .",
    "The {thing} lies in the {place} .",
)
REMINDERS = (
    "{person} is still in the {place} .",
    "{person} was in the {place} before .",
    "The {thing} is still with {person} .",
    "The {thing} still lies in the {place} .",
)
RIVALS = (
    "{person} dreamed of the {place} .",
    "{person} dreamed of the {place} .",
    "{person} spoke of the {thing} .",
    "The {thing} once lay in the {place} .",
)
TALK = ("{person} met {other} .", "{person} smiled at {other} .", "It was {weather} .", "{person} sang .")
QUESTIONS = (
    "Where is {person} now ?",
    "Where was {person} before ?",
    "Where is the {thing} ?",
    "Where lies the {thing} ?",
)
QUESTION_WORDS = 5
ANSWER_WORDS = 4  # three and the end
LEAST = 3  # words of a sentence

SPECIAL = ("<pad>", "<bos>", "<eos>", "<unk>")
_STATED = dict.fromkeys(" ".join((*FACTS, *REMINDERS, *RIVALS, *TALK, *QUESTIONS)).split())
VOCABULARY = (
    *SPECIAL,
    *NAMES,
    *THINGS,
    *ADJECTIVES,
    *BUILDINGS,
    *WEATHER,
    *(word for word in _STATED if not word.startswith("{")),
)
"""A token's id is its place."""
PAD, BOS, EOS, UNKNOWN = range(len(SPECIAL))
PERSON, THING, ADJECTIVE, BUILDING = (VOCABULARY.index(one[0]) for one in (NAMES, THINGS, ADJECTIVES, BUILDINGS))
IDS = {word: number for number, word in enumerate(VOCABULARY)}

ASKED = np.array(
    [
        [
            [IDS[word] for word in one.format(person=name, thing=thing).split()]
            for name, thing in zip(NAMES, THINGS, strict=True)
        ]
        for one in QUESTIONS
    ]
)
"""The question about each fact ``[kinds, 16, 5]``."""


def in_words(tokens: np.ndarray | list[int]) -> str:
    """Token ids as a person reads them, without the special ones."""
    words = " ".join(VOCABULARY[token] for token in tokens if token >= len(SPECIAL))
    return words.replace(" .", ".").replace(" ?", "?")
