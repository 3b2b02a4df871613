// Moves a column up or down in the chooser, by key or press, never by drag (UX-06, UX-59). The boxes are sent in
// the order in which they stand: [data-columns] > [data-column="label"] with button[data-move="up|down"].
(() => {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-columns] [data-move]");
    if (!button) return;
    const row = button.closest("[data-column]");
    const list = row.parentElement;
    const other = button.dataset.move === "up" ? row.previousElementSibling : row.nextElementSibling;
    if (other && button.dataset.move === "up") other.before(row);
    if (other && button.dataset.move === "down") other.after(row);
    // Moving a node in the document takes the focus from it.
    button.focus();
    row.scrollIntoView({ block: "nearest" });
    const place = [...list.children].indexOf(row) + 1;
    const said = list.closest("form").querySelector("[data-columns-said]");
    said.textContent = list.dataset.moved.replace("%name", row.dataset.column).replace("%n", place);
  });
})();
