// Draws the plot of a benchmark's page from the Vega-Lite files beside it. The page is complete without this script.
// Scores of one condition only are ever in one plot: the choices of the form name it.
(() => {
  const plot = document.getElementById("pr-plot");
  const failed = () => document.documentElement.classList.add("pr-plot-failed"); // then the still pictures show
  if (!plot) return;
  if (!window.vega?.expressionInterpreter || !window.vegaLite) return failed();
  const form = plot.querySelector("form");
  const [view, status] = ["pr-view", "pr-plot-status"].map((id) => document.getElementById(id));
  const standings = [...plot.querySelectorAll(".pr-key")].map((key) => ({
    key,
    chosen: JSON.parse(key.dataset.chosen),
    panels: JSON.parse(key.dataset.panels),
    boxes: [...key.querySelectorAll("input")],
  }));
  const files = {};
  let drawn, latest = 0;

  // The files have colours for any background; on the page those of its palette take their place.
  async function specification(file) {
    const answer = await fetch(file);
    if (!answer.ok) throw new Error(file);
    let text = await answer.text();
    plot.dataset.colours.split(" ").forEach((colour, place) => {
      text = text.replaceAll(colour, `var(--pr-series-${place + 1})`);
    });
    return text.replaceAll(plot.dataset.grey, "var(--pr-dim)");
  }

  async function draw() {
    const mine = ++latest;
    const wanted = Object.fromEntries(new FormData(form));
    const fits = ({ chosen }) => Object.keys(chosen).every((field) => chosen[field] === wanted[field]);
    const standing = standings.find(fits);
    const panel = standing?.panels[wanted.against];
    for (const one of standings) one.key.hidden = one !== standing;
    view.hidden = !panel;
    if (!panel) {
      status.textContent = "Nothing was measured under this choice. Change one of its parts.";
      return;
    }
    const shown = standing.boxes.filter((box) => box.checked).map((box) => box.value);
    const { hconcat, ...whole } = JSON.parse(await (files[panel[0]] ||= specification(panel[0])));
    const spec = { ...whole, ...hconcat[panel[1]], width: "container", height: 380, title: null };
    spec.autosize = { type: "fit", contains: "padding" };
    spec.config = { ...spec.config, aria: false, legend: { disable: true } };
    for (const layer of [spec, ...spec.layer])
      if (layer.data) layer.data.values = layer.data.values.filter((row) => !row.method || shown.includes(row.method));
    if (mine !== latest) return;
    drawn?.finalize();
    drawn = new vega.View(vega.parse(vegaLite.compile(spec).spec, null, { ast: true }), {
      expr: vega.expressionInterpreter,
      renderer: "svg",
      container: view,
    });
    await drawn.runAsync();
    view.querySelector("svg").setAttribute("aria-hidden", "true"); // the view is one picture and has its words
    const points = spec.data.values.length;
    status.textContent = `${points} scores of ${shown.length} of ${standing.boxes.length} methods`;
  }

  const show = () => draw().catch(failed);
  form.addEventListener("change", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("click", ({ target }) => {
    if (target.dataset.all === undefined) return;
    for (const box of target.closest(".pr-key").querySelectorAll("input")) box.checked = !!target.dataset.all;
    show();
  });
  show();
})();
