"""What the papers page has to show, worked out in Python from the records, and how to read what it does show."""

from playwright.sync_api import expect

from prunarium.catalog.facets import fold

SHOWN = """[...document.querySelectorAll('#pr-table tbody tr')]
  .filter(row => !row.hidden && !row.parentElement.hidden).map(row => row.dataset.id)"""
COUNTS = """Object.fromEntries([...document.querySelectorAll('#pr-filter input[type=checkbox]')].map(box =>
  [`${box.name}=${box.value}`, Number(box.closest('label').querySelector('.pr-count').textContent)]))"""
INDEXED = """async text => {
  const { search } = await import(new URL('../assets/facets/full_text.js', location));
  return [...(await search(text)).keys()];
}"""
FACETS = ("modality", "code", "runnable", "measured", "category", "year", "venue", "kind", "training", "list")


def has(content, paper, facet):
    """What a record has of a facet, straight from its fields."""
    methods = [method for method in content.methods if method.card.paper == paper.id]
    return {
        "modality": paper.modalities,
        "category": paper.categories,
        "year": [str(paper.year)],
        "venue": [paper.venue.id] if paper.venue else [],
        "kind": [paper.kind],
        "training": [paper.training],
        "list": [mention.list for mention in paper.mentions],
        "code": ["yes"] if paper.links.code else [],
        "runnable": ["yes"] if methods else [],
        "measured": ["yes"] if any(method.runs for method in methods) else [],
    }[facet]


class Oracle:
    """Which papers fit, and what stands beside every value: OR within a facet, AND across facets and words."""

    def __init__(self, content):
        self.papers = list(content.catalogue)
        self.has = {paper.id: {facet: set(has(content, paper, facet)) for facet in FACETS} for paper in self.papers}

    def shown(self, chosen, found=None):
        """``found``: ids of the papers that have the words; without words, None."""
        return {
            paper.id
            for paper in self.papers
            if (found is None or paper.id in found)
            and all(not values or set(values) & self.has[paper.id][facet] for facet, values in chosen.items())
        }

    def counts(self, chosen, found=None):
        """For each value that a paper has, the papers that fit the words and all other facets."""
        counts = {}
        for facet in FACETS:
            fit = self.shown({name: values for name, values in chosen.items() if name != facet}, found)
            for paper in self.papers:
                for value in self.has[paper.id][facet]:
                    counts[f"{facet}={value}"] = counts.get(f"{facet}={value}", 0) + (paper.id in fit)
        return counts


def in_sight(paper, text):
    """Whether what the page shows of a title, a name and the first author has all words of a text."""
    authors = paper.authors[:2] if len(paper.authors) == 2 else paper.authors[:1]
    spoken = fold("\n".join([paper.title, paper.name or "", *authors]))
    return all(word in spoken for word in fold(text).split())


def opened(open_page, url, **options):
    """A page whose filters work: the script has made buttons of the headings that sort, and shows what it found."""
    page = open_page(url, **options)
    page.locator("html:not(.pr-waiting) #pr-table thead button").first.wait_for(state="attached")
    return page


def indexed(page, text):
    """The papers that the index of the site names for a text."""
    return page.evaluate(INDEXED, text)


def check(page, content, chosen, text=""):
    """The table, the counts and the number of results of a page are those of the records."""
    oracle, found = Oracle(content), None
    if text:
        found = {paper.id for paper in content.catalogue if in_sight(paper, text)} | set(indexed(page, text))
    shown = oracle.shown(chosen, found)
    expect(page.locator("#pr-shown")).to_have_text(summary(len(shown), len(content.catalogue)))
    assert set(page.evaluate(SHOWN)) == shown
    assert page.evaluate(COUNTS) == oracle.counts(chosen, found)


def summary(shown, total, noun="papers"):
    """How the page says it."""
    return f"{total} {noun}" if shown == total else f"{shown} of {total} {noun}"


def box(page, facet, value):
    """A checkbox."""
    return page.locator(f"#pr-filter input[name={facet}][value='{value}']")


def words(page):
    """The text box."""
    return page.locator("#pr-text")
