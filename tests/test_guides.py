"""The guide's page on models says what runs: its Python blocks, one after the other."""

import re

from prunarium.paths import root

PAGE = root() / "site" / "pages" / "guide" / "models.md"


def test_every_python_block_runs_in_turn(capsys):
    text = PAGE.read_text(encoding="utf-8")
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(compile(block, str(PAGE), "exec"), names)
    printed = capsys.readouterr().out
    assert "block 11" in printed
    shapes = re.search(r"# (\[.*\]) and (\[.*\])", text)
    assert f"torch.Size({shapes[1]}) torch.Size({shapes[2]})" in printed


def test_every_class_of_the_table_is_supported():
    from prunarium.families.vit.hf_vit import TRUNKS

    row = next(line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| transformers |"))
    assert set(re.findall(r"`(\w+)`", row)) <= set(TRUNKS)
