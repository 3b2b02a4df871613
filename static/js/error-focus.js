// The error summary takes the focus; its links put it into the field (UX-21).
(() => {
  const go = () => document.querySelector("[data-error-summary]")?.focus();
  go();
  document.addEventListener("htmx:afterSwap", go);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-error-summary] a");
    const field = link && document.getElementById(link.hash.slice(1));
    if (!field) return;
    event.preventDefault();
    field.scrollIntoView({ block: "center" });
    (field.tomselect || field).focus();
  });
})();
