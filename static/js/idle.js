// Two minutes before the session ends a dialog offers to stay; any request elsewhere counts too (UX-69).
(() => {
  const dialog = document.getElementById("idle");
  const seconds = Number(document.body.dataset.idleSeconds);
  if (!dialog || !seconds) return;
  const KEY = "kedang-last-request";
  const WARN = 120;
  const touch = () => { try { localStorage.setItem(KEY, String(Date.now())); } catch { /* this window alone */ } last = Date.now(); };
  const seen = () => { try { return Math.max(last, Number(localStorage.getItem(KEY)) || 0); } catch { return last; } };
  let last = Date.now();
  touch();
  document.addEventListener("htmx:afterRequest", touch);
  document.addEventListener("kedang:request", touch);
  dialog.querySelector("[data-idle-stay]").addEventListener("click", async () => {
    const answer = await fetch(dialog.dataset.aliveUrl, { credentials: "same-origin" }).catch(() => null);
    if (!answer?.ok || answer.redirected) { location.reload(); return; }
    touch();
    dialog.close();
  });
  setInterval(() => {
    const left = seconds - (Date.now() - seen()) / 1000;
    if (left <= 0 && dialog.open) { location.reload(); return; }
    if (left <= WARN && !dialog.open) dialog.showModal();
    if (left > WARN && dialog.open) dialog.close();
  }, 5000);
})();
