// The order of the rows. A heading with data-sort="year" becomes a button; "-year" begins with the largest.
import { fold } from "./filtering.js";

const { compare } = new Intl.Collator("en", { numeric: true });
const column = (sort) => sort.replace("-", "");
export const BEST = "best";

export class Order {
  constructor(table, rows, chosen) {
    this.rows = rows;
    this.sequence = this.initially = [...rows.keys()];
    this.initial = this.now = table.dataset.sort;
    this.batches = [...table.tBodies];
    this.size = this.batches[0]?.rows.length;
    this.headings = [...table.tHead.rows[0].cells].filter((cell) => cell.dataset.sort);
    for (const heading of this.headings) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      button.addEventListener("click", () => chosen(this.next(heading)));
      heading.append(button);
    }
  }

  heading(sort) {
    return this.headings.find(({ dataset }) => column(dataset.sort) === column(sort));
  }

  next(heading) {
    if (heading !== this.heading(this.now)) return heading.dataset.sort;
    return this.now.startsWith("-") ? column(this.now) : `-${this.now}`;
  }

  // rank: how well the row of a place fits the words.
  show(sort, fits, rank) {
    if (sort === BEST) {
      const ranks = this.initially.map((place) => (fits[place] ? rank(place) : -1));
      this.sequence = this.initially.toSorted((a, b) => ranks[b] - ranks[a]);
    } else if (sort !== this.now) {
      this.sequence = sort === this.initial ? this.initially : this.sorted(sort);
    }
    this.now = sort;
    this.batches.forEach((batch, number) => this.fill(batch, number, fits));
    for (const heading of this.headings) {
      const direction = sort.startsWith("-") ? "descending" : "ascending";
      heading.ariaSort = heading === this.heading(sort) ? direction : null;
    }
  }

  // Out of sight, nothing but the height of a batch is worked out, from the number of rows that it shows.
  fill(batch, number, fits) {
    const places = this.sequence.slice(number * this.size, (number + 1) * this.size);
    const rows = places.map((place) => this.rows[place]);
    if (rows.some((row, index) => row !== batch.children[index])) batch.append(...rows);
    const count = places.filter((place) => fits[place]).length;
    batch.style.setProperty("--pr-count", count);
    batch.hidden = !count;
  }

  sorted(sort) {
    const { cellIndex } = this.heading(sort);
    const sign = sort.startsWith("-") ? -1 : 1;
    const keys = this.rows.map((row) => fold(row.cells[cellIndex].textContent.trim()));
    return this.initially.toSorted((a, b) => !keys[a] - !keys[b] || sign * compare(keys[a], keys[b]));
  }
}
