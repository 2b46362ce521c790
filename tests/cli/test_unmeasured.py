"""Methods that a benchmark cannot run: ``compare`` and ``run`` say why."""

from prunarium.cli.compare import never_measured


def test_compare_says_why_a_method_has_no_score():
    (found,) = never_measured(["cpc", "bm25"], "storyworld-prompts", [])
    assert found[0] == "cpc" and "on storyworld-prompts: scores with a sentence encoder" in found[-1]
    assert {one[0] for one in never_measured(None, "storyworld-prompts", [])} == {"cpc", "llmlingua-2"}
    assert not list(never_measured(None, "digit-grid", []))


def test_run_refuses_it_in_one_line(prunarium):
    done = prunarium("run", "cpc")
    assert done.code == 1 and "'prunarium compress cpc' runs it with yours" in done.err and done.err.count("\n") == 1
