"""Make the facts-only index of the lists that a test holds the catalogue to: lines, ids and links, none of their words.

python scripts/index_lists.py ID=FILE [ID=FILE ...] > tests/data/list-index.json
"""

import json
import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from prunarium.catalog.files import read_text

URL = re.compile(r"https?://[^\s<>\"|\]]+")
ARXIV = re.compile(r"(?<![\d.])(\d{4}\.\d{4,5})(?=v\d|\D|$)")
DOI = re.compile(r"\b10\.\d{4,9}/[^\s?#,;\"|\]]+")


def links(line: str) -> list[str]:
    """The web addresses of a line, without the marks of the sentence around them."""
    found = []
    for url in URL.findall(line):
        while url.endswith((",", ".", ";", ":")) or (url.endswith(")") and url.count(")") > url.count("(")):
            url = url[:-1]
        found.append(url.partition(")](")[0].partition(")[")[0])
    return list(dict.fromkeys(found))


def facts(line: str) -> dict[str, list[str]]:
    """What a line names, by kind; kinds that it does not name are left out."""
    arxiv = [found for found in ARXIV.findall(line) if "arxiv" in line.casefold() and 1 <= int(found[2:4]) <= 12]
    dois = [found.rstrip(".)").removesuffix(".pdf").casefold() for found in DOI.findall(line)]
    kinds = {
        "links": links(line),
        "arxiv": list(dict.fromkeys(arxiv)),
        "dois": [doi for doi in dict.fromkeys(dois) if "arxiv." not in doi],
    }
    return {kind: values for kind, values in kinds.items() if values}


def index(text: str) -> dict[int, dict[str, list[str]]]:
    """The facts of every line that names any, by its number."""
    lines = enumerate(text.replace("\r\n", "\n").split("\n"), start=1)
    return {number: found for number, line in lines if (found := facts(line))}


def main(
    lists: Annotated[list[str], typer.Argument(metavar="ID=FILE...", help="Id of a list in lists.yaml, and its text.")],
) -> None:
    """Print the index of the lists that are given."""
    files = {list_id: Path(file) for list_id, _, file in (given.partition("=") for given in lists)}
    json.dump({list_id: index(read_text(file)) for list_id, file in files.items()}, sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    typer.run(main)
