"""The table of a score: every number of the record, with what it means."""

from prunarium.cli.score_table import show_score
from tests.site.conftest import measured_score


def test_what_is_shown(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    show_score(measured_score())
    rows = {line.split("│")[1].strip(): line for line in capsys.readouterr().out.splitlines() if "│" in line}
    assert "-1.9 (-2.4, -1.4) points" in rows["accuracy, 2000 samples"]
    assert "2.00x fewer" in rows["MACs per sample"]
    assert "1.50x (1.45, 1.55)" in rows["latency, batch 1"], "the interval of the median, not the quartiles"
    assert "20.0 % of the step" in rows["own work, batch 64"]
    assert all(words in rows["peak memory, batch 64"] for words in ("2 MB", "1 MB", "2.00x less"))


def test_other_metrics_follow_the_main_one(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    score = measured_score()
    top5 = score.quality.model_copy(update={"metric": "top-5"})
    show_score(score.model_copy(update={"other_quality": [top5]}))
    out = capsys.readouterr().out
    assert out.index("accuracy, 2000 samples") < out.index("top-5, 2000 samples")
