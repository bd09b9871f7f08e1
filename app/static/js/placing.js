// A payment is placed on the oldest invoices while its amount is typed, until somebody places it by hand.
(() => {
  const places = () => [...document.querySelectorAll("#places input")];
  let byHand = places().some((place) => place.value);
  const isLive = (detail) => (detail.requestConfig?.elt ?? detail.elt).id === "placing";

  document.addEventListener("input", ({ target }) => {
    byHand ||= places().includes(target);
  });
  document.addEventListener("click", ({ target }) => {
    if (target.matches("#receipt button[name=spread]")) byHand = false;
  });
  document.addEventListener("htmx:configRequest", (event) => {
    if (byHand && isLive(event.detail)) event.preventDefault();
  });
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (byHand && isLive(detail)) detail.shouldSwap = false;
  });
})();
