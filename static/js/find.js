// The first few customers under the search box while one types (UX-01, UX-27). Without it Enter opens the
// page of results. input[data-find="url"], [data-find-answers]; ime.js keeps half-typed characters away.
(() => {
  const WAIT = 250;
  const SHORTEST = 2;
  const box = document.querySelector("[data-find]");
  const answers = document.querySelector("[data-find-answers]");
  if (!box || !answers || !box.dataset.find) return;
  let timer = 0;
  let asked = "";
  const close = () => { answers.hidden = true; };
  const ask = async () => {
    const text = box.value.trim();
    if (window.kedangComposing()) return;
    if (text === asked) { answers.hidden = !answers.childElementCount; return; }
    asked = text;
    if ([...text].length < SHORTEST) { answers.replaceChildren(); close(); return; }
    // Posted as the form is: a certificate number must not stand in an address.
    const answer = await fetch(box.dataset.find, {
      method: "POST",
      body: new FormData(box.form),
      credentials: "same-origin",
      headers: { "HX-Request": "true" },
    }).catch(() => null);
    // An older answer must not overwrite a newer question.
    if (!answer?.ok || asked !== text) return;
    answers.innerHTML = await answer.text();
    answers.hidden = !answers.childElementCount || document.activeElement !== box;
  };
  const links = () => [...answers.querySelectorAll("a")];
  const move = (event, step) => {
    const all = links();
    if (answers.hidden || !all.length) return;
    event.preventDefault();
    const next = all.indexOf(document.activeElement) + step;
    (next < 0 ? box : all[Math.min(next, all.length - 1)]).focus();
  };
  box.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, WAIT); });
  box.form.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") move(event, 1);
    if (event.key === "ArrowUp") move(event, -1);
    if (event.key === "Escape" && !answers.hidden) { event.preventDefault(); close(); box.focus(); }
  });
  document.addEventListener("focusin", (event) => { if (!box.form.contains(event.target)) close(); });
  document.addEventListener("click", (event) => { if (!box.form.contains(event.target)) close(); });
})();
