// Keys: `data-key` of a link, button, field or summary says which key goes there ("n", or "g i" for one after the
// other), `data-rows` of a table that its rows can be walked along. Never while somebody types, never with modifiers.
(() => {
  const TYPING = "input:not([type=checkbox], [type=radio], [type=submit]), select, textarea, [contenteditable]";
  const FIELDS = "input:not([type=hidden], [type=checkbox], [type=radio]), select, textarea";
  const TOGETHER_MILLISECONDS = 1500;
  let before = { key: "", at: -Infinity };

  const find = (key) => {
    const named = document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`);
    const usable = [...named].filter((one) => one.checkVisibility() || one.closest("[popover]"));
    // What the page itself has comes before what the head of every page has.
    return usable.find((one) => one.closest("main")) ?? usable[0];
  };

  function go(target) {
    const details = target.closest("summary")?.parentElement;
    if (details) details.open = true;
    const field = details ? details.querySelector(FIELDS) || target : target;
    if (details || field.matches(FIELDS)) {
      // What is typed takes the place of what was foreseen.
      field.focus();
      field.select?.();
    } else {
      target.click();
    }
  }

  function rows() {
    return [...document.querySelectorAll("table[data-rows] tbody tr")].filter((row) => row.querySelector("a[href]"));
  }

  // The row is where its first link has the focus: Enter opens it without any help of ours.
  function walk(step) {
    const all = rows();
    const at = all.findIndex((row) => row.contains(document.activeElement));
    const next = all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + step))];
    next?.querySelector("a[href]").focus();
    return Boolean(next);
  }

  function tick() {
    const box = rows()
      .find((row) => row.contains(document.activeElement))
      ?.querySelector("input[type=checkbox]");
    box?.click();
    return Boolean(box);
  }

  // Escape closes the form of an action; any other field it leaves, so that the keys work again.
  function close(event) {
    const row = event.target.closest(".table__own")?.previousElementSibling;
    const action = row?.querySelector("details.action[open]") || event.target.closest("details.action[open]");
    if (!action) {
      if (event.target.matches(TYPING)) event.target.blur();
      return false;
    }
    action.open = false;
    action.querySelector("summary").focus();
    return true;
  }

  function press(event) {
    const { key } = event;
    const inRow = document.activeElement.closest("table[data-rows] tbody tr");
    if (key === "j" || (key === "ArrowDown" && inRow)) return walk(+1);
    if (key === "k" || (key === "ArrowUp" && inRow)) return walk(-1);
    if (key === "x") return tick();
    const afterIt = event.timeStamp - before.at < TOGETHER_MILLISECONDS ? find(`${before.key} ${key}`) : null;
    const target = afterIt || find(key) || (key === "/" ? document.querySelector("input[type=search]") : null);
    before = { key, at: event.timeStamp };
    if (target) go(target);
    return Boolean(target);
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (document.querySelector("dialog[open]")) return;
    const fromSearch = event.key === "ArrowDown" && event.target.matches("input[type=search]");
    if (fromSearch && walk(+1)) return event.preventDefault();
    const done = event.key === "Escape" ? close(event) : !event.target.closest(TYPING) && press(event);
    if (done) event.preventDefault();
  });

  // A link to a page that also stands here as a sheet opens the sheet.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-dialog]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    document.getElementById(link.dataset.dialog).showModal();
  });
})();
