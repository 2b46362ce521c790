// Runs before the table is there: with choices in the address, nothing is shown before they are made.
{
  const page = document.documentElement;
  page.classList.toggle("pr-waiting", location.search.length > 1);
  const parsed = new Promise((done) => document.addEventListener("DOMContentLoaded", done));
  Promise.all([import("./table.js"), parsed])
    .then(([{ start }]) => start())
    .finally(() => page.classList.remove("pr-waiting"));
}
