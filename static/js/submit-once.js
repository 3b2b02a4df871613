// The second press of a submit button does nothing; the first one shows at once that it counts (UX-35).
(() => {
  const label = (button) => button.querySelector("[data-busy-label]") || button;
  const texts = document.getElementById("texts");

  const freeze = (form, pressed) => {
    form.dataset.sent = "yes";
    form.querySelectorAll("button[type=submit]").forEach((button) => button.setAttribute("aria-disabled", "true"));
    if (!pressed) return;
    pressed.setAttribute("aria-busy", "true");
    pressed.dataset.idleLabel = label(pressed).textContent;
    label(pressed).textContent = pressed.dataset.busy || (texts && texts.dataset.busy) || pressed.dataset.idleLabel;
  };
  const thaw = (form) => {
    delete form.dataset.sent;
    form.querySelectorAll("button[type=submit]").forEach((button) => {
      button.removeAttribute("aria-disabled");
      button.removeAttribute("aria-busy");
      if (button.dataset.idleLabel) label(button).textContent = button.dataset.idleLabel;
      delete button.dataset.idleLabel;
    });
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    // A form that answers with a file leaves the page as it is: form[data-again] may be sent again.
    if (form.method !== "post" || form.hasAttribute("data-again") || event.defaultPrevented) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    // The disabled attribute would drop the button's name and value from what is sent.
    freeze(form, event.submitter);
  });
  // Back from the next page, or an answer by htmx: the form may be used again.
  window.addEventListener("pageshow", (event) => { if (event.persisted) document.querySelectorAll("form[data-sent]").forEach(thaw); });
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.target.closest("form");
    if (form) thaw(form);
  });
})();
