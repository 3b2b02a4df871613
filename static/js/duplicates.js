// Asks the server for records like the one being typed and shows its answer (UX-34, RF-09).
// input[data-duplicates-url][data-duplicates-target="#id"]; all such fields of a form go along by name.
(() => {
  const WAIT = 400;
  const SHORTEST = 2;
  const timers = new WeakMap();
  const ask = async (field) => {
    const target = document.querySelector(field.dataset.duplicatesTarget);
    if (!target || window.kedangComposing()) return;
    const fields = [...field.form.querySelectorAll("[data-duplicates-url]")];
    const values = fields.map((one) => [one.dataset.duplicatesName || one.name, one.value.trim()]);
    const asked = values.filter(([, value]) => [...value].length >= SHORTEST);
    const query = new URLSearchParams(asked).toString();
    if (query === target.dataset.asked) return;
    target.dataset.asked = query;
    if (!asked.length) { target.replaceChildren(); return; }
    const join = field.dataset.duplicatesUrl.includes("?") ? "&" : "?";
    const answer = await fetch(`${field.dataset.duplicatesUrl}${join}${query}`, {
      credentials: "same-origin",
      headers: { "HX-Request": "true" },
    }).catch(() => null);
    // An older answer must not overwrite a newer question.
    if (!answer?.ok || target.dataset.asked !== query) return;
    target.innerHTML = await answer.text();
  };
  const later = (event) => {
    const field = event.target;
    if (!field.matches?.("[data-duplicates-url]")) return;
    clearTimeout(timers.get(field));
    timers.set(field, setTimeout(ask, WAIT, field));
  };
  document.addEventListener("input", later);
})();
