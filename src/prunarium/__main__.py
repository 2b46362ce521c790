"""``python -m prunarium``."""

from prunarium.cli import main

main()
