"""The page on what a shorter cache gives on the clock, and what scores cost that have to be collected for it."""

from prunarium.bench.shorter_caches import shorter_caches
from prunarium.site.content import Content
from prunarium.site.templates import document

SWEEP = "scripts/decoder_overhead.yaml"


def pages(content: Content) -> dict[str, bytes]:
    """The page."""
    found = shorter_caches(content.scores)
    page = document(
        "shorter_caches.html",
        "A shorter cache, how much faster?",
        "Methods that shorten the key-value cache of a decoder, on the clock: the prompt, each word after it, memory, "
        "and the method's own work in both.",
        "../../",
        places=sorted(found.items(), key=lambda one: (-len(one[1]), one[0].model)),
        methods={method.id: method for method in content.methods},
        sweep=SWEEP,
    )
    return {"benchmarks/shorter-caches/index.md": page}
