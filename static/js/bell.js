// The number on the bell, asked for every minute while the page is looked at: {"unread": 3}.
(() => {
  const bell = document.querySelector("[data-bell-url]");
  if (!bell) return;
  const count = bell.querySelector("[data-bell-count]");
  const ask = async () => {
    if (document.hidden) return;
    // The header keeps this look from counting as activity of the person.
    const options = { credentials: "same-origin", headers: { Accept: "application/json", "X-Kedang-Background": "1" } };
    const answer = await fetch(bell.dataset.bellUrl, options).catch(() => null);
    if (!answer?.ok || answer.redirected) return;
    const { unread } = await answer.json();
    count.textContent = unread > 99 ? "99+" : String(unread);
    count.hidden = !unread;
  };
  setInterval(ask, 60000);
})();
