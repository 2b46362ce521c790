"""Scripts as modules, so that a test can call what is in them."""

import importlib.util
import sys
from types import ModuleType

from prunarium.paths import root


def script(name: str) -> ModuleType:
    """A file of ``scripts/``, which may import its neighbours."""
    folder = root() / "scripts"
    sys.path.insert(0, str(folder))
    try:
        spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(folder))
    return module
