// Province, then city: select[data-region-url="/regions/_/"][data-region-child="id_city"]; a choice takes the
// place of "_" and the answer {"cities": [[value, text]]} fills the next list (UX-32).
(() => {
  const texts = document.getElementById("texts").dataset;
  const fill = (select, items) => {
    const first = new Option(texts.choose, "");
    select.replaceChildren(first, ...items.map(([value, text]) => new Option(text, value)));
    select.tomselect?.sync();
    select.disabled = items.length === 0;
    select.dispatchEvent(new Event("change", { bubbles: true }));
  };
  document.addEventListener("change", async (event) => {
    const parent = event.target.closest?.("select[data-region-url]");
    const child = parent && document.getElementById(parent.dataset.regionChild);
    if (!child) return;
    const asked = parent.value;
    if (!asked) { fill(child, []); return; }
    const url = parent.dataset.regionUrl.replace("/_/", `/${encodeURIComponent(asked)}/`);
    const answer = await fetch(url, { credentials: "same-origin" }).catch(() => null);
    if (answer?.ok && parent.value === asked) fill(child, (await answer.json()).cities);
  });
})();
