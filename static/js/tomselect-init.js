// select[data-search] gets type-ahead (UX-33). With data-search-url the options come from the server as
// [{value, text, code}]. Pages that need it load tom-select before this file.
(() => {
  if (!window.TomSelect) return;
  const texts = document.getElementById("texts").dataset;
  const line = (item, escape) => {
    const code = item.code ? `<span class="option-code">${escape(item.code)}</span>` : "";
    return `<div>${code}${escape(item.text)}</div>`;
  };
  const start = (select) => {
    if (select.tomselect) return;
    // Without a name of its own the replaced select has none for screen readers (tom-select #997).
    const label = select.labels?.[0]?.childNodes[0]?.textContent.trim();
    if (label && !select.hasAttribute("aria-label")) select.setAttribute("aria-label", label);
    const options = {
      maxOptions: 200,
      create: false,
      render: {
        option: line,
        item: line,
        no_results: (_data, escape) => `<div class="no-results">${escape(texts.noMatch)}</div>`,
        loading: (_data, escape) => `<div class="spinner-text">${escape(texts.loading)}</div>`,
      },
    };
    if (select.dataset.searchUrl) {
      options.valueField = "value";
      options.labelField = "text";
      options.searchField = ["text", "code"];
      options.shouldLoad = (query) => query.length > 0 && !window.kedangComposing();
      options.load = (query, done) => {
        fetch(`${select.dataset.searchUrl}?${new URLSearchParams({ q: query })}`, { credentials: "same-origin" })
          .then((answer) => (answer.ok ? answer.json() : []))
          .then(done, () => done());
      };
    }
    new window.TomSelect(select, options);
  };
  const all = () => document.querySelectorAll("select[data-search]").forEach(start);
  all();
  document.addEventListener("htmx:afterSwap", all);
})();
