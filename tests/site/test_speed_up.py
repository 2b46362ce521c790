"""The page on speed at equal multiply-accumulates: what counts, what arrives, and where the rest goes."""

from dataclasses import replace

from prunarium.bench.equal_macs import equal_macs
from prunarium.site.pages import speed_up

from .conftest import measured_score


def timed(method, share, ratio, own=0.1, sizes=(1, 64)):
    """A score on a model of others at a share of its multiply-accumulates."""
    score = measured_score()
    cost = score.cost.model_copy(update={"macs": round(share * score.cost.macs_baseline)})
    speed = [
        one.model_copy(
            update={
                "batch_size": size,
                "own_share": own,
                "ratio": one.ratio.model_copy(update={"median": ratio, "ci_low": ratio, "ci_high": ratio}),
            }
        )
        for one, size in zip(score.speed, sizes, strict=True)
    ]
    return score.model_copy(update={"method": method, "benchmark": None, "cost": cost, "speed": speed})


def with_scores(everything, *scores):
    return replace(
        everything,
        methods=tuple(
            replace(method, measured=tuple(score for score in scores if score.method == method.id))
            for method in everything.methods
        ),
    )


def test_only_what_is_near_the_share_counts_and_the_nearest_of_a_method():
    counted = timed("evit", 0.65, 1.5).model_copy(update={"speed": [], "model": "counted on shapes"})
    scores = [timed("tome", 0.65, 1.4), timed("tome", 0.66, 1.3), timed("evit", 0.7, 1.5), counted]
    (by_method,) = equal_macs(scores).values()
    assert list(by_method) == ["tome"]
    assert by_method["tome"][1].speed.ratio.median == 1.4
    assert round(by_method["tome"][64].arrived, 2) == round(1.4 * 0.65, 2)


def test_the_best_comes_first_and_the_rest_is_explained(everything):
    content = with_scores(everything, timed("vid-tldr", 0.65, 1.1, own=0.2), timed("evit", 0.65, 1.53, own=0.01))
    (table,) = speed_up.tables(content)
    assert [row.method.id for row in table.rows] == ["evit", "vid-tldr"]
    assert table.sizes == (1, 64)
    assert table.rows[0].why == ""
    assert "own work takes 20 % at batch 1 and 20 % at batch 64" in table.rows[1].why
    assert "beside the fused kernel" in table.rows[1].why


def test_random_dropping_says_what_smaller_matrices_cost(everything):
    content = with_scores(everything, timed("tome", 0.65, 1.2), timed("random", 0.65, 1.32))
    rows = {row.method.id: row for row in speed_up.tables(content)[0].rows}
    assert "dropping at random gets 86 % at batch 1" in rows["tome"].why
    assert "dropping at random" not in rows["random"].why


def test_without_scores_the_page_says_how_to_get_them(everything):
    page = speed_up.pages(with_scores(everything))["benchmarks/speed-up/index.md"].decode()
    assert "Nothing was timed at this share yet" in page and "--together --macs 0.65" in page
