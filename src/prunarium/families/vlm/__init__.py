"""The ``vlm`` family: methods that drop or merge the image tokens of a vision-language model, before or inside it."""

from prunarium.families.vlm.cache_share import CacheShareMethod
from prunarium.families.vlm.kept_share import KeptShareMethod
from prunarium.families.vlm.learned import LearnedVlmMethod
from prunarium.families.vlm.method import VlmMethod
from prunarium.families.vlm.registers import RegisterMethod
from prunarium.families.vlm.regridding import RegridMethod
from prunarium.families.vlm.tower import Layout, Tower

__all__ = [
    "CacheShareMethod",
    "KeptShareMethod",
    "Layout",
    "LearnedVlmMethod",
    "RegisterMethod",
    "RegridMethod",
    "Tower",
    "VlmMethod",
]
