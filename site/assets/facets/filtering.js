// Which rows fit: within a facet any checked value, across facets all. The count beside a value is that of the rows that
// fit the words and all other facets. Rows go by their places; what fits is an array with a 1 for each that does.

// The checkboxes, each with the places of the rows that have its value.
export function boxesOf(form, rows) {
  const boxes = [...form.querySelectorAll("input[type=checkbox]")].map(boxOf);
  const known = new Map(boxes.map((box) => [`${box.facet} ${box.value}`, box]));
  for (const facet of facetsOf(boxes)) {
    rows.forEach(({ dataset }, place) =>
      dataset[facet]?.split(" ").forEach((value) => known.get(`${facet} ${value}`)?.places.push(place)),
    );
  }
  return boxes;
}

const facetsOf = (boxes) => new Set(boxes.map((box) => box.facet));

function boxOf(input) {
  const label = input.closest("label");
  const legend = input.closest("fieldset").querySelector("legend").textContent.toLowerCase();
  const [name, count] = label.querySelectorAll("span");
  return {
    input,
    facet: input.name,
    value: input.value,
    name: `${legend}: ${name.textContent}`,
    places: [],
    show(number) {
      if (count.textContent !== `${number}`) count.textContent = number;
      label.classList.toggle("pr-zero", !number && !input.checked);
    },
  };
}

// found: what fits the words. Answers with what fits everything, and shows the count of every box.
export function filtered(boxes, found) {
  const chosen = new Map();
  for (const { input, facet, places } of boxes) {
    if (!input.checked) continue;
    if (!chosen.has(facet)) chosen.set(facet, new Uint8Array(found.length));
    for (const place of places) chosen.get(facet)[place] = 1;
  }
  const but = (left) => {
    const others = [...chosen].filter(([facet]) => facet !== left);
    return others.reduce((fits, [, has]) => fits.map((one, place) => one & has[place]), found);
  };
  for (const facet of facetsOf(boxes)) {
    const fits = but(facet);
    for (const box of boxes) if (box.facet === facet) box.show(box.places.filter((place) => fits[place]).length);
  }
  return but();
}

// As fold() of the generator: lower case, without accents.
export const fold = (words) => words.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

// The rows that have the words: in what the page shows, or in the index of more than that, which the build makes.
export class Words {
  constructor(table, rows) {
    this.rows = rows;
    this.indexed = "fullText" in table.dataset;
    this.scores = new Map();
  }

  // Read when somebody types for the first time. With an index, the first column is looked up here.
  get texts() {
    return (this.read ??= this.rows.map((row) => fold((this.indexed ? row.cells[0] : row).textContent).trim()));
  }

  // Asks the index. Answers whether there is something new to show.
  async ask(query) {
    if (query === this.query) return false;
    this.query = query;
    this.scores = new Map();
    if (!query || !this.indexed) return false;
    const scores = await import("./full_text.js").then(({ search }) => search(query)).catch(() => (this.indexed = false));
    if (query !== this.query) return false;
    if (scores) this.scores = scores;
    return true;
  }

  found(query) {
    const words = fold(query).split(/\s+/);
    const fits = (place) => words.every((word) => this.texts[place].includes(word)) || this.score(place) > 0;
    return Uint8Array.from(this.rows, (_, place) => !query || fits(place));
  }

  score(place) {
    return this.scores.get(this.rows[place].dataset.id) ?? 0;
  }

  // What begins with just these words, such as the acronym before a title, comes first.
  rank(place) {
    return this.score(place) + (this.texts[place].split(/[:,\n]/, 1)[0] === fold(this.query) ? 1e6 : 0);
  }
}
