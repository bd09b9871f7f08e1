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
