"""The check of the catalogue's web addresses: which there are, what becomes of each, and the file that remembers."""

from prunarium.catalog.links.addresses import Use, addresses
from prunarium.catalog.links.outcomes import Outcome, Result, not_checked
from prunarium.catalog.links.queues import check_all
from prunarium.catalog.links.results import Results, default_file
from prunarium.catalog.links.since import moment

__all__ = ["Outcome", "Result", "Results", "Use", "addresses", "check_all", "default_file", "moment", "not_checked"]
