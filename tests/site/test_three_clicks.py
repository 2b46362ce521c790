"""Without JavaScript, every paper and every method is within three clicks of the home page."""

from urllib.parse import unquote, urljoin, urlsplit

from .test_built_site import page


def test_every_paper_is_within_three_clicks(site):
    clicks, reached = {"": 0}, [""]
    for name in reached:  # grows on the way
        if clicks[name] == 3:
            continue
        for link in page(site.folder, name).links:
            target = urlsplit(urljoin(f"https://here/{name}", link))
            path = unquote(target.path).lstrip("/")
            if target.netloc == "here" and path not in clicks and (site.folder / path / "index.html").is_file():
                clicks[path] = clicks[name] + 1
                reached.append(path)
    wanted = {f"papers/{paper.id}/" for paper in site.content.catalogue}
    wanted |= {f"methods/{method.id}/" for method in site.content.methods}
    assert wanted <= set(clicks)
    assert max(clicks[path] for path in wanted) <= 3
