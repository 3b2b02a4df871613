// [data-copy]: puts its value on the clipboard and says so (UX-19).
(() => {
  const old = (text) => {
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "visually-hidden";
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  };
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    // The clipboard of today needs https; offices often run plain http inside.
    try { await navigator.clipboard.writeText(button.dataset.copy); } catch { old(button.dataset.copy); }
    if (button.dataset.done) return;
    button.dataset.done = "yes";
    const before = [...button.childNodes];
    const said = document.createElement("span");
    said.setAttribute("role", "status");
    said.textContent = button.dataset.copied;
    button.replaceChildren(said);
    setTimeout(() => { button.replaceChildren(...before); delete button.dataset.done; }, 1500);
  });
})();
