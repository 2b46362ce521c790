"""Code that runs a method, for its page. Every line of it is run by a test."""

from dataclasses import dataclass

from prunarium.bench.conditions import USUAL_BUDGETS
from prunarium.records import Family
from prunarium.site.content import Method

_EMBEDDED: dict[Family, str] = {
    "vit": "cluttered-digits",
    "vlm": "digit-grid",
    "encoder": "storyworld-encoder",
    "decoder": "storyworld-decoder",
}
"""Prompts go through no model of torch, and have commands of their own."""
_ON_BENCHMARK = """\
import torch

import prunarium
from prunarium.bench.benchmarks import find_benchmark

benchmark = find_benchmark("{benchmark}")  # data made on the spot, and a small model that the package ships
model, data = benchmark.model(), benchmark.data()
method = prunarium.load("{method}")
with method.apply(model) as handle, torch.inference_mode():  # taken out again at the end
    said = benchmark.respond(model, data.batch(0, 1, torch.device("cpu"))).said
print(handle.report())  # tokens in and out of every block
print("right:", benchmark.right(said, data.labels[:1]).tolist())
"""
_ON_TIMM = """\
import timm
import torch

import prunarium

model = timm.create_model("deit_tiny_patch16_224").eval()  # pretrained=True fetches its weights
method = prunarium.load("{method}")
with method.apply(model) as handle, torch.inference_mode():
    scores = model(torch.rand(1, 3, 224, 224))
print(handle.report())
"""
_ON_LANGUAGE_MODEL = """\
import torch
from transformers import LlamaConfig, LlamaForCausalLM

import prunarium

sizes = {{"num_hidden_layers": 4, "hidden_size": 64, "intermediate_size": 128, "num_attention_heads": 4}}
model = LlamaForCausalLM(LlamaConfig(vocab_size=100, **sizes)).eval()  # or LlamaForCausalLM.from_pretrained(...)
prompt = torch.randint(3, 100, (1, 128))
method = prunarium.load("{method}")
with method.apply(model) as handle:
    words = model.generate(prompt, max_new_tokens=8, do_sample=False)
print(handle.report())  # entries that the cache of each layer held after the prompt
"""
_ON_BERT = """\
import torch
from transformers import BertConfig, BertForSequenceClassification

import prunarium

sizes = {{"hidden_size": 128, "num_hidden_layers": 6, "num_attention_heads": 4, "intermediate_size": 256}}
model = BertForSequenceClassification(BertConfig(**sizes)).eval()  # from_pretrained loads your own
words = torch.randint(1000, 30000, (1, 64))
method = prunarium.load("{method}"{untrained})
with method.apply(model) as handle, torch.inference_mode():
    scores = model(words).logits
print(handle.report())
"""


@dataclass(frozen=True)
class Snippet:
    """Python code, and what it runs the method on."""

    title: str
    code: str


def in_python(method: Method) -> list[Snippet]:
    """On a model of one's own where that needs no training first, and on what the package ships."""
    found = []
    if _asks(method):
        return []
    learned = method.workings is None or method.workings.learned
    if "vit" in method.card.families and not learned:
        found.append(Snippet("On a timm model", _ON_TIMM.format(method=method.id)))
    if "decoder" in method.card.families:
        found.append(Snippet("On a language model of transformers", _ON_LANGUAGE_MODEL.format(method=method.id)))
    if "encoder" in method.card.families:
        untrained = ', weights="random"' if learned else ""  # a BERT of this shape has no trained parts
        found.append(Snippet("On a BERT of transformers", _ON_BERT.format(method=method.id, untrained=untrained)))
    for family in (family for family in method.card.families if family in _EMBEDDED):
        benchmark = _EMBEDDED[family]
        code = _ON_BENCHMARK.format(method=method.id, benchmark=benchmark)
        found.append(Snippet(f"On the benchmark {benchmark}, offline", code))
    return found


def in_terminal(method: Method) -> list[str]:
    """Commands that run it as it comes, at a budget, and that draw what it does; none where no benchmark ships."""
    if method.card.families == ["prompt"]:
        needed = method.workings.options if method.workings else ()
        return [" ".join(["prunarium compress", method.id, "prompt.txt", *needed, "--param keep_rate=0.5"])]
    if not _is_measurable(method) or _asks(method):
        return []
    lines = [f"prunarium run {method.id}"]
    if reaches_budgets(method):
        lines += [f"prunarium run {method.id} --budget 0.5", f"prunarium visualize {method.id} --budget 0.5"]
    return lines


def one_line(method: Method) -> str:
    """The shortest way to run it: a command or, where none is to be had, Python."""
    asked = ".ask(...)" if _asks(method) else ""
    return (in_terminal(method) or [f'prunarium.load("{method.id}"){asked}.apply(model)'])[0]


def reproducing(method: Method) -> list[tuple[str, str]]:
    """Commands that measure its scores again, and what each does."""
    if not _is_measurable(method):
        return []
    known = ",".join(f"{budget:g}" for budget in USUAL_BUDGETS[method.card.families[0]])
    budgets = f" --budget {known}" if reaches_budgets(method) else ""
    return [
        (
            f"prunarium verify {method.id} --fast",
            "one record on each benchmark, again; exit code 1 where it fails",
        ),
        (f"prunarium verify {method.id}", "all of its records that need no data or weights of your own"),
        (f"prunarium bench {method.id}{budgets}", "new records, at the budgets at which methods are compared"),
        (f"prunarium claims {method.id}", "what papers report, held against what was measured here"),
    ]


def reaches_budgets(method: Method) -> bool:
    """Whether its token maps have a budget below 1; without maps, all but a method that changes nothing."""
    maps = method.current_maps
    return maps is None or any(step.budget < 1 for one in maps.maps for step in one.steps)


def _asks(method: Method) -> bool:
    """Whether it has to be told something besides its parameters."""
    return method.workings is not None and method.workings.asks


def _is_measurable(method: Method) -> bool:
    """Whether there is a benchmark for one of its families."""
    return any(family in _EMBEDDED for family in method.card.families)
