"""A drawn figure as SVG inside a page: small, in the page's own letters and colours, light or dark."""

import re
from collections.abc import Collection, Mapping
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from markupsafe import Markup

from prunarium.bench.pictures.series_styles import COLOURS, FAINT, INK, YARDSTICK

_COLOURS = {
    INK: "currentColor",
    FAINT: "var(--pr-dim)",
    YARDSTICK: "var(--pr-yardstick)",
    **{colour: f"var(--pr-series-{place})" for place, colour in enumerate(COLOURS, start=1)},
}
"""What the style sheet of the site decides, by the colour in the drawing."""
_FAMILY = re.compile(r"font-family: [^;]*; ?|(?<=px) '[^;]*")
_REFERENCE = re.compile(r"#([\w.-]+)")
_UNSEEN = ("metadata", "style", "clipPath")
_NUMBER = re.compile(r"\d+\.\d{3,}")


def on_page(colour: str) -> str:
    """What the style sheet has for a colour of a drawing."""
    return _COLOURS[colour]


def inline(svg: bytes, label: str, prefix: str, titles: Mapping[str, str]) -> Markup:
    """The ``<svg>`` element of a drawing.

    Args:
        svg: what matplotlib wrote.
        label: what readers of the page who do not see it are told.
        prefix: begins every id, which are unique in a page.
        titles: by the id of a group in the drawing, what is shown when a pointer rests on it.
    """
    root = ElementTree.fromstring(svg)
    _without_namespaces(root)
    _without_what_shows_nothing(root, titles)
    used = {name for element in root.iter() for name in _REFERENCE.findall(element.get("href", ""))}
    for element in root.iter():
        _rewrite(element, prefix, used, titles)
    root.attrib = {
        "viewBox": root.attrib["viewBox"],
        "xmlns": "http://www.w3.org/2000/svg",
        "class": "pr-chart",
        "role": "img",
        "aria-label": label,
    }
    for element in root.iter():
        element.text, element.tail = (element.text or "").strip() or None, None
    # The writer escapes every text and attribute.
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _without_namespaces(root: Element) -> None:
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        element.attrib = {name.rpartition("}")[2]: value for name, value in element.attrib.items()}


def _without_what_shows_nothing(parent: Element, keep: Collection[str]) -> None:
    """Take out descriptions, clips (nothing lies outside), paths without a colour, and groups that group nothing."""
    parent.attrib.pop("clip-path", None)
    if parent.get("transform", "").startswith("rotate(-0 "):
        del parent.attrib["transform"]
    for child in list(parent):
        _without_what_shows_nothing(child, keep)
        place = list(parent).index(child)
        if (
            child.tag in _UNSEEN
            or child.get("style") == "fill: none"
            or (child.tag in ("g", "defs") and not len(child))
        ):
            parent.remove(child)
        elif child.tag == "g" and child.get("id") not in keep and not set(child.attrib) - {"id"}:
            parent[place : place + 1] = list(child)


def _rewrite(element: Element, prefix: str, used: set[str], titles: Mapping[str, str]) -> None:
    """Own ids, the site's colours and letters, two digits after the point."""
    name = element.attrib.pop("id", "")
    if name in used:
        element.set("id", f"{prefix}-{name}")
    if name in titles:
        title = ElementTree.Element("title")
        title.text = titles[name]
        element.insert(0, title)
    if "href" in element.attrib:
        element.set("href", _REFERENCE.sub(rf"#{prefix}-\1", element.attrib["href"]))
    if "style" in element.attrib:
        style = _FAMILY.sub("", element.attrib["style"]).replace("font: ", "font-size: ")
        for colour, wanted in _COLOURS.items():
            style = style.replace(colour, wanted)
        element.set("style", style.replace(": ", ":").replace("; ", ";"))
    for attribute in ("d", "x", "y", "transform"):
        if attribute in element.attrib:
            shorter = _NUMBER.sub(lambda number: f"{float(number[0]):.2f}", element.attrib[attribute])
            element.set(attribute, " ".join(shorter.split()))
