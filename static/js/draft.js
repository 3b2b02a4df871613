// Keeps a draft on the server: every 10 s while something changed, and when a field is left (UX-24).
// form[data-draft-url]; the answer is {"saved_at": "14:32:05"}. Says "草稿已保存 14:32" in [data-draft-note]. Warns on leaving only
// while something is not saved (UX-25).
(() => {
  const form = document.querySelector("form[data-draft-url]");
  if (!form) return;
  const texts = document.getElementById("texts").dataset;
  const note = form.querySelector("[data-draft-note]") || document.querySelector("[data-draft-note]");
  const EVERY = 10000;
  const read = () => {
    const values = {};
    for (const [name, value] of new FormData(form)) {
      if (name === "csrfmiddlewaretoken" || value instanceof File) continue;
      if (name in values) values[name] = [].concat(values[name], value);
      else values[name] = value;
    }
    return JSON.stringify(values);
  };
  let saved = read();
  let sending = false;
  let leaving = false;

  const say = (text) => { if (note) note.textContent = text; };
  const save = async () => {
    const now = read();
    if (sending || leaving || now === saved || window.kedangComposing()) return;
    sending = true;
    say(texts.draftSaving);
    try {
      const answer = await fetch(form.dataset.draftUrl, {
        method: "POST",
        body: now,
        credentials: "same-origin",
        keepalive: now.length < 60000,
        headers: {
          "Content-Type": "application/json",
          "X-CSRFToken": form.elements.csrfmiddlewaretoken.value,
        },
      });
      if (!answer.ok) throw new Error(String(answer.status));
      saved = now;
      document.dispatchEvent(new Event("kedang:request"));
      say(`${texts.draftSaved} ${(await answer.json()).saved_at.slice(0, 5)}`);
    } catch {
      say(texts.draftFailed);
    } finally {
      sending = false;
    }
  };

  setInterval(save, EVERY);
  form.addEventListener("focusout", () => setTimeout(save, 0));
  document.addEventListener("visibilitychange", () => { if (document.hidden) save(); });
  form.addEventListener("submit", (event) => { if (!event.defaultPrevented) leaving = true; });
  window.addEventListener("pageshow", () => { leaving = false; });
  window.addEventListener("beforeunload", (event) => {
    if (leaving || read() === saved) return;
    save();
    event.preventDefault();
  });
})();
