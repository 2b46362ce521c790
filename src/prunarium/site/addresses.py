"""Where the site and its sources stand on the web, as mkdocs.yml says, for feeds, citations and forms."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from prunarium.errors import PrunariumError


@dataclass(frozen=True)
class Addresses:
    """Both end in a slash."""

    site: str
    repository: str

    def page(self, path: str) -> str:
        """The address of a page or file, by its path below the root of the site, such as ``papers/tome/``."""
        return self.site + path

    def source(self, path: str) -> str:
        """Where a file of the repository is read."""
        return f"{self.repository}blob/main/{path}"

    def issue(self, form: str, **fields: str) -> str:
        """Where a form of ``.github/ISSUE_TEMPLATE`` is filled in; ``fields`` are what stands in it already, by id."""
        return f"{self.repository}issues/new?{urlencode({'template': f'{form}.yml', **fields})}"


def read(config_file: Path) -> Addresses:
    """Read ``site_url`` and ``extra.repository``.

    Raises:
        PrunariumError: one of them is missing.
    """
    from mkdocs.utils.yaml import yaml_load

    with config_file.open(encoding="utf-8") as file:
        config = yaml_load(file)
    site, repository = config.get("site_url"), (config.get("extra") or {}).get("repository")
    return Addresses(_address(site, "site_url", config_file), _address(repository, "extra.repository", config_file))


def _address(value: object, name: str, file: Path) -> str:
    if not isinstance(value, str) or not value.startswith(("http://", "https://")):
        raise PrunariumError(f"{file}: {name}: must be a web address, such as https://example.org/prunarium/")
    return value.rstrip("/") + "/"
