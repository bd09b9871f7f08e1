// The key "/" goes to the search field, unless somebody is typing.
document.addEventListener("keydown", (event) => {
  const search = document.querySelector("input[type=search]");
  const isTyping = event.target.closest("input, select, textarea, [contenteditable]");
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || !search || isTyping) return;
  event.preventDefault();
  search.focus();
  search.select();
});
