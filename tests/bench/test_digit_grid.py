"""digit-grid: its images show what it says they show, its questions have the answers that a reader would give."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from prunarium.bench import digit_grid, digits
from prunarium.bench.digit_grid import COLOURS, KINDS, NOTHING, PLACES, Questions, in_words
from prunarium.bench.models import digit_grid_llava
from tests.script_modules import script

training = script("train_digit_grid")
LINES = {
    "top": (0, 1, 2),
    "middle": (3, 4, 5),
    "bottom": (6, 7, 8),
    "left": (0, 3, 6),
    "centre": (1, 4, 7),
    "right": (2, 5, 8),
}


def read(question, held):
    """The answer that a person reads off a grid, ``held`` by cell: (colour, digit) or None."""
    kind, first, second = question.split()
    if kind == "digit":
        (cell,) = set(LINES[first]) & set(LINES[second])
        return "{} {}".format(*held[cell])
    there = [held[cell] for cell in LINES[second] if held[cell]]
    if kind == "count":
        return f"{sum(colour == first for colour, _ in there)} {len(there)}"
    assert (first == "row") == (second in ("top", "middle", "bottom"))
    return "{} {}".format(*max(there, key=lambda one: one[1]))


def seen(image):
    """What each cell of an image holds, found by laying every test digit over every place of it."""
    pool, labels = digits.pool(train=False)
    found = []
    for cell in np.array([image[y : y + 16, x : x + 16] for y in (0, 16, 32) for x in (0, 16, 32)], dtype=int):
        if cell.max() < digit_grid.NOISE:
            found.append(None)
            continue
        colour = cell.max(axis=(0, 1)).argmax()
        assert np.delete(cell, colour, axis=2).max() < digit_grid.NOISE, "one colour in a cell"
        window = np.array([cell[y : y + 12, x : x + 12, colour] for y in range(5) for x in range(5)])
        rest = window[:, None] - pool
        fits = ((rest >= 0) & (rest < digit_grid.NOISE) | (window == 255)[:, None]).all(axis=(2, 3)).any(axis=0)
        (label,) = set(labels[fits])
        found.append((COLOURS[colour], int(label)))
    return found


def test_questions_ask_for_what_the_images_show():
    asked, grids = digit_grid.generate(30, 0), digit_grid.generate_grids(30, 0)
    assert (asked.images == grids.images).all()
    for k, image in enumerate(asked.images):
        held = seen(image)
        assert read(in_words(asked.prompts[k]), held) == in_words(asked.answers[k])
        drawn = [one[1] for one in held if one]
        assert len(set(drawn)) == len(drawn) >= digit_grid.FEWEST
        assert [one[1] if one else NOTHING for one in held] == grids.digits[k].tolist()


def test_the_cells_that_matter_are_those_the_question_names():
    asked = digit_grid.generate(60, 3)
    for prompt, cells in zip(asked.prompts, asked.cells, strict=True):
        kind, first, second = in_words(prompt).split()
        named = set(LINES[second]) & set(LINES[first] if kind == "digit" else range(9))
        assert set(cells.nonzero()[0]) == named


def test_prompts_and_kinds():
    asked = digit_grid.generate(90, 1)
    assert asked.images.shape == (90, 48, 48, 3) and asked.images.dtype == np.uint8
    assert asked.prompts.shape == (90, 1 + 144 + 3) and asked.answers.shape == (90, 3)
    assert (asked.prompts[:, 1:145] == digit_grid.IMAGE).all() and (asked.prompts == digit_grid.IMAGE).sum() == 90 * 144
    assert (asked.prompts[:, 0] == digit_grid.BOS).all() and (asked.answers[:, -1] == digit_grid.EOS).all()
    assert [asked.kinds.count(kind) for kind in KINDS] == [30, 30, 30]
    words = [in_words(prompt).split() for prompt in asked.prompts]
    assert [word[0] for word in words] == list(asked.kinds)
    assert {word[-1] for word in words} == set(PLACES), "every place is asked for"


def test_seeds():
    one, same, other = (digit_grid.generate(20, seed) for seed in (0, 0, 1))
    for a, b in zip(one[:3], same[:3], strict=True):
        assert (a == b).all()
    assert all((a != b).any() for a, b in zip(one[:3], other[:3], strict=True))


@given(
    st.permutations(range(10)),
    st.lists(st.booleans(), min_size=9, max_size=9),
    st.lists(st.integers(0, 2), min_size=9, max_size=9),
)
def test_every_answer_is_the_one_that_is_read_off(shown, full, colours):
    held = [(COLOURS[c], d) if there else None for c, d, there in zip(colours, shown, full, strict=False)]
    grid = np.array([[one[1] if one else NOTHING for one in held]])
    kind, place = np.array([(0, cell) for cell in range(9)] + [(k, line) for k in (1, 2) for line in range(6)]).T
    questions = Questions(kind, place, np.arange(len(kind)) % 3)
    answers = questions.answers(grid.repeat(len(kind), axis=0), np.array([colours]).repeat(len(kind), axis=0))
    for prompt, answer, cells in zip(questions.prompts(), answers, questions.cells(), strict=True):
        if any(held[cell] for cell in cells.nonzero()[0]):
            assert in_words(answer) == read(in_words(prompt), held)


@torch.inference_mode()
def test_a_packed_question_is_answered_as_it_is_alone():
    torch.manual_seed(0)
    model, grids = digit_grid_llava().eval(), digit_grid.generate_grids(2, 0)
    prompts, answers = training.all_questions(grids, 0)
    ids, told = (both[:, 145:] for both in training.packed(prompts, answers, 145, silent=digit_grid.PAD))
    pixels = training.pixels(grids.images)
    image = torch.stack(list(model.model.get_image_features(pixels).pooler_output))
    together = training.foretold(model, image, torch.arange(146)[None], ids, prompts.shape[1])
    for number in range(2):
        alone = torch.cat([prompts[number], answers[number, :, :-1]], dim=1)
        apart = model(input_ids=alone, pixel_values=pixels[number].expand(len(alone), -1, -1, -1), logits_to_keep=3)
        here = together[number].view(len(alone), 5, -1)[:, 2:]
        assert torch.allclose(here, apart.logits, atol=1e-4)
        assert (told[number].view(len(alone), 5)[:, 2:] == answers[number]).all()


def test_images_are_thinned_in_order_and_with_their_digits_last():
    grids = digit_grid.generate_grids(30, 0)
    digits = training.marks(grids) < 10
    tokens = torch.arange(144.0)[None, :, None].expand(30, -1, -1)
    untouched, renumbered, with_digits = [], [], []
    for seed in range(40):
        kept, positions = training.thinned(tokens, grids, seed)
        places = kept[..., 0].long()
        assert positions.shape == (30, places.shape[1] + 2) and (positions[:, 0] == 0).all()
        assert (places.diff(dim=1) > 0).all()
        renumbered.append(bool((positions == torch.arange(positions.shape[1])).all()))
        assert renumbered[-1] or ((positions[:, 1:-1] == 1 + places).all() and (positions[:, -1] == 145).all())
        untouched.append(places.shape[1] == 144)
        with_digits.append(digits.gather(1, places).sum(dim=1) == digits.sum(dim=1).clamp(max=places.shape[1]))
    assert 0 < sum(untouched) < 20 and 20 < sum(renumbered) < 40
    assert 0.6 < torch.stack(with_digits).float().mean() < 1


def test_the_cls_token_is_to_look_at_digits():
    torch.manual_seed(0)
    tower, grids = digit_grid_llava().model.vision_tower, digit_grid.generate_grids(4, 0)
    tower.set_attn_implementation("eager")
    output = tower(training.pixels(grids.images), output_hidden_states=True, output_attentions=True)
    looks = output.attentions[-2][:, :, 0, 1:].mean(dim=1)  # of the layer that makes the features
    share = (looks * (training.marks(grids) < 10)).sum(dim=1) / looks.sum(dim=1)
    due = (training.LOOKED_AT / share).clamp(min=1).log().mean()
    assert torch.allclose(training.overlooking(tower, output.hidden_states, grids), due, atol=1e-5) and due > 0


def test_every_digit_is_in_the_cell_of_its_patch():
    grids = digit_grid.generate_grids(20, 1)
    image, cell = (grids.digits != NOTHING).nonzero()
    assert (training.cells_of_patches().numpy()[grids.middles[image, cell]] == cell).all()


def test_questions_about_nothing_are_not_learnt():
    grids = digit_grid.generate_grids(40, 5)
    prompts, answers = training.all_questions(grids, 0)
    assert prompts.shape == (40, 21, 148) and answers.shape == (40, 21, 3)
    unanswered = (answers == digit_grid.PAD).all(dim=2).numpy()
    assert (unanswered[:, :9] == (grids.digits == NOTHING)).all()
    for image, held in enumerate(grids.digits):
        for number, line in enumerate(LINES.values()):
            empty = all(held[cell] == NOTHING for cell in line)
            assert (unanswered[image, [9 + number, 15 + number]] == empty).all()
    assert (answers[torch.from_numpy(~unanswered)] != digit_grid.PAD).all()
