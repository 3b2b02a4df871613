// Puts a saved opinion into its field, at the cursor, and leaves the cursor behind it (UX-42).
document.addEventListener("click", (event) => {
  const phrase = event.target.closest("[data-phrase-for]");
  const field = phrase && document.getElementById(phrase.dataset.phraseFor);
  if (!field) return;
  field.setRangeText(phrase.textContent.trim(), field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
});
