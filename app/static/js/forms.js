// An answer that never comes is said: without it, nothing at all would be seen of what htmx sent.
document.addEventListener("htmx:sendError", () => {
  const sentence = "No answer came. Check the connection, then send it again: what is sent twice is recorded once.";
  const note = Object.assign(document.createElement("p"), { className: "note note--late", textContent: sentence });
  document.getElementById("flash").replaceChildren(note);
});

// What was wrong with a form that htmx sends is forgotten once it is answered without a complaint.
document.addEventListener("htmx:afterRequest", ({ target, detail }) => {
  if (!detail.successful || !target.matches?.("form")) return;
  target.querySelectorAll(".form__error").forEach((error) => error.remove());
  target.querySelectorAll("[aria-invalid]").forEach((field) => {
    field.removeAttribute("aria-invalid");
    field.removeAttribute("aria-describedby");
  });
});

// A form that was sent by a key goes on where its answer stands, not at the page's end: with what is wrong, or at the heading.
document.addEventListener("htmx:afterSettle", ({ detail }) => {
  if (document.activeElement !== document.body) return;
  const next = detail.target.querySelector("[aria-invalid]") || document.querySelector("main h1");
  if (next?.matches("h1")) next.tabIndex = -1;
  next?.focus({ preventScroll: true });
});

// A search is sent while it is typed. Sent again when the field is left, it would bring the same rows again, and whoever
// walks along them would lose the place.
document.addEventListener(
  "change",
  (event) => {
    if (event.target.matches("form[hx-get] input[type=search]")) event.stopPropagation();
  },
  true,
);

// Whoever has walked into the rows before the answer came stands in the first of the new ones.
let wasAmongRows = false;
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  wasAmongRows = Boolean(detail.target.querySelector("table[data-rows] tbody")?.contains(document.activeElement));
});
document.addEventListener("htmx:afterSettle", () => {
  if (wasAmongRows) document.querySelector("table[data-rows] tbody a[href]")?.focus();
  wasAmongRows = false;
});

// What is to be copied is copied with one click; the clipboard is only given to pages over HTTPS.
for (const button of navigator.clipboard ? document.querySelectorAll("[data-copies]") : []) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copies);
    field.select();
    await navigator.clipboard.writeText(field.value);
    button.textContent = "Copied";
  });
}

// A button that prints is of use only where there is this script.
document.querySelectorAll("[data-print]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", () => print());
});

// The form of an action that was opened is filled in next: its first field has the focus, as with the action's key.
document.addEventListener("click", ({ target }) => {
  const summary = target.closest("details.action > summary");
  if (!summary || summary.parentElement.open) return;
  const form = document.getElementById(summary.getAttribute("aria-controls")) || summary.parentElement;
  setTimeout(() => form.querySelector("input:not([type=hidden], [type=checkbox], [type=radio]), select, textarea")?.focus());
});
