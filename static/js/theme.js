// Light or dark: what the person chose, else what the system says. Runs before the first paint.
(() => {
  const KEY = "kedang-theme";
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => { try { return localStorage.getItem(KEY); } catch { return null; } };
  const dark = () => (chosen() ? chosen() === "dark" : system.matches);
  const apply = () => {
    document.documentElement.dataset.bsTheme = dark() ? "dark" : "light";
    document.querySelectorAll("[data-theme-switch]").forEach((button) => {
      button.hidden = false;
      button.setAttribute("aria-pressed", String(dark()));
    });
  };
  apply();
  system.addEventListener("change", apply);
  document.addEventListener("DOMContentLoaded", apply);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-switch]")) return;
    try { localStorage.setItem(KEY, dark() ? "light" : "dark"); } catch { /* private window: not remembered */ }
    apply();
  });
})();
