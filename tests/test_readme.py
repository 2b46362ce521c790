"""README.md says what is true: its tables are the records', its pictures are there. Its code: test_code_blocks."""

import re
import subprocess
import sys

from prunarium.paths import root

README = (root() / "README.md").read_text(encoding="utf-8")


def test_tables_are_the_records():
    done = subprocess.run([sys.executable, "scripts/fill_tables.py", "--check"], cwd=root(), capture_output=True)
    assert done.returncode == 0, done.stderr.decode()


def test_the_pictures_are_there():
    pictures = re.findall(r"!\[.*?\]\((.*?)\)", README)
    assert pictures
    assert [path for path in pictures if not (root() / path).is_file()] == []
