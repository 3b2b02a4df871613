// In form[data-dirty] a changed field says what it was and offers to take that back (UX-26).
(() => {
  const texts = document.getElementById("texts").dataset;
  const start = (field) => {
    if (field.tagName !== "SELECT") return field.defaultValue;
    return field.dataset.was ?? [...field.options].find((option) => option.defaultSelected)?.value ?? field.options[0]?.value ?? "";
  };
  const words = (field, value) => {
    const shown = field.tagName === "SELECT" ? [...field.options].find((option) => option.value === value)?.text : value;
    return shown || texts.empty;
  };
  const mark = (field) => {
    const box = field.closest(".field");
    if (!box || field.type === "hidden" || field.type === "password") return;
    box.querySelector(".field__was")?.remove();
    const was = start(field);
    const dirty = field.value !== was;
    box.classList.toggle("field--dirty", dirty);
    if (!dirty) return;
    const line = document.createElement("p");
    line.className = "field__was";
    const old = document.createElement("span");
    old.textContent = `${texts.was} ${words(field, was)}`;
    const back = document.createElement("button");
    back.type = "button";
    back.textContent = texts.restore;
    back.addEventListener("click", () => {
      field.value = was;
      field.tomselect?.setValue(was, true);
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.dispatchEvent(new Event("change", { bubbles: true }));
      field.focus();
    });
    line.append(old, back);
    box.append(line);
  };
  const usable = (field) => field.matches("input:not([type=checkbox], [type=radio], [type=file]), select:not([multiple]), textarea");
  // A line that appears between pressing and releasing would push the button from under the pointer,
  // and the click that left the field would be lost: such lines wait for the release.
  const waiting = new Set();
  let pressed = false;
  const release = () => {
    pressed = false;
    setTimeout(() => { waiting.forEach(mark); waiting.clear(); }, 0);
  };
  document.addEventListener("pointerdown", () => { pressed = true; }, true);
  document.addEventListener("pointerup", release, true);
  document.addEventListener("pointercancel", release, true);
  document.addEventListener("change", (event) => {
    if (!event.target.closest("form[data-dirty]") || !usable(event.target)) return;
    if (pressed) waiting.add(event.target);
    else mark(event.target);
  });
})();
