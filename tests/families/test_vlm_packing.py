"""LLaVA-NeXT: the tiles of an image become one sequence as in transformers, whatever a method left of them."""

import functools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers.models.llava_next.modeling_llava_next import image_size_to_num_patches

from prunarium import load
from prunarium.families import VlmMethod
from prunarium.families.vlm.pictures import cells_of_places, numbered, packed, reduced
from prunarium.ops import DROPPED, Move, Tokens

from .vlm_models import IMAGE, PATCHES, make_llava_next, one_of, prompt_for

NEWLINE = 7777.0
SIZES = st.tuples(st.integers(1, 130), st.integers(1, 130))
next_model = functools.cache(make_llava_next)


def pack(features, size, newline):
    """transformers' own code, for one image."""
    model = next_model()
    [found], _ = model.model.pack_image_features([features], torch.tensor([size]), "default", image_newline=newline)
    return found


def tiles_of(size):
    config = next_model().config
    return image_size_to_num_patches(list(size), config.image_grid_pinpoints, config.vision_config.image_size)


def places_of(size):
    def packing(features, newline):
        return [pack(features[0], size, newline)], None

    return numbered(tiles_of(size), PATCHES, packing, torch.device("cpu"))


def tagged(size):
    """Tokens of all tiles, each of which holds its own number."""
    numbers = torch.arange(tiles_of(size) * PATCHES, dtype=torch.float32)
    return Tokens(numbers.view(-1, PATCHES, 1), original=PATCHES)


@settings(max_examples=60)
@given(SIZES)
def test_nothing_reduced_is_what_transformers_packs(size):
    features = torch.randn(tiles_of(size), PATCHES, 5, generator=torch.Generator().manual_seed(0))
    newline = torch.randn(5, generator=torch.Generator().manual_seed(1))
    due = pack(features, size, newline)
    picture, layout = packed(Tokens(features, original=PATCHES), places_of(size), newline, (6, 6))
    again = reduced(picture, lambda tokens: tokens)
    for one in (picture, again):
        assert torch.equal(one.features, due)
        assert one.placeholders == len(due)
        assert torch.equal(one.slots, torch.arange(len(due)))
        assert torch.equal(one.home(), torch.arange(len(due)))
    assert layout.thumbnail == PATCHES
    assert torch.equal(due[layout.newline], newline.expand(int(layout.newline.sum()), -1))
    assert len(cells_of_places(places_of(size), (6, 6))) == len(due)


def literally(tiles, went, places, newlines):
    """The same by loops.

    Args:
        tiles: for each tile what is left of it, as pairs of a tag and a position, ``None`` for nobody's.
        went: for each token of all tiles the tag of what holds it, or ``None``.
        places: as of ``packed``.
        newlines: whether they stay.

    Returns:
        tags in their order, the places they take, and where each place went.
    """
    out = [(tag, position) for tag, position in tiles[0]]
    at = {
        number * PATCHES + position: tag
        for number, tile in enumerate(tiles)
        for tag, position in tile
        if number and position is not None
    }
    for place, token in enumerate(places.tolist()):
        if token == DROPPED and newlines:
            out.append((NEWLINE + place, place))
        elif token in at:
            out.append((at[token], place))
    leads, others = [], []
    for tile in tiles[1:]:
        leading = True
        for tag, position in tile:
            leading = leading and position is None
            if position is None:
                (leads if leading else others).append((tag, None))
    out += leads + others
    tags = [tag for tag, _ in out]
    homes = []
    for place, token in enumerate(places.tolist()):
        tag = NEWLINE + place if token == DROPPED else went[token]
        homes.append(tags.index(tag) if tag in tags else DROPPED)
    return tags, [DROPPED if place is None else place for _, place in out], homes


def check(tokens, size, newlines, tiles, went):
    places = places_of(size)
    picture, layout = packed(tokens, places, torch.tensor([NEWLINE]) if newlines else None)
    tags, slots, homes = literally(tiles, went, places, newlines)
    assert picture.features[:, 0].tolist() == [min(tag, NEWLINE) for tag in tags]
    assert picture.slots.tolist() == slots
    assert picture.home().tolist() == homes
    assert layout.thumbnail == len(tiles[0])
    assert layout.newline.tolist() == [tag >= NEWLINE for tag in tags]


@settings(max_examples=60)
@given(SIZES, st.integers(0, 1000), st.floats(0, 1), st.booleans())
def test_dropped_tokens_are_gone_and_the_others_in_their_order(size, seed, share, newlines):
    """Tiles keep different numbers of tokens; those that stand in the padding of the image vanish."""
    tokens = tagged(size)
    wanted = torch.rand(tokens.x.shape[:2], generator=torch.Generator().manual_seed(seed)) < share
    tiles = [
        [(float(number * PATCHES + at), at) for at in range(PATCHES) if wanted[number, at]]
        for number in range(len(wanted))
    ]
    went = [float(token) if wanted.flatten()[token] else None for token in range(wanted.numel())]
    check(tokens.keep_where(wanted), size, newlines, tiles, went)


