// Nothing is submitted, searched or checked while an input method composes (UX-27, B032).
// Listens in the capturing phase, before htmx and every other script; when the composition is over,
// one ordinary input event tells them all what was typed.
(() => {
  let composing = false;
  // 229 is what browsers send that end the composition before the key (Safari).
  const busy = (event) => composing || event.isComposing || event.keyCode === 229;
  const hold = (event) => { if (busy(event)) event.stopImmediatePropagation(); };

  document.addEventListener("compositionstart", () => { composing = true; }, true);
  document.addEventListener("compositionend", (event) => {
    composing = false;
    setTimeout(() => event.target.dispatchEvent(new Event("input", { bubbles: true })), 0);
  }, true);
  // Leaving the field ends a composition in every browser, but not every browser says so.
  document.addEventListener("blur", () => { composing = false; }, true);

  document.addEventListener("input", hold, true);
  document.addEventListener("keyup", hold, true);
  document.addEventListener("keydown", (event) => {
    if (!busy(event)) return;
    event.stopImmediatePropagation();
    // The Enter that picks a candidate must not send the form.
    if (event.key === "Enter") event.preventDefault();
  }, true);
  document.addEventListener("submit", (event) => {
    if (!composing) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);

  window.kedangComposing = () => composing;
})();
