// Opens and closes <dialog>; typed confirmation words; the menu button of small screens.
(() => {
  const texts = document.getElementById("texts").dataset;
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    const dialog = opener && document.getElementById(opener.dataset.dialog);
    if (dialog) { event.preventDefault(); dialog.showModal(); return; }
    const closer = event.target.closest("[data-dialog-close]");
    if (closer) { event.preventDefault(); closer.closest("dialog").close(); return; }
    const toggle = event.target.closest("[data-menu-toggle]");
    if (toggle) { event.preventDefault(); document.getElementById("menu").classList.toggle("rail--open"); }
  });
  document.addEventListener("input", (event) => {
    const word = event.target.dataset?.mustEqual;
    if (word === undefined) return;
    event.target.setCustomValidity(event.target.value.trim() === word ? "" : texts.notEqual);
  });
})();
