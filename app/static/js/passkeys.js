// Passkeys: shows the buttons that ask for one, and sends the form around the button with what the browser answers.
(() => {
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) return;

  // On the server a challenge lasts for five minutes; an offer in the field of the e-mail is renewed before.
  const OFFERED_FOR = 4 * 60 * 1000;
  let waiting = null;
  let renewal = 0;

  const problems = {
    InvalidStateError: "This device has a passkey of yours already: use another one.",
    NotAllowedError: "No passkey was used: please try again.",
    SecurityError: "Passkeys do not work at this address.",
  };

  // Only one question can be open: the next one ends that before.
  async function ask(button, mediation) {
    waiting?.abort();
    clearTimeout(renewal);
    waiting = new AbortController();
    const { signal } = waiting;
    const answer = await fetch(button.dataset.options, { headers: { Accept: "application/json" }, signal });
    if (!answer.ok) throw new Error(`the answer was ${answer.status}`);
    const options = await answer.json();
    if (button.dataset.passkey === "create") {
      return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options), signal });
    }
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
    return navigator.credentials.get({ publicKey, mediation, signal });
  }

  function send(button, credential) {
    button.form.elements.passkey.value = JSON.stringify(credential);
    button.form.noValidate = true;
    button.form.requestSubmit();
  }

  async function use(button) {
    const problem = button.parentElement.querySelector("[data-passkey-problem]");
    problem.hidden = true;
    button.disabled = true;
    try {
      send(button, await ask(button));
    } catch (error) {
      problem.textContent = problems[error.name] || "The passkey could not be used: reload the page, and try again.";
      problem.hidden = error.name === "AbortError";
    }
    button.disabled = false;
  }

  // Beside what the browser has kept for the e-mail and the password.
  async function offer(button) {
    if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
    const answer = ask(button, "conditional");
    renewal = setTimeout(() => offer(button), OFFERED_FOR);
    try {
      send(button, await answer);
    } catch {
      // Another question took its place, or the browser refused: the button is still there.
    }
  }

  document.querySelectorAll("[data-passkey]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => use(button));
  });
  const onTheWayIn = document.querySelector("[autocomplete~=webauthn]") && document.querySelector("[data-passkey-form] [data-passkey]");
  if (onTheWayIn) offer(onTheWayIn);
})();
