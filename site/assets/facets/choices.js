// What is chosen, as an address and as buttons.

// Sorted, so that one choice has one address.
export function addressOf(boxes, text, sort) {
  const pairs = boxes.filter(({ input }) => input.checked).map(({ facet, value }) => [facet, value]);
  if (text) pairs.push(["text", text]);
  if (sort) pairs.push(["sort", sort]);
  const query = `${new URLSearchParams(pairs.sort())}`;
  return location.pathname + (query && `?${query}`);
}

// Makes the choice of the address. Answers with its words, its order, and what is unknown.
export function choose(boxes, isOrder) {
  const query = new URLSearchParams(location.search);
  for (const { input, facet, value } of boxes) input.checked = query.has(facet, value);
  const { text = "", sort = "" } = Object.fromEntries(query);
  const isUnknown = ([name, value]) => {
    const values = boxes.filter(({ facet }) => facet === name);
    return values.length ? values.every((box) => box.value !== value) : name === "sort" && !isOrder(value);
  };
  return { text: text.trim(), sort: isOrder(sort) ? sort : "", unknown: [...query].filter(isUnknown).map((pair) => pair.join("=")).join(", ") };
}

// One button for each choice, a pair of its name and what takes it away. When it is gone, the next one has the focus.
export function showChips(list, choices, fallback) {
  const shown = [...list.children].map((chip) => chip.textContent);
  if (`${shown}` === `${choices.map(([name]) => name)}`) return;
  const chips = choices.map(([name, remove], place) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    button.ariaLabel = `Remove ${name}`;
    button.addEventListener("click", () => {
      remove();
      (list.children[place] ?? list.lastChild ?? fallback).focus();
    });
    return button;
  });
  list.replaceChildren(...chips);
}
