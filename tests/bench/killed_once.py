"""A method whose process is killed the first time that it is measured."""

QUICK = {"samples": 20, "batch_sizes": (1,), "seconds": 0, "threads": 1}
"""What makes a cell quick."""


def kill_once(marker):
    """The code of such a method; it leaves ``marker`` behind."""
    return f"""\
import signal, torch
if not os.path.exists({str(marker)!r}):
    open({str(marker)!r}, "x").close()
    os.kill(os.getpid(), signal.SIGKILL)
if block == 1:
    return tokens.keep(torch.arange(tokens.reducible // 2).expand(len(tokens.x), -1))"""
