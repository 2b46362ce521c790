"""The web site: the generator writes the whole docs tree as plain files, the engine (MkDocs) only renders it."""

from prunarium.site.docs import write_docs
from prunarium.site.engine import build_site, serve_site
from prunarium.site.tree import Counts

__all__ = ["Counts", "build_site", "serve_site", "write_docs"]
