// How many characters are left, counted as the server counts: a rare Han or an emoji is one (UX-28).
(() => {
  const SHOW_FROM = 0.8;
  const texts = document.getElementById("texts").dataset;
  // A line break is sent as two characters.
  const count = (text) => [...text.replace(/\r?\n/g, "\r\n")].length;
  const show = (counter) => {
    const field = document.getElementById(counter.dataset.counterFor);
    if (!field) return;
    const most = Number(counter.dataset.counterMost);
    const now = count(field.value);
    counter.hidden = now < most * SHOW_FROM && field.tagName !== "TEXTAREA";
    counter.textContent = now > most ? `${texts.tooLong} ${now - most}` : `${now} / ${most}`;
    counter.classList.toggle("field__counter--over", now > most);
  };
  const all = () => document.querySelectorAll("[data-counter-for]").forEach(show);
  all();
  document.addEventListener("input", (event) => {
    const counter = event.target.id && document.querySelector(`[data-counter-for="${CSS.escape(event.target.id)}"]`);
    if (counter) show(counter);
  });
  window.addEventListener("pageshow", all);
})();
