"""What a page says of a block is read as it was meant: a block never drops out of the tests in silence."""

from tests.code_blocks import blocks_in

PAGE = """\
# A page

<!-- not run: it asks
the web -->
```bash
prunarium add 2210.09461   # asks arXiv
```

<!-- run slowly -->
<!-- run with: --samples 2 -->
```bash
prunarium bench tome \\
    --budget 0.5
make run
```

A comment about something else: <!-- not run: it needs luck -->

```yaml
# folder/sweep.yaml
grids: []
```

- in a list:

    ```python
    # a comment
    print(1)
    ```
"""


def test_a_comment_belongs_to_the_block_right_after_it():
    first, second, third, fourth = blocks_in(PAGE)
    assert (first.not_run, first.slow, first.options) == ("it asks the web", False, "")
    assert (second.not_run, second.slow, second.options) == ("", True, "--samples 2")
    assert not third.not_run and not fourth.not_run
    assert str(second) == "page.md:11"


def test_commands_are_the_words_of_lines_that_call_prunarium():
    first, second, *_ = blocks_in(PAGE)
    assert first.commands == [["add", "2210.09461"]]
    assert second.commands == [["bench", "tome", "--budget", "0.5"]]


def test_a_block_is_a_file_where_its_first_line_names_one():
    _, _, third, fourth = blocks_in(PAGE)
    assert third.file == "folder/sweep.yaml"
    assert (fourth.language, fourth.text, fourth.file) == ("python", "# a comment\nprint(1)\n", "")
