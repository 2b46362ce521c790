"""The registry: every folder of ``methods/`` is a method. Nothing here loads torch until a method is loaded."""

from prunarium.registry.folders import (
    cards,
    find_card,
    folder_of,
    load_class,
    load_method,
    load_token_method,
    methods_of_papers,
)
from prunarium.registry.scores import (
    TOKEN_MAPS,
    measured_files,
    measured_folder,
    measured_of,
    measured_scores,
    outdated_of,
    recorded_methods,
    reported_scores,
    token_maps,
)

__all__ = [
    "TOKEN_MAPS",
    "cards",
    "find_card",
    "folder_of",
    "load_class",
    "load_method",
    "load_token_method",
    "measured_files",
    "measured_folder",
    "measured_of",
    "measured_scores",
    "methods_of_papers",
    "outdated_of",
    "recorded_methods",
    "reported_scores",
    "token_maps",
]
