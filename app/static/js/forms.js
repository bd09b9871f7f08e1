// What was wrong with a form that htmx sends is forgotten once it is answered without a complaint.
document.addEventListener("htmx:afterRequest", ({ target, detail }) => {
  if (!detail.successful || !target.matches?.("form")) return;
  target.querySelectorAll(".form__error").forEach((error) => error.remove());
  target.querySelectorAll("[aria-invalid]").forEach((field) => {
    field.removeAttribute("aria-invalid");
    field.removeAttribute("aria-describedby");
  });
});
