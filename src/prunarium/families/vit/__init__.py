"""The ``vit`` family: methods that drop or merge tokens in the blocks of a vision transformer."""

from typing import ClassVar

from prunarium.families.base import TokenMethod
from prunarium.records import Family


class VitMethod(TokenMethod):
    """A method for vision transformers. ``reduce`` sees the residual stream at one ``place`` in each block."""

    families: ClassVar[tuple[Family, ...]] = ("vit",)
