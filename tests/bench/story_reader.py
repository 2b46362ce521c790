"""A reader of storyworld's text, who knows nothing of how it is made."""

import re
from dataclasses import dataclass, field

IDLE = re.compile(
    r"\w+ dreamed of the \w+ \w+|\w+ spoke of the \w+|The \w+ once lay in the \w+ \w+|"
    r"\w+ met \w+|\w+ smiled at \w+|It was \w+|\w+ sang"
)


@dataclass
class Reader:
    """What a reader knows; fails where a story contradicts itself."""

    now: dict = field(default_factory=dict)
    before: dict = field(default_factory=dict)
    holder: dict = field(default_factory=dict)
    lies: dict = field(default_factory=dict)

    def hear(self, sentence):
        match sentence.split():
            case [who, "went", "to", "the", *place]:
                self.now[who] = " ".join(place)
            case [who, "left", "the", *place]:
                assert who not in self.now, "nobody comes before leaving"
                self.before[who] = " ".join(place)
            case [who, "took", "the", thing]:
                assert thing not in self.holder
                self.holder[thing] = who
            case ["The", thing, "lies", "in", "the", *place]:
                self.lies[thing] = " ".join(place)
            case ["The", thing, "still", "lies", "in", "the", *place]:
                assert self.lies[thing] == " ".join(place)
            case ["The", thing, "is", "still", "with", who]:
                assert self.holder[thing] == who
            case [who, "is", "still", "in", "the", *place]:
                assert self.now[who] == " ".join(place)
            case [who, "was", "in", "the", adjective, building, "before"]:
                assert self.before[who] == f"{adjective} {building}"
            case _:
                assert IDLE.fullmatch(sentence), sentence

    def answer(self, question):
        """The answer in words; ``None`` where nobody can know it."""
        match question.rstrip("?").split():
            case ["Where", "is", who, "now"]:
                return self.now.get(who)
            case ["Where", "was", who, "before"]:
                return self.before.get(who)
            case ["Where", "is", "the", thing]:
                who = self.holder.get(thing)
                return f"{who} {self.now[who]}" if who in self.now else None
            case ["Where", "lies", "the", thing]:
                return self.lies.get(thing)
        raise AssertionError(f"what is {question!r}?")


def sentences(text):
    return text.rstrip(".").split(". ")


def read(text, question):
    reader = Reader()
    for sentence in sentences(text) if text else ():
        reader.hear(sentence)
    return reader.answer(question)
