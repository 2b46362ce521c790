"""Token maps at falling budgets, kept as records: what a method leaves of a few inputs."""

import io
from collections import Counter
from collections.abc import Callable, Sequence

import torch

from prunarium.bench.benchmarks import EmbeddedBenchmark, benchmarks
from prunarium.bench.budgets import at_budget
from prunarium.bench.responses import right
from prunarium.bench.run import Run
from prunarium.bench.workload import Workload
from prunarium.bench.workloads import workload_for
from prunarium.errors import PrunariumError
from prunarium.families import Handle, TokenMethod
from prunarium.ops import DROPPED, groups
from prunarium.records import Card
from prunarium.records.token_maps import (
    ASIDE,
    GONE,
    KEPT,
    ShownInput,
    ShownModel,
    TokenMap,
    TokenMaps,
    TokenMapStep,
    token_maps_key,
)
from prunarium.registry import find_card, load_token_method

INPUTS = 3
SHADES = 16
"""Of the shared pictures: noise costs bytes, and nobody sees it."""
BUDGETS = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2)
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def token_maps(name: str, tell: Callable[[str], None] = lambda what: None) -> TokenMaps:
    """Run a method on the first inputs of the embedded benchmarks of its families, at every budget that it reaches.

    Args:
        name: id of a method, or the path of a method folder.
        tell: is told what is run.

    Raises:
        PrunariumError: no such method, or it does not work on a benchmark's model.
    """
    card, method, maps = find_card(name), load_token_method(name), []
    for benchmark in _benchmarks_of(card):
        workload = workload_for(benchmark.name)
        height, width = (side // benchmark.patch for side in workload.data.images[0].shape[:2])
        steps = []
        for budget in BUDGETS:
            tell(f"{card.id} on {benchmark.name}: budget {budget:g}")
            steps += _step(method, budget, workload)
        inputs = [
            ShownInput(picture=picture_name(benchmark, k), caption=workload.data.captions[k]) for k in range(INPUTS)
        ]
        maps.append(
            TokenMap(ran_on=_ran_on(card, method, workload), rows=height, columns=width, inputs=inputs, steps=steps)
        )
    key = token_maps_key(card.id, card.version, [one.ran_on for one in maps])
    return TokenMaps(key=key, method=card.id, method_version=card.version, maps=maps)


def current_key(name: str) -> str:
    """The key that the token maps of a method would have if they were made now.

    Raises:
        PrunariumError: as ``token_maps``.
    """
    card, method = find_card(name), load_token_method(name)
    ran_on = [_ran_on(card, method, workload_for(benchmark.name)) for benchmark in _benchmarks_of(card)]
    return token_maps_key(card.id, card.version, ran_on)


def pictures() -> dict[str, bytes]:
    """The inputs as small PNG files, by name."""
    from PIL import Image

    made = {}
    for benchmark in (one for one in benchmarks().values() if one.pictured):
        images = benchmark.data().images
        for place in range(INPUTS):
            stream = io.BytesIO()
            Image.fromarray(images[place]).quantize(SHADES).save(stream, "PNG", optimize=True)
            made[picture_name(benchmark, place)] = stream.getvalue()
    return made


def picture_name(benchmark: EmbeddedBenchmark, place: int) -> str:
    """The file of an input."""
    return f"{benchmark.name}-{place}.png"


def _benchmarks_of(card: Card) -> list[EmbeddedBenchmark]:
    return [one for one in benchmarks().values() if one.pictured and one.family in card.families]


def _ran_on(card: Card, method: TokenMethod, workload: Workload) -> ShownModel:
    assert workload.benchmark
    weights, learned = Run(card, method, workload, "", (), 0.0).weights
    return ShownModel(
        benchmark=workload.benchmark.name, revision=workload.benchmark.revision, weights=weights, learned=learned
    )


@torch.inference_mode()
def _step(method: TokenMethod, budget: float, workload: Workload) -> list[TokenMapStep]:
    """The method at a budget; nothing where it cannot reach that one. Where it cannot keep all, nothing runs at 1."""
    try:
        turned = at_budget(method, budget, workload)
    except PrunariumError:
        if budget < 1:
            return []
        turned = load_token_method("identity")
    with turned.apply(workload.model) as handle:
        inputs = workload.data.batch(0, INPUTS, workload.device)
        said = workload.respond(workload.model, inputs).said
        workload.answer(workload.model, inputs)  # the maps are those of the forward pass whose cost is measured
        prefix = getattr(workload.model, "num_prefix_tokens", 0)
        left, back = (homes[:, prefix:].tolist() for homes in (_inside(handle), handle.source()))
    assert workload.data.labels is not None
    judged = right(said, workload.data.labels[:INPUTS], workload.metrics[0]).tolist()
    maps = [_marks(one, other) for one, other in zip(left, back, strict=True)]
    return [TokenMapStep(budget=budget, setting=repr(turned), maps=maps, right=judged)]


def _inside(handle: Handle) -> torch.Tensor:
    """Where each token is in the last block, before the method puts back what it set aside ``[batch, tokens]``."""
    records = handle.report().blocks
    moves = [move for record in records for move in record.moves]
    if moves and moves[-1].position.shape[1] > records[-1].tokens_out:
        moves = moves[:-1]
    return groups(moves, handle.batch, records[0].tokens_in)


def _marks(inside: Sequence[int], after: Sequence[int]) -> str:
    """A mark for each patch, from the tokens that hold them in the last block and at the end."""
    together = [home for home, count in Counter(inside).items() if count > 1 and home != DROPPED]
    letters = dict(zip(together, _LETTERS, strict=False))
    return "".join(
        (GONE if end == DROPPED else ASIDE) if home == DROPPED else letters.get(home, KEPT)
        for home, end in zip(inside, after, strict=True)
    )
