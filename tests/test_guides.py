"""The guide's page on models names what is supported. Its code, as that of every page, is in test_code_blocks."""

import re

from prunarium.paths import root

PAGE = root() / "site" / "pages" / "guide" / "models.md"


def test_every_class_of_the_table_is_supported():
    from prunarium.families.vit.hf_vit import TRUNKS

    row = next(line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| transformers |"))
    assert set(re.findall(r"`(\w+)`", row)) <= set(TRUNKS)
