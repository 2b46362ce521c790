"""MkDocs hook: the generator writes the docs tree, MkDocs renders it. Nothing else happens here."""

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort
from mkdocs.livereload import LiveReloadServer

from prunarium import PrunariumError
from prunarium.site import write_docs


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Write the docs tree, and let MkDocs read that instead of the hand-written pages alone."""
    root = Path(config.config_file_path).parent
    docs = root / config.extra["docs_tree"]
    try:
        write_docs(root, docs)
    except PrunariumError as error:
        raise Abort(str(error)) from error
    config.docs_dir = str(docs)
    return config


def on_serve(server: LiveReloadServer, config: MkDocsConfig, **_: object) -> LiveReloadServer:
    """Watch the sources (``watch:`` in mkdocs.yml), not what is made of them: every change would build twice."""
    server.unwatch(config.docs_dir)
    return server
