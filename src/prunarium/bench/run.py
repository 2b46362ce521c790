"""Runs a method on a workload, against the untouched model with fused attention, in one process."""

import functools
from collections.abc import Iterator, Sequence
from typing import NamedTuple, get_args

import numpy as np
import torch

from prunarium.bench.acting import check_acted
from prunarium.bench.budgets import check_budget, counts_known, first_samples
from prunarium.bench.closed_forms import closed_form
from prunarium.bench.counters import OWN, Stages, audit_stages, check_fused, count_stages, mean_stages, total
from prunarium.bench.environment import weights_hash
from prunarium.bench.kv_cache import CACHING, as_cache, held_after
from prunarium.bench.memory import batch_of
from prunarium.bench.quality import answer, answer_untouched, compare_answers, compare_foretelling, compare_kinds
from prunarium.bench.samples import Inputs
from prunarium.bench.scored_run import Found, ScoredRun
from prunarium.bench.sharding import leave_the_rest_to_the_first
from prunarium.bench.speed import speeds
from prunarium.bench.workload import Workload
from prunarium.families import TokenMethod, shape_of
from prunarium.records import Cache, Cost, Foretelling, MeasuredScore, Quality, Speed
from prunarium.records.score import Stage
from prunarium.registry import load_token_method


class TokensLeft(NamedTuple):
    """Tokens that entered the first block, and that left each block ``[blocks]``: means over the samples."""

    entered: float
    left: np.ndarray


class Run(ScoredRun):
    """One method inside a model, one setting, one workload."""

    method: TokenMethod
    workload: Workload
    _perplexity: Foretelling | None = None

    @functools.cached_property
    def weights(self) -> tuple[str, str | None]:
        """The hashes of the model's weights as the method runs on them, and of the method's learned parts."""
        workload = self.workload
        if workload.device.type == "meta":
            return workload.weights, None  # shapes have no values
        with self.method.apply(workload.model) as handle:
            lent = weights_hash(workload.model) if handle.lends else workload.weights
            parts = handle.learned if handle.learned is not None and handle.learned.state_dict() else None
            return lent, weights_hash(parts) if parts is not None else None

    def check_budget(self, wanted: float, score: MeasuredScore) -> None:
        """Refuse a score whose budget is not the one that was asked for.

        Raises:
            PrunariumError: the run missed it.
        """
        check_budget(self.method, wanted, score.cost.budget, counts_known(self.method, self.workload))

    def _find(self, speed: Sequence[Speed] | None) -> Found:
        workload = self.workload
        family = shape_of(self.method, workload.model).family  # refuses a model that does not fit before any work
        with batch_of(workload.batch, "quality is always measured in such batches; use a device with more memory"):
            quality, by_kind, left = self._quality()
        leave_the_rest_to_the_first()
        self.progress("cost", 0.4)
        cost = self._cost(left)
        speed = list(self._speeds() if speed is None else speed)
        return Found(family, quality, by_kind, cost, speed, self._perplexity)

    def _speeds(self) -> Iterator[Speed]:
        for done, size in enumerate(self.batch_sizes):
            self.progress(f"speed at batch size {size}", 0.45 + 0.55 * done / len(self.batch_sizes))
            with batch_of(size):
                yield speeds([self.method], self.workload, size, self.seconds_per_batch_size)[0]

    def _quality(self) -> tuple[list[Quality], dict[str, Quality], TokensLeft]:
        """Right answers with and without the method on the same samples, by each metric, and by the main one for each
        kind of question; the tokens that were left."""
        workload, data = self.workload, self.workload.data
        share = 0.4 if data.labels is None else 0.2
        reduced = answer(workload, self.method, lambda done: self.progress("quality", share * done))
        assert reduced.entered is not None
        left = TokensLeft(float(reduced.entered.mean()), reduced.tokens.mean(axis=0))
        if data.labels is None:
            return [], {}, left
        plain = answer_untouched(workload, lambda done: self.progress("quality, untouched", share * (1 + done)))
        labels = data.labels.numpy()
        self._perplexity = compare_foretelling(plain, reduced)
        quality = [compare_answers(plain, reduced, labels, metric) for metric in workload.metrics]
        return quality, compare_kinds(plain, reduced, labels, workload.metrics[0], data.kinds), left

    def _cost(self, tokens: TokensLeft) -> Cost:
        workload, model = self.workload, self.workload.model
        before = [round(tokens.entered)] * len(tokens.left)  # nothing leaves the untouched model
        check_acted(self.method, model, before, tokens.left, counts_known(self.method, workload))
        if workload.device.type != "meta":  # where nothing is computed, nothing is fused; the counts are the same
            check_fused(model, workload.answer, workload.data.batch(0, 1, workload.device))
        samples = first_samples(self.method, workload)
        untouched = mean_stages([self._untouched(one) for one in samples])
        reduced = self._reduced(samples)
        return Cost(
            macs_baseline=total(untouched.values()).total,
            macs=total(reduced.values()).total,
            macs_own=reduced[OWN].own,
            macs_by_stage_baseline=_by_stage(untouched),
            macs_by_stage=_by_stage(reduced),
            tokens_baseline=before,
            tokens=[round(float(count), 3) for count in tokens.left],
            budget=round(float(tokens.left.mean() / tokens.entered), 6),
            cache=self._cache(samples),
        )

    def _cache(self, samples: Sequence[Inputs]) -> Cache | None:
        """What some samples leave for the words to come; ``None`` of a model that says none."""
        model = self.workload.model
        if shape_of(self.method, model).family not in CACHING:
            return None
        untouched = [held_after(model, one) for one in samples]
        with self.method.apply(model) as handle:
            return as_cache(untouched, [held_after(model, one, handle) for one in samples])

    def _untouched(self, one: Inputs) -> Stages:
        """Of one sample, held against the closed form."""
        workload, model = self.workload, self.workload.model
        with load_token_method("identity").apply(model) as handle, torch.inference_mode():
            workload.answer(model, one)
            report = handle.report()
        counted = count_stages(model, workload.answer, one)
        audit_stages(counted, closed_form(model, report, one))
        return counted

    def _reduced(self, samples: Sequence[Inputs]) -> Stages:
        """The mean of some samples, each held against the closed form."""
        workload, model = self.workload, self.workload.model
        counts = []
        with self.method.apply(model) as handle:
            for one in samples:
                counts.append(count_stages(model, workload.answer, one, handle))
                audit_stages(counts[-1], closed_form(model, handle.report(), one))
        return mean_stages(counts)


def _by_stage(counts: Stages) -> dict[Stage, int]:
    return {stage: counts[stage].total for stage in get_args(Stage) if stage in counts}
