// Token maps: one budget at a time, the one that the slider is at. Without this script some stand side by side.
for (const maps of document.querySelectorAll(".pr-maps")) {
  const slider = maps.querySelector("input");
  const output = maps.querySelector("output");
  const steps = [...maps.querySelectorAll(".pr-budget")].reverse();
  const show = () => {
    steps.forEach((step, place) => (step.hidden = place !== slider.valueAsNumber));
    const { budget, words } = steps[slider.valueAsNumber].dataset;
    slider.setAttribute("aria-valuetext", budget);
    output.textContent = words;
  };
  slider.addEventListener("input", show);
  maps.classList.add("pr-live");
  show();
}
