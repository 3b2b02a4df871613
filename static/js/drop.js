// Menus made of <details class="drop"> close on Escape and on a click elsewhere.
(() => {
  const close = (except) => document.querySelectorAll("details.drop[open]").forEach((drop) => { if (drop !== except) drop.open = false; });
  document.addEventListener("click", (event) => close(event.target.closest("details.drop")));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = document.querySelector("details.drop[open]");
    if (open) { open.open = false; open.querySelector("summary").focus(); }
  });
})();
