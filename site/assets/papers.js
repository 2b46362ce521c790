// Filters the table of papers. The table is complete without this script; it only hides rows.
// Within a facet any checked value fits, across facets all must. The count beside a value is the number of papers
// that fit the text and all other facets. The form is the state, and the URL is the form.
(() => {
  const form = document.getElementById("pr-filter");
  const table = document.getElementById("pr-papers");
  if (!form || !table) return;

  const find = (id) => document.getElementById(id);
  const [status, notice, none, text] = ["pr-status", "pr-notice", "pr-none", "pr-text"].map(find);
  // As fold() of the generator: lower case, without accents.
  const fold = (words) => words.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

  const boxes = [...form.querySelectorAll("input[type=checkbox]")].map((input) => {
    const label = input.closest("label");
    return { input, label, facet: input.name, value: input.value, count: label.querySelector(".pr-count") };
  });
  const names = [...new Set(boxes.map((box) => box.facet))];
  const rows = [...table.tBodies[0].rows].map((element) => ({
    element,
    text: element.dataset.text,
    values: Object.fromEntries(names.map((name) => [name, (element.dataset[name] || "").split(" ")])),
  }));

  function show() {
    const words = fold(text.value).split(/\s+/).filter(Boolean);
    const chosen = {};
    for (const { input, facet, value } of boxes) if (input.checked) (chosen[facet] ||= new Set()).add(value);
    const counts = new Map();
    let shown = 0;
    for (const row of rows) {
      const found = words.every((word) => row.text.includes(word));
      const misses = names.filter((name) => chosen[name] && !row.values[name].some((one) => chosen[name].has(one)));
      row.element.hidden = !found || misses.length > 0;
      if (!row.element.hidden) shown++;
      if (!found || misses.length > 1) continue;
      // A row that only one facet rules out still counts there: it is what checking more of that facet would add.
      for (const name of misses.length ? misses : names)
        for (const one of row.values[name]) counts.set(name + " " + one, (counts.get(name + " " + one) || 0) + 1);
    }
    for (const { input, label, facet, value, count } of boxes) {
      const number = counts.get(facet + " " + value) || 0;
      count.textContent = number;
      label.classList.toggle("pr-zero", !number && !input.checked);
    }
    status.textContent = shown === rows.length ? `${shown} papers` : `${shown} of ${rows.length} papers`;
    none.hidden = shown > 0 || !rows.length;
    form.classList.toggle("pr-active", words.length > 0 || Object.keys(chosen).length > 0);
  }

  // Form -> URL, in the order of the form, so that one choice has one address.
  function address() {
    const query = new URLSearchParams();
    for (const { input, facet, value } of boxes) if (input.checked) query.append(facet, value);
    if (text.value.trim()) query.append("text", text.value.trim());
    return location.pathname + (`${query}` && `?${query}`);
  }

  // URL -> form. What it does not know is named, not dropped in silence.
  function restore() {
    const query = new URLSearchParams(location.search);
    for (const { input, facet, value } of boxes) input.checked = query.getAll(facet).includes(value);
    text.value = query.get("text") || "";
    const unknown = [...query].filter(
      ([name, value]) => names.includes(name) && !boxes.some((box) => box.facet === name && box.value === value),
    );
    notice.textContent = `Left out, because no paper has it: ${unknown.map((pair) => pair.join("=")).join(", ")}`;
    notice.hidden = !unknown.length;
    show();
  }

  let typing;
  form.addEventListener("change", ({ target }) => {
    if (target === text) return;
    show();
    history.pushState(null, "", address());
  });
  text.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => {
      show();
      history.replaceState(null, "", address());
    }, 120);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    clearTimeout(typing);
    for (const { input } of boxes) input.checked = false;
    text.value = "";
    show();
    history.pushState(null, "", location.pathname);
  });
  addEventListener("popstate", restore);
  // The browser may fill the form with what it held before; the address decides.
  addEventListener("pageshow", (event) => event.persisted && restore());

  const wide = matchMedia("(min-width: 60em)");
  const fit = () => { find("pr-facets").open = wide.matches; };
  wide.addEventListener("change", fit);
  fit();
  form.classList.add("pr-ready");
  restore();
})();
