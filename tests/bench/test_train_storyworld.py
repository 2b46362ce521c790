"""How storyworld's models are trained: packed questions are answered as alone, and a few steps lower the loss."""

import numpy as np
import pytest
import torch

from prunarium.bench import storyworld
from prunarium.bench.models import load_weights
from prunarium.bench.story_models import story_bert, story_llama
from prunarium.bench.story_telling import NOTHING
from prunarium.bench.story_words import BOS, KINDS, NAMES, PAD, PLACES, THINGS, VOCABULARY, in_words
from tests.script_modules import script

from .story_reader import read

training, story_topics = script("train_storyworld"), script("story_topics")


def test_every_fact_is_asked_for():
    stories = storyworld.generate(3, 0, 128).stories
    prompts, answers = training.all_questions(stories)
    assert prompts.shape == (3, 12, 129) and answers.shape == (3, 12, 4), "3 people: 4 facts with each"
    for story, asked, told in zip(stories.words, prompts.numpy(), answers.numpy(), strict=True):
        assert (asked[:, :-5] == [BOS, *story]).all()
        questions = [in_words(one[-5:]) for one in asked]
        assert len(set(questions)) == 12
        assert [read(in_words(story), question) for question in questions] == [in_words(one) for one in told]


@torch.inference_mode()
def test_a_packed_question_is_answered_as_it_is_alone():
    torch.manual_seed(0)
    model, stories = story_llama().eval(), storyworld.generate(2, 0, 64).stories
    prompts, answers = training.all_questions(stories)
    shared, questions = prompts.shape[2] - 5, prompts.shape[1]
    ids, told = training.packed(prompts, answers, shared, silent=PAD)
    position_ids, mask = training.layout(torch.arange(shared + 1).expand(2, -1), questions, 8)
    together = model(input_ids=ids, position_ids=position_ids, attention_mask=mask.expand(2, -1, -1, -1)).logits
    for number in range(2):
        alone = model(torch.cat([prompts[number], answers[number, :, :-1]], dim=1), logits_to_keep=4).logits
        here = together[number, shared:].view(questions, 8, -1)[:, 4:]
        assert torch.allclose(here, alone, atol=1e-4)
        assert (told[number, shared:].view(questions, 8)[:, 4:] == answers[number]).all()
        assert torch.allclose(together[number, :shared], model(prompts[number, :1, :shared]).logits[0], atol=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_sentences_far_apart_stay_whole_and_in_order(seed):
    stories = storyworld.generate(6, seed, 128).stories
    positions = training.far_apart(stories, seed).numpy()
    steps = np.diff(positions, axis=1)
    assert (positions[:, 0] == 0).all() and (steps >= 1).all() and positions[:, :-1].max() < storyworld.LONGEST
    assert (positions[::2] == np.arange(positions.shape[1])).all()
    within = np.diff(stories.sentence, axis=1) == 0
    assert (steps[:, 1:-1][within] == 1).all(), "no gap inside a sentence"
    assert (steps[:, -1] == 1).all(), "nor before what follows"
    assert (positions[1::2, -1] > positions.shape[1]).all()


def test_marks_say_where_everybody_is():
    asked = storyworld.generate(5, 0, 96)
    ids = torch.from_numpy(asked.pairs()[0])
    marks = training.marks(asked.stories, ids)
    assert marks.shape == (*ids.shape, 2)
    for story, tokens, due in zip(asked.stories.words, ids.tolist(), marks.tolist(), strict=True):
        text = in_words(story)
        for token, (present, past) in zip(tokens, due, strict=True):
            word = VOCABULARY[token]
            if word in NAMES:
                assert PLACES[present] == read(text, f"Where is {word} now?")
                assert PLACES[past] == read(text, f"Where was {word} before?")
            elif word in THINGS:
                place = read(text, f"Where lies the {word}?") or read(text, f"Where is the {word}?")
                assert place.endswith(PLACES[present]) and past == NOTHING
            else:
                assert present == past == NOTHING


def test_positions_start_with_a_neighbour_that_one_turn_finds():
    table = training.sinusoids(50, 64)
    near, far = (table[:-n] * table[n:] for n in (1, 20))
    assert table.shape == (50, 64) and near.sum(dim=1).std() < 1e-3 and near.sum() > far.sum()
    assert (
        training.EncoderLesson().model.bert.embeddings.position_embeddings.weight[:50] - table * 0.1
    ).abs().max() < 1e-6


def test_stories_grow():
    words = [training.words_at(step, 12, 256, 1024) for step in range(1, 13)]
    assert words == [64] * 6 + [256, 1024, 256, 256, 256, 1024]


def test_tokens_know_what_their_sentence_has_named():
    stories = storyworld.generate(3, 0, 64).stories
    prompts, answers = training.all_questions(stories)
    ids, _ = training.packed(prompts, answers, prompts.shape[2] - 5, silent=PAD)
    sentence = training.sentences(stories, prompts.shape[1], 8)
    assert sentence.shape == ids.shape
    named, stated = story_topics.named_so_far(ids, sentence), story_topics.kinds_stated(stories, sentence)
    for row in range(3):
        for number in sentence[row].unique().tolist()[1:]:
            where = (sentence[row] == number).nonzero().flatten()
            words = [VOCABULARY[one] for one in ids[row, where]]
            for place, (person, thing) in enumerate(named[row, where].tolist()):
                seen = words[: place + 1]
                assert [word for word in seen if word in NAMES][-1:] == [NAMES[person]] * (person != NOTHING)
                assert [word for word in seen if word in THINGS][-1:] == [THINGS[thing]] * (thing != NOTHING)
            assert (stated[row, where[:-2]] == NOTHING).all() and (stated[row, where[-2:]] != NOTHING).all()
            says = KINDS[stated[row, where[-1]]] if stated[row, where[-1]] < len(KINDS) else ""
            marks = {"present": ("went", "now"), "past": ("left", "was"), "carried": ("took", "is"), "lying": ("lies",)}
            assert any(mark in words for mark in marks[says]) if says else not {"went", "left", "took"} & {*words}
            assert says != "lying" or "still" not in words


def test_dialogues_have_the_question_on_either_side():
    asked = storyworld.generate(4, 0, 64)
    for number, row in enumerate(training.dialogues(asked).numpy()):
        story, question, answer = (
            in_words(part[number]) for part in (asked.stories.words, asked.questions(), asked.answers())
        )
        first, second = (question, story) if number % 2 else (story, question)
        assert in_words(row) == f"{first} {second} {answer}" and row[0] == BOS


@pytest.mark.parametrize("part", training.Part)
def test_a_few_steps_lower_the_loss(part):
    torch.manual_seed(0)
    lesson = training.LESSONS[part]()
    losses = []

    def loss(step):
        losses.append(lesson.loss(4, 2, 64, 0.5))
        return losses[-1]

    training.learn([(lesson.learner, 3e-3)], loss, 12, lambda step: None, warm_up=3)
    assert losses[-1] < 0.8 * losses[0]
    unmoved = [name for name, one in lesson.model.named_parameters() if one.grad is None]
    assert unmoved == []


def test_teaching_checks_and_writes(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(training, "CHECKED", 8)
    torch.manual_seed(0)
    lesson, path = training.EncoderLesson(), tmp_path / "out.safetensors"
    lesson.batch = 2
    training.teach(lesson, 3, path, 1e-3, every=3, warm_up=1)
    assert "step 3: present 0." in capsys.readouterr().out
    again = load_weights(story_bert(), path)
    for name, value in lesson.model.state_dict().items():
        assert torch.allclose(again.state_dict()[name], value, atol=1e-3), name
    assert lesson.model.training and path.stat().st_size < 1_000_000


def test_going_on_is_with_long_stories(tmp_path):
    lesson, asked = training.DecoderLesson(), []
    lesson.check = lambda: {}

    def loss(count, seed, words, progress):
        asked.append((seed, words))
        assert progress > 1 / 2
        return training.ScorerLesson.loss(lesson, 2, seed, 64, progress)

    lesson.loss = loss
    training.teach(lesson, 4, tmp_path / "out.safetensors", 1e-3, grown=True, warm_up=1)
    assert asked == [(10_005, 256), (10_006, 256), (10_007, 256), (10_008, 1024)]
