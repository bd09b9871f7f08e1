// Says in time that the login ends, and that it has ended. Every answer of the server starts the time again, in all tabs.
(() => {
  const SAID_BEFORE = 2 * 60 * 1000;
  const bar = document.querySelector(".layout__login");
  const ending = document.getElementById("login-ending");
  const ended = document.getElementById("login-ended");
  const button = ending.querySelector("button");
  const tabs = new BroadcastChannel("login");
  let endsAt = 0;
  let timer = 0;

  // By the clock and not by the timer alone: that stands still while a computer sleeps.
  function show() {
    const left = endsAt - Date.now();
    ending.hidden = left <= 0 || left > SAID_BEFORE;
    ended.hidden = left > 0;
    clearTimeout(timer);
    if (left > 0) timer = setTimeout(show, left > SAID_BEFORE ? left - SAID_BEFORE : left);
  }

  function lasts(milliseconds) {
    endsAt = Date.now() + milliseconds;
    // A login that is near its last hour cannot be kept.
    button.hidden = milliseconds <= SAID_BEFORE;
    show();
  }

  function lastsInAllTabs(seconds) {
    lasts(seconds * 1000);
    tabs.postMessage(seconds * 1000);
  }

  tabs.addEventListener("message", ({ data }) => lasts(data));
  document.addEventListener("visibilitychange", show);
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    const seconds = detail.xhr?.getResponseHeader("Login-Seconds");
    if (seconds) lastsInAllTabs(Number(seconds));
  });
  button.addEventListener("click", async () => {
    try {
      // A redirect leads to signing in, which would take the place of what is typed.
      const answer = await fetch(button.dataset.address, { redirect: "manual" });
      lastsInAllTabs(Number(answer.headers.get("Login-Seconds")));
    } catch {
      button.textContent = "No answer came: stay signed in";
    }
  });

  lastsInAllTabs(Number(bar.dataset.seconds));
})();
