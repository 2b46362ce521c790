// A table with filters. It is complete without this script, which hides and orders rows.
// The form is the state, and the address is the form.
import { addressOf, choose, showChips } from "./choices.js";
import { Words, boxesOf, filtered } from "./filtering.js";
import { BEST, Order } from "./order.js";

const find = (name) => document.getElementById(`pr-${name}`);

export async function start() {
  if (!find("table")) return;
  const view = new View(find("filter"), find("table"));
  view.listen();
  await Promise.race([view.restore(), new Promise((done) => setTimeout(done, 2000))]);
}

class View {
  constructor(form, table) {
    this.form = form;
    this.text = find("text");
    this.noun = table.dataset.noun;
    this.rows = [...table.querySelectorAll("tbody tr")];
    this.boxes = boxesOf(form, this.rows);
    this.words = new Words(table, this.rows);
    this.order = new Order(table, this.rows, (sort) => this.sortBy(sort));
    this.sort = "";
  }

  get query() {
    return this.text.value.trim();
  }

  // The order where nobody chose one: the best match, or that of the page.
  get usual() {
    return this.query ? BEST : this.order.initial;
  }

  show() {
    const { query, rows } = this;
    const fits = (this.fits = filtered(this.boxes, this.words.found(query)));
    rows.forEach((row, place) => {
      if (row.hidden === !!fits[place]) row.hidden = !row.hidden;
    });
    this.order.show(this.sort || this.usual, fits, (place) => this.words.rank(place));
    const shown = fits.filter(Boolean).length;
    this.say(shown === rows.length ? `${shown} ${this.noun}` : `${shown} of ${rows.length} ${this.noun}`);
    find("none").hidden = shown > 0 || !rows.length;
    find("best").hidden = !query;
    find("best").ariaPressed = this.order.now === BEST;
    this.showChoices();
  }

  showChoices() {
    const checked = this.boxes.filter(({ input }) => input.checked);
    const choices = checked.map((box) => [box.name, () => box.input.click()]);
    if (this.query) choices.push([`words: ${this.query}`, () => this.write("")]);
    showChips(find("chips"), choices, find("shown"));
    find("chosen").hidden = !choices.length;
  }

  // Seen at once, spoken when the reader pauses.
  say(message) {
    find("shown").textContent = message;
    clearTimeout(this.speaking);
    this.speaking = setTimeout(() => (find("status").textContent = message), 500);
  }

  notify(message) {
    find("notice").textContent = message;
    find("notice").hidden = !message;
  }

  // Shows what the page itself knows, then what the index adds.
  async look() {
    const asked = this.words.ask(this.query);
    this.show();
    if (!(await asked)) return;
    this.show();
    if (!this.words.indexed) this.notify("Without an index, words are looked up in titles and first authors only.");
  }

  keep(how) {
    const sort = this.sort === this.usual ? "" : this.sort;
    history[how](null, "", addressOf(this.boxes, this.query, sort));
  }

  write(text) {
    this.text.value = text;
    this.look();
    this.keep("pushState");
  }

  sortBy(sort) {
    this.sort = sort;
    this.show();
    this.keep("pushState");
  }

  // What the address says, in the form.
  async restore() {
    const { text, sort, unknown } = choose(this.boxes, (sort) => this.order.heading(sort));
    this.text.value = text;
    this.sort = sort;
    this.notify(unknown && `Left out, as nothing here has it: ${unknown}`);
    for (const { input } of this.boxes) if (input.checked) input.closest("details")?.setAttribute("open", "");
    await this.look();
  }

  clear() {
    for (const { input } of this.boxes) input.checked = false;
    find("shown").focus();
    this.write("");
  }

  listen() {
    const { form, text } = this;
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("change", ({ target }) => {
      if (target === text) return;
      this.show();
      this.keep("pushState");
    });
    text.addEventListener("input", () => {
      clearTimeout(this.typing);
      this.typing = setTimeout(() => {
        this.look();
        this.keep("replaceState");
      }, 120);
    });
    form.addEventListener("reset", (event) => {
      event.preventDefault();
      clearTimeout(this.typing);
      this.clear();
    });
    find("best").addEventListener("click", () => this.sortBy(""));
    const fold = form.querySelector(".pr-fold");
    fold.addEventListener("click", () => (fold.ariaExpanded = fold.ariaExpanded !== "true"));
    find("export")?.addEventListener("click", (event) => this.save(event));
    addEventListener("popstate", () => this.restore());
  }

  // With everything shown, the link itself leads to the file of all.
  async save(event) {
    const shown = this.order.sequence.filter((place) => this.fits[place]).map((place) => this.rows[place]);
    if (!event.target.href || shown.length === this.rows.length) return;
    event.preventDefault();
    const { save } = await import("./export.js");
    await save(event.target.href, shown).then(
      () => this.notify(""),
      (error) => this.notify(`Nothing was saved: ${error.message}`),
    );
  }
}
