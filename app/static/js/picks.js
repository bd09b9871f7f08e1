// The rows that are picked: all of a page at once, and what they come to. How many there are, the style sheet counts.
(() => {
  const locale = document.documentElement.dataset.locale;
  const money = new Intl.NumberFormat(locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const boxes = (form) => [...form.querySelectorAll("tbody .table__box input")];

  function tell(form) {
    const picked = boxes(form).filter((box) => box.checked);
    const sums = new Map();
    picked.forEach(({ dataset: { cents, currency } }) => sums.set(currency, (sums.get(currency) || 0) + Number(cents)));
    const texts = [...sums].map(([currency, cents]) => `${money.format(cents / 100)} ${currency}`);
    form.querySelector(".picks__sum").textContent = texts.join(", ");
    const page = form.querySelector(".picks__page");
    page.checked = picked.length > 0 && picked.length === boxes(form).length;
    page.indeterminate = picked.length > 0 && !page.checked;
  }

  document.addEventListener("change", ({ target }) => {
    const form = target.closest?.("form.picks");
    if (!form?.querySelector(".picks__page")) return;
    if (target.matches(".picks__page")) boxes(form).forEach((box) => { box.checked = target.checked; });
    tell(form);
  });
})();
