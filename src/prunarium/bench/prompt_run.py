"""Runs a method for prompts: the same questions, answered from whole prompts and from what the method leaves."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import nn

from prunarium.bench.benchmarks import next_word
from prunarium.bench.budgets import COUNTED
from prunarium.bench.closed_forms import decoder_macs
from prunarium.bench.counters import Macs, audit, check_fused, count_macs, mean_macs
from prunarium.bench.kv_cache import as_cache, held_after
from prunarium.bench.memory import batch_of, peak_memory
from prunarium.bench.prompt_workload import PromptWorkload
from prunarium.bench.quality import Answers, compare_answers, compare_kinds
from prunarium.bench.samples import Inputs
from prunarium.bench.scored_run import Found, ScoredRun
from prunarium.bench.sharding import leave_the_rest_to_the_first, spread
from prunarium.bench.speed import as_speed
from prunarium.bench.timing import Stopwatch, interleave, own_work, seconds
from prunarium.errors import PrunariumError
from prunarium.families import CompressedPrompt, PromptMethod
from prunarium.records import BUDGET_TOLERANCE, Cost, MeasuredScore, Speed

SHARE = 64
"""Prompts that a process compresses at a time."""


class PromptRun(ScoredRun):
    """One method for prompts at one setting.

    Its own work is the compression: the scorer's multiply-accumulates, and all seconds before the model that answers
    reads what is left.
    """

    method: PromptMethod
    workload: PromptWorkload

    @property
    def weights(self) -> tuple[str, str | None]:
        """The hash of the weights of the model that answers and of the scorer; the method has none of its own."""
        return self.workload.weights, None

    def check_budget(self, wanted: float, score: MeasuredScore) -> None:
        """Refuse a score whose budget is not the one that was asked for.

        Raises:
            PrunariumError: the run missed it.
        """
        found = score.cost.budget
        if round(abs(found - wanted), 6) > BUDGET_TOLERANCE:
            raise PrunariumError(
                f"{self.method!r} was to keep a budget of {wanted:g} and kept {found:.3f}: its parts are too large for "
                "it; leave out whole=true, or give keep_rate instead of --budget"
            )

    def example(self) -> CompressedPrompt:
        """What is left of the first prompt."""
        return self.workload.compress(self.method, [0])[0]

    def _find(self, speed: Sequence[Speed] | None) -> Found:
        data, metric = self.workload.data, self.workload.benchmark.metrics[0]
        compressed = self._compressed()
        self.progress("quality", 0.2)
        plain, reduced = self._answers(data.prompts), self._answers([one.text for one in compressed])
        leave_the_rest_to_the_first()
        self.progress("cost", 0.4)
        quality = compare_answers(plain, reduced, data.answers, metric)
        by_kind = compare_kinds(plain, reduced, data.answers, metric, data.kinds)
        cost = self._cost(compressed)
        return Found("prompt", [quality], by_kind, cost, list(self._speeds() if speed is None else speed))

    def _compressed(self) -> list[CompressedPrompt]:
        count = len(self.workload.data)

        def share(start: int) -> list[CompressedPrompt]:
            self.progress("compression", 0.2 * start / count)
            return self.workload.compress(self.method, range(start, min(start + SHARE, count)))

        found = [one for part in spread(share, range(0, count, SHARE)) for one in part]
        if self.method.keep_rate < 1 and all(one.tokens_out == one.tokens_in for one in found):
            raise PrunariumError(f"{self.method!r} shortened no prompt, so there is nothing to measure; turn its knob")
        return found

    def _answers(self, prompts: Sequence[str]) -> Answers:
        said = self.workload.benchmark.say(self.workload.model, prompts)
        return Answers(said, np.empty((len(said), 0)))

    def _cost(self, compressed: Sequence[CompressedPrompt]) -> Cost:
        """Tokens of all prompts; multiply-accumulates and bytes are the means of the first ones."""
        workload, layers = self.workload, len(self.workload.model.model.layers)
        first = range(min(COUNTED, len(compressed)))
        whole = [workload.read([text]) for text in workload.whole(first)]
        short = [workload.read([compressed[one].text]) for one in first]
        check_fused(workload.model, next_word, whole[0])
        untouched, target = (mean_macs([self._counted(one) for one in inputs]) for inputs in (whole, short))
        own = self._scoring(first)
        came, left = (np.mean([getattr(one, name) for one in compressed]) for name in ("tokens_in", "tokens_out"))
        return Cost(
            macs_baseline=untouched.total,
            macs=target.total + own,
            macs_own=own,
            tokens_baseline=[round(float(came))] * layers,
            tokens=[round(float(left), 3)] * layers,
            budget=round(float(left / came), 6),
            cache=as_cache(*([held_after(workload.model, one) for one in inputs] for inputs in (whole, short))),
        )

    def _counted(self, inputs: Inputs) -> Macs:
        """Of reading one prompt, held against the closed form."""
        model = self.workload.model
        counted = count_macs(model, next_word, inputs)
        layers, length = model.model.layers, inputs["input_ids"].shape[1]
        audit(counted, decoder_macs(layers, [length] * len(layers)) + Macs(linear=model.lm_head.weight.numel()))
        return counted

    def _scoring(self, which: Sequence[int]) -> int:
        """Multiply-accumulates of the scorer, mean over some prompts; 0 of a method that has none."""
        if self.method.scores_with is None:
            return 0

        def score(model: nn.Module, inputs: Inputs) -> None:
            self.workload.compress(self.method, which)

        return round(count_macs(self.workload.scorer.model, score, {}).total / len(which))

    def _speeds(self) -> Iterator[Speed]:
        for done, size in enumerate(self.batch_sizes):
            self.progress(f"speed at batch size {size}", 0.45 + 0.55 * done / len(self.batch_sizes))
            with batch_of(size), torch.inference_mode():
                yield self._speed(size)

    def _speed(self, size: int) -> Speed:
        """From text to the first word that is said: the whole prompts, and what the method makes of them first."""
        workload, device = self.workload, self.workload.device
        which = [place % len(workload.data) for place in range(size)]
        stopwatch = Stopwatch(device)

        def untouched() -> None:
            workload.prefill(workload.whole(which))

        def reduced() -> None:
            with stopwatch():
                left = workload.compress(self.method, which)
            workload.prefill([one.text for one in left])

        def watched() -> tuple[float, float]:
            before = stopwatch.seconds
            whole = seconds(reduced, device)
            return stopwatch.seconds - before, whole

        def timed(step: Callable[[], None]) -> Callable[[], float]:
            return lambda: seconds(step, device)

        plain, with_method = interleave([timed(untouched), timed(reduced)], self.seconds_per_batch_size)
        own = own_work(watched, len(plain))
        reads_again = self.method.scores_with is not None  # torch's tracker follows no model through several calls
        steps = (untouched, None if reads_again else reduced)
        peaks = [peak_memory(step, workload.model, {}, device) if step else None for step in steps]
        return as_speed(size, (plain, with_method), own, (peaks[0], peaks[1]))
