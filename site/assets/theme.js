// What the theme leaves undone for its own parts of a page.
document$.subscribe(() => {
  // It puts each copy button into a <nav>: a page of code would be full of landmarks without names.
  for (const nav of document.querySelectorAll(".md-code__nav")) nav.setAttribute("role", "none");
  // A table written in Markdown has no labels in its cells, which become those of cards on a phone.
  for (const table of document.querySelectorAll(".md-typeset__table > table:has(thead)")) {
    const names = [...table.tHead.rows[0].cells].map((cell) => cell.innerText);
    table.classList.add("pr-table");
    for (const row of table.tBodies[0].rows) [...row.cells].forEach((cell, place) => { cell.dataset.label = names[place]; });
  }
});
