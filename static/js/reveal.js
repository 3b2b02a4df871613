// A revealed value is hidden again when its time is over (UX-20).
(() => {
  const start = (box) => {
    if (box.dataset.running) return;
    box.dataset.running = "yes";
    const end = Date.now() + Number(box.dataset.revealSeconds) * 1000;
    const left = box.querySelector("[data-reveal-left]");
    const hide = () => {
      box.textContent = box.dataset.revealGone;
      box.classList.add("quiet");
    };
    const tick = () => {
      const seconds = Math.max(0, Math.ceil((end - Date.now()) / 1000));
      if (left) left.textContent = String(seconds);
      if (seconds === 0) { clearInterval(timer); hide(); }
    };
    const timer = setInterval(tick, 500);
    // Back and forward must not bring it back from the browser's memory.
    window.addEventListener("pagehide", hide);
  };
  const all = () => document.querySelectorAll("[data-reveal-seconds]").forEach(start);
  all();
  document.addEventListener("htmx:afterSwap", all);
})();
