"""The page on shorter caches: which scores count, in what order, and what is said of them."""

from prunarium.bench.shorter_caches import shorter_caches
from prunarium.records import Cache, Decode, Interval
from prunarium.site.pages import shorter_caches as page

from .conftest import measured_score
from .test_speed_up import with_scores

WORDS = 100


def interval(median):
    bounds = dict.fromkeys(("low", "high", "ci_low", "ci_high"), median)
    return Interval(median=median, repeats=3, **bounds)


def timed(method, budget, word, own=0.25):
    """A score of a decoder whose prompt takes 1,000 ms in any case, and a word 10 ms less ``word``."""
    score = measured_score()
    decode = Decode(
        words=WORDS,
        baseline_ms=interval(10.0),
        method_ms=interval(10.0 - word),
        ratio=interval(10.0 / (10.0 - word)),
        own_ms=interval(own),
        own_share=own / (10 - word),
        cache_bytes_baseline=22_000_000,
        cache_bytes=12_000_000,
        peak_memory_baseline=500_000_000,
        peak_memory=490_000_000,
    )
    changes = {"baseline_ms": interval(1000.0), "method_ms": interval(1000.0), "decode": decode}
    cache = Cache(
        bytes_baseline=20_000_000,
        bytes=round(budget * 20_000_000),
        entries_baseline=[2048.0],
        entries=[2048 * budget],
        tokens_read=[2048.0],
    )
    cost = score.cost.model_copy(update={"budget": budget, "cache": cache, "tokens_baseline": [2048]})
    speed = [score.speed[0].model_copy(update=changes)]
    named = {"method": method, "family": "decoder", "benchmark": None, "model": "little-4-of-8-layers+2048"}
    return score.model_copy(update={**named, "cost": cost, "speed": speed})


def test_scores_with_both_phases_of_a_decoder_of_others_count():
    whole = timed("h2o", 0.5, word=5)
    (speed,) = whole.speed
    earlier = speed.model_copy(update={"decode": speed.decode.model_copy(update={"own_ms": None})})
    others = [
        whole.model_copy(update={"family": "vlm"}),
        whole.model_copy(update={"benchmark": "storyworld-decoder"}),
        whole.model_copy(update={"speed": [earlier]}),
        whole.model_copy(update={"speed": []}),
    ]
    assert shorter_caches(others) == {}
    ((row,),) = shorter_caches([*others, whole]).values()
    assert row.answer == (1000 + WORDS * 10) / (1000 + WORDS * 5)


def test_the_largest_budget_comes_first_and_then_the_fastest_words():
    scores = [timed("h2o", 0.25, 6), timed("tova", 0.502, 4), timed("knorm", 0.5, 5), timed("random", 0.25, 7)]
    (rows,) = shorter_caches(scores).values()
    assert [row.score.method for row in rows] == ["knorm", "tova", "random", "h2o"]


def test_the_page_has_prompt_words_own_work_and_memory_apart(everything):
    content = with_scores(everything, timed("h2o", 0.5, 5), timed("tova", 0.5, 4))
    (html,) = page.pages(content).values()
    text = " ".join(html.decode().split())
    assert "a prompt of 2048 tokens and 100 words after it" in text
    assert text.index('methods/h2o/"') < text.index('methods/tova/"')
    assert "own work 0.25 ms, 5.0 %" in text and "behind the words 12 MB of 22 MB" in text
    assert "490 MB of 500 MB behind the words" in text and ">1.33×</td>" in text


def test_without_scores_the_page_says_how_to_get_them(everything):
    (html,) = page.pages(with_scores(everything)).values()
    assert "prunarium bench scripts/decoder_overhead.yaml --together" in html.decode()
