"""The records whole, in the envelope of the site's JSON files."""

import json
from collections.abc import Sequence

from prunarium.catalog.exporting.json_records import envelope
from prunarium.records import MeasuredScore


def content(scores: Sequence[MeasuredScore]) -> bytes:
    """An object with ``schema_version``, ``count`` and ``scores``."""
    records = [score.model_dump(mode="json") for score in scores]
    return (json.dumps(envelope("scores", records), indent=2, ensure_ascii=False) + "\n").encode()
