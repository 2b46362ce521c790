"""Imports run one way (see the contracts in pyproject.toml), and the checker does notice when they do not."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def lint(folder: Path):
    return subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"], cwd=folder, capture_output=True, text=True
    )


def test_imports_run_one_way():
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout


def test_a_wrong_import_is_noticed(tmp_path):
    package = tmp_path / "prunarium"
    for layer in ("records", "catalog", "ops", "families", "registry", "bench", "site", "cli", "paths", "errors"):
        (package / layer).mkdir(parents=True)
        (package / layer / "__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "records" / "__init__.py").write_text("import prunarium.cli\n")
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    done = subprocess.run(
        [sys.executable, "-c", "import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports_command"
         "; lint_imports_command(['--no-cache'])"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert "prunarium.records is not allowed to import prunarium.cli" in done.stdout
