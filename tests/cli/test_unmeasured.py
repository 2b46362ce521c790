"""Methods that a benchmark cannot run: ``compare`` and ``run`` say why."""


def test_compare_says_why_a_method_has_no_score(prunarium):
    done = prunarium("compare", "cpc", "--benchmark", "storyworld-prompts")
    assert done.code == 1
    assert "cpc: not measured on storyworld-prompts: scores with a sentence encoder" in " ".join(done.out.split())
    other = prunarium("compare", "cpc", "--benchmark", "digit-grid")
    assert "not measured on" not in other.out


def test_run_refuses_it_in_one_line(prunarium):
    done = prunarium("run", "cpc")
    assert done.code == 1 and "'prunarium compress cpc' runs it with yours" in done.err and done.err.count("\n") == 1
