"""Method folders made on the spot."""

import textwrap

import pytest

CARD = """\
id: {name}
name: {name}
summary: A method of a test.
families: [vit]
training_free: true
baseline: true
parity: none
parity_reason: it is for a test
"""

METHOD = """\
import os
from prunarium.families import VitMethod

class Made(VitMethod):
    def reduce(self, tokens, attention, block):
{reduce}
        return tokens
"""


@pytest.fixture
def method_folder(tmp_path):
    """Makes the folder of a method that runs ``code`` where it reduces."""

    def make(name, code):
        folder = tmp_path / "made" / name
        folder.mkdir(parents=True)
        (folder / "card.yaml").write_text(CARD.format(name=name))
        (folder / "method.py").write_text(METHOD.format(reduce=textwrap.indent(code, " " * 8)))
        return folder

    return make
