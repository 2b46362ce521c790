"""Whether words of a reference look like a person's name rather than like a title."""

_PARTICLES_TEXT = "al and b bin da de del della den der di dos du e el et la le ten ter van von y &"
_INSIDE_TITLES_TEXT = "and for in of the to"
_TITLES_TEXT = """
accelerating acceleration adaptation adaptive all an architecture at-runtime attention bert chapter code compressed
compressing compression computation consonant content context convolutional core decoding deep detection diffusion
dynamic efficiency efficient embeddings fast faster framework fusion generation generative head hidden image inference
input language large layer learned learning length light-weight memory merging methods model models modules multimodal
natural network networks neural pretraining processing prompt pruning reading recognition reduction representation
retrieval segmentation self-attention sequential serving sparse speed states system text token tokenizer tokens train
training transfer transformer transformers understanding video vision visual vit vocabulary your zero-shot
"""
_PARTICLES = frozenset(_PARTICLES_TEXT.split())
_INSIDE_TITLES = frozenset(_INSIDE_TITLES_TEXT.split())
_TITLE_WORDS = frozenset(_TITLES_TEXT.split())
_NEVER_IN_NAMES = frozenset(':?!()+/"“')
_LONGEST_NAME = 6


def is_name(words: str) -> bool:
    """Whether the words look like one person's name, or a part of it such as initials."""
    pieces = words.removeprefix("and ").removeprefix("& ").split()
    if not pieces or len(pieces) > _LONGEST_NAME or _NEVER_IN_NAMES.intersection(words):
        return False
    return not any(is_title_word(piece) for piece in pieces) and all(_is_name_word(piece) for piece in pieces)


def is_title_word(word: str) -> bool:
    """Whether titles of this field are made of the word, which may then stand capitalised and alone as names do."""
    return word.casefold().strip(".") in _TITLE_WORDS


def _is_name_word(word: str) -> bool:
    plain = word.strip(".'’").rstrip("0123456789")  # a footnote mark may stick to a name
    if plain.casefold() in _PARTICLES:
        return True
    capital = plain[:1].isupper() and not any(mark.isdigit() for mark in plain)
    return capital and not _INSIDE_TITLES.intersection(plain.split("-"))
