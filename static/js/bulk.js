// Ticks rows and counts them: .bulk[data-bulk="form-id"], rows have input[data-bulk-row] (UX-07).
// With "every" on, all rows of the page are ticked; what is unticked then is sent as `except` (UX-08).
(() => {
  const rows = (bar) => [...document.querySelectorAll(`input[data-bulk-row][form="${CSS.escape(bar.dataset.bulk)}"], #${CSS.escape(bar.dataset.bulk)} input[data-bulk-row]`)];
  const show = (bar) => {
    const boxes = rows(bar);
    const picked = boxes.filter((box) => box.checked);
    boxes.forEach((box) => box.closest("tr")?.classList.toggle("is-picked", box.checked));
    const count = bar.querySelector("[data-bulk-count]");
    count.textContent = picked.length ? count.dataset.bulkText.replace("%n", picked.length) : "";
    const all = bar.querySelector("[data-bulk-all]");
    all.checked = boxes.length > 0 && picked.length === boxes.length;
    all.indeterminate = picked.length > 0 && picked.length < boxes.length;
  };
  const every = (bar) => bar.querySelector("input[name=every]");
  const leaveOut = (form) => {
    form.querySelectorAll("input[name=except]").forEach((old) => old.remove());
    const bar = [...bars()].find((one) => one.dataset.bulk === form.id);
    if (!bar || !every(bar)?.checked) return;
    rows(bar).filter((box) => !box.checked).forEach((box) => {
      form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "except", value: box.value }));
    });
  };
  const bars = () => document.querySelectorAll(".bulk[data-bulk]");
  document.addEventListener("change", (event) => {
    const bar = event.target.matches("[data-bulk-all]") && event.target.closest(".bulk");
    const whole = event.target.matches(".bulk input[name=every]") && event.target.closest(".bulk");
    if (bar || whole) rows(bar || whole).forEach((box) => { box.checked = event.target.checked; });
    if (whole) bars().forEach(show);
    if (bar || event.target.matches("[data-bulk-row]")) bars().forEach(show);
  });
  document.addEventListener("submit", (event) => leaveOut(event.target));
  window.addEventListener("pageshow", () => bars().forEach(show));
})();
