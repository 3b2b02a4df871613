// "/" goes to the search, "?" shows the keys, Ctrl+Enter submits; single keys can be switched off (UX-74).
(() => {
  const KEY = "kedang-shortcuts";
  const read = () => { try { return localStorage.getItem(KEY) !== "off"; } catch { return true; } };
  let on = read();
  const box = document.querySelector("[data-shortcuts-on]");
  if (box) {
    box.checked = on;
    box.addEventListener("change", () => {
      on = box.checked;
      try { localStorage.setItem(KEY, on ? "on" : "off"); } catch { /* private window: not remembered */ }
    });
  }
  const typing = (node) => node.closest?.("input, textarea, select, [contenteditable]");
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
      const form = event.target.closest?.("form");
      if (form && form.method === "post") { event.preventDefault(); form.requestSubmit(); }
      return;
    }
    if (!on || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const find = document.querySelector("[data-find]");
    if (event.key === "/" && find) { event.preventDefault(); find.focus(); find.select(); }
    if (event.key === "?") { event.preventDefault(); document.getElementById("shortcuts")?.showModal(); }
  });
})();
