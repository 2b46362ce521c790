// A link to a status shows its rows alone: the style sheet hides the others. This opens the methods that have some.
(() => {
  const open = () => {
    const rows = document.querySelectorAll(".pr-claims [data-status]");
    for (const row of rows) if (`#${row.dataset.status}` === location.hash) row.closest("details").open = true;
  };
  addEventListener("hashchange", open);
  open();
})();
