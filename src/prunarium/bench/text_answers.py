"""Generative question answering: a decoder reads a text and a question, and says the answer."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from prunarium.bench.answer_texts import bare, given_answers, in_writing, right_answers
from prunarium.bench.benchmarks import next_word
from prunarium.bench.data_files import DataFiles
from prunarium.bench.hub_files import in_one_line
from prunarium.bench.hub_texts import TextModel
from prunarium.bench.responses import Respond, Response, generated_words
from prunarium.bench.samples import Inputs, for_model
from prunarium.bench.text_samples import Task, Texts
from prunarium.errors import PrunariumError

WORDS = 32
"""Tokens that are generated at most."""
CHARACTERS = 256
INSTRUCTION = "Answer with as few words as possible."


def next_token(model: Any, inputs: Inputs) -> Tensor:
    """Scores of the token that follows a prompt ``[batch, vocabulary]``."""
    return next_word(model, for_model(inputs))


def answered(hub: TextModel, files: DataFiles, columns: Mapping[str, str], count: int | None) -> Task:
    """The questions of a dataset, each after its text, as the model's chat template words them, or else as ``Question:
    ... Answer:``. Texts are cut at their end to what the model reads at once.

    The answer ends with its first line.

    Raises:
        PrunariumError: a row lacks its question, text or answer, or the model cannot be asked so.
    """
    rows = list(files.rows([columns[role] for role in ("context", "question", "answers")], count))
    answers, asked, encoded, cut = [], [], [], 0
    for number, row in rows:
        found = given_answers(row[columns["answers"]])
        text, question = row[columns["context"]], row[columns["question"]]
        for what, there in (("text", text), ("question", question), ("answer", found)):
            if not there:
                raise PrunariumError(f"{files.path}: row {number} has no {what}; give a split that has one in each row")
        ids, long = prompt_ids(hub, str(text), str(question))
        answers.append(found)
        asked.append((str(question), str(text)))
        encoded.append({"input_ids": ids})
        cut += long
    labels = right_answers(answers, bare, CHARACTERS)
    return Task(
        data=Texts(
            rows=encoded,
            content=[f"{pair}: {texts}" for pair, texts in zip(asked, answers, strict=True)],
            labels=labels,
            pad=hub.pad,
            spell=hub.spell,
            left=True,
            captions=[question for question, _ in asked],
        ),
        answer=next_token,
        respond=in_writing(_generated, lambda ids: _first_lines(hub.read(ids)), labels.shape[-1], bare),
        batch=1,
        large_batch=8,
        note=f"{cut} of {len(rows)} texts are cut at their end to the {hub.longest} tokens that the model reads at once"
        if cut
        else "",
    )


def prompt_ids(hub: TextModel, text: str, question: str) -> tuple[list[int], bool]:
    """The tokens of a prompt with room for the answer, and whether the text had to be cut for it.

    Raises:
        PrunariumError: the question alone is too long, or the chat template cannot word it.
    """
    ids = _worded(hub, text, question)
    room = hub.longest - WORDS
    if len(ids) <= room:
        return ids, False
    places = hub.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)["offset_mapping"]
    left = len(places) - (len(ids) - room)
    while left > 0 and len(ids) > room:
        ids = _worded(hub, text[: places[left - 1][1]], question)
        left -= max(1, len(ids) - room)  # cut words may be other tokens than before
    if len(ids) > room:
        raise PrunariumError(f"{hub.name}: a question leaves no room for a text in the {hub.longest} tokens it reads")
    return ids, True


def _worded(hub: TextModel, text: str, question: str) -> list[int]:
    if not hub.tokenizer.chat_template:
        ids: list[int] = hub.tokenizer(f"{text}\n\nQuestion: {question}\nAnswer:", verbose=False)["input_ids"]
        return ids
    messages = [{"role": "user", "content": f"{text}\n\n{question}\n{INSTRUCTION}"}]
    with in_one_line(f"{hub.name}: its chat template cannot word a prompt"):
        worded: str = hub.tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    asked: list[int] = hub.tokenizer(worded, add_special_tokens=False, verbose=False)["input_ids"]
    return asked


def _generated(model: Any, inputs: Inputs) -> Response:
    respond: Respond = generated_words(WORDS)
    return respond(model, for_model(inputs))


def _first_lines(texts: Sequence[str]) -> list[str]:
    return [(text.strip().splitlines() or [""])[0] for text in texts]


def one_text(hub: TextModel, text: str, what: str = "--prompt") -> Texts:
    """One prompt as it stands; nobody knows what follows.

    Raises:
        PrunariumError: it is empty, or longer than the model reads.
    """
    ids = hub.tokenizer(text, verbose=False)["input_ids"] if text.strip() else []
    if not ids:
        raise PrunariumError(f"{what} is empty: the tokenizer makes no token of it; give some text")
    if len(ids) > hub.longest:
        raise PrunariumError(f"{what} has {len(ids)} tokens, and {hub.name} reads {hub.longest}; give a shorter one")
    pads_left = hub.model.can_generate() and not hub.model.config.is_encoder_decoder
    return Texts([{"input_ids": ids}], [text], None, hub.pad, left=pads_left, captions=[text], spell=hub.spell)
