"""The catalogue: papers, venues, vocabularies and lists, read from ``catalog/``, searched, checked and extended."""

from prunarium.catalog.catalogue import Catalogue, load
from prunarium.catalog.collection import Papers, Selection
from prunarium.catalog.files import FaultyFileError, read_json, read_yaml

__all__ = ["Catalogue", "FaultyFileError", "Papers", "Selection", "load", "read_json", "read_yaml"]