@settings(max_examples=60)
@given(SIZES, st.integers(0, 1000), st.integers(0, PATCHES), st.booleans())
def test_tokens_of_nobodys_place_are_at_the_end(size, seed, count, newlines):
    """A cls token in front of each tile, and one behind it for all that were not kept, which are in no order."""
    tokens = tagged(size)
    number = len(tokens.x)
    kept = torch.rand(number, PATCHES, generator=torch.Generator().manual_seed(seed)).argsort(dim=1)[:, :count]
    cls, fused = (-torch.arange(1.0, number + 1).view(-1, 1, 1) - shift for shift in (0, 1000))
    nobody = torch.full((number, 1), DROPPED)
    x = torch.cat([cls, tokens.x.gather(1, kept.unsqueeze(-1)), fused], dim=1)
    group = torch.full((number, PATCHES), count + 1).scatter(1, kept, torch.arange(1, count + 1).expand(number, -1))
    left = tokens.moved(x, None, Move(torch.cat([nobody, kept, nobody], dim=1), lambda: group))
    tiles, went = [], []
    for tile in range(number):
        first = tile * PATCHES
        own = [(float(first + at), at) for at in kept[tile].tolist()]
        tiles.append([(-tile - 1.0, None), *own, (-tile - 1001.0, None)])
        went += [float(first + at) if at in kept[tile] else -tile - 1001.0 for at in range(PATCHES)]
    check(left, size, newlines, tiles, went)


def several_images():
    """One prompt with three images of other sizes, its pixels padded to as many tiles each."""
    draw = torch.Generator().manual_seed(4)
    sizes = [(40, 24), (48, 48), (20, 90)]
    parts = [torch.randint(3, 50, (4,), generator=draw)]
    for size in sizes:
        parts += [torch.full((len(places_of(size)),), IMAGE), torch.randint(3, 50, (3,), generator=draw)]
    pixels = torch.randn(3, 5, 3, 24, 24, generator=draw)
    for image, size in zip(pixels, sizes, strict=True):
        image[tiles_of(size) :] = 0
    return {"input_ids": torch.cat(parts)[None], "pixel_values": pixels, "image_sizes": torch.tensor(sizes)}


def entering(model, prompt):
    """What enters the language model ``[tokens, dim]``."""
    seen = []

    def look(module, args, kwargs):
        seen.append(kwargs["inputs_embeds"][0])

    hook = model.model.language_model.register_forward_pre_hook(look, with_kwargs=True)
    model(**prompt)
    hook.remove()
    return seen[0]


@torch.inference_mode()
def test_several_images_untouched():
    model, prompt = next_model(), several_images()
    due = entering(model, prompt)
    for name in ("fastervlm", "visionzip", "prumerge", "hired", "topk-cls", "grid-pooling"):
        method = load(name).knob(1.0, None)
        with method.apply(model) as handle:
            assert torch.allclose(entering(model, prompt), due, atol=1e-6)
            assert handle.report().tokens_out[0] == int((prompt["input_ids"] == IMAGE).sum())


@pytest.mark.parametrize("name, newlines", [("fastervlm", True), ("hired", False)])
@torch.inference_mode()
def test_source_tells_where_each_image_token_went(name, newlines):
    """FasterVLM keeps the newlines, HiRED drops them."""
    model, prompt = next_model(), several_images()
    is_image = prompt["input_ids"][0] == IMAGE
    before, text = entering(model, prompt)[is_image], entering(model, prompt)[~is_image]
    with load(name, keep_rate=0.5).apply(model) as handle:
        after, home = entering(model, prompt), handle.source()[0]
        count = handle.report().tokens_out[0]
    image_rows = torch.tensor([not bool((row == text).all(dim=1).any()) for row in after])
    assert torch.equal(after[~image_rows], text)
    left = after[image_rows]
    assert len(left) == count == (home >= 0).sum() == home.max() + 1
    assert torch.allclose(left[home[home >= 0]], before[home >= 0], atol=1e-6)
    assert torch.equal(home[home >= 0].sort().values, home[home >= 0])
    lines, lines_left = ((rows == model.model.image_newline).all(dim=1).sum() for rows in (before, left))
    assert lines == 10 + 12 + 2  # rows of patches, without padding
    assert lines_left == (lines if newlines else 0)


class Reversed(VlmMethod):
    """The same tokens from the last to the first."""

    def project(self, tokens, layout):
        order = torch.arange(tokens.count).flip(0).expand(len(tokens.x), -1)
        return tokens.keep(order)


@torch.inference_mode()
def test_what_is_reduced_after_the_projector_keeps_the_methods_order():
    model = next_model()
    prompt = one_of(prompt_for(model), 0)
    is_image = prompt["input_ids"][0] == IMAGE
    before = entering(model, prompt)[is_image]
    with Reversed().apply(model) as handle:
        after = entering(model, prompt)[is_image]
        home = handle.source()[0]
    assert torch.allclose(after, before.flip(0), atol=1e-6)
    assert torch.equal(home, torch.arange(len(home)).flip(0))
