// What is shown when nobody is signed in.

import { api } from "./api.js";
import { h, fill, icon } from "./dom.js";
import { whatToDo } from "./words.js";

/** Shows the panel in `place`; resolves when the session is there. */
export function signIn(place) {
  return new Promise((resolve) => {
    let byKey = false;
    const error = h("p", { class: "field-error", role: "alert", hidden: true });
    const button = h("button", { type: "submit", class: "button primary" }, "Sign in");
    const other = h("button", { type: "button", class: "button plain", onClick: () => draw(!byKey) });
    const fields = h("div", { class: "signin-fields" });
    const elsewhere = h("div", { class: "signin-fields", hidden: true });
    const form = h("form", { class: "signin", onSubmit: async (event) => {
      event.preventDefault();
      button.disabled = true;
      error.hidden = true;
      try {
        const given = Object.fromEntries(new FormData(form));
        await (byKey ? api.loginWithKey(given.token.trim()) : api.login(given.user.trim(), given.password));
        resolve();
      } catch (problem) {
        error.textContent = wrong(problem, byKey);
        error.hidden = false;
        form.querySelector("input[type=password]").select();
      } finally {
        button.disabled = false;
      }
    } },
    icon("logo", "signin-logo"),
    h("h1", {}, "Sign in to Vedette"),
    fields, error, button, elsewhere, other);

    function draw(next) {
      byKey = next;
      error.hidden = true;
      other.textContent = byKey ? "Use a name and password instead" : "Use an API key instead";
      fill(fields, byKey ? keyFields() : passwordFields());
      fields.querySelector("input").focus();
    }
    fill(place, form);
    draw(false);
    // What an issuer's answer came to, when it led back here.
    const refused = new URLSearchParams(location.search).get("signin");
    if (refused) {
      error.textContent = refusals[refused] ?? refusals.unauthorized;
      error.hidden = false;
      history.replaceState(null, "", location.pathname + location.hash);
    }
    api.signInMethods().then(({ oidc }) => {
      if (!oidc) return;
      fill(elsewhere, h("a", { class: "button", href: oidc.url }, oidc.label));
      elsewhere.hidden = false;
    }, () => {
      // Then there is no button; name and password work without it.
    });
  });
}

const refusals = {
  unauthorized: "The sign-in with the issuer did not succeed. Try again.",
  forbidden: "The issuer knows you, but you may not come in here. Ask an administrator.",
  unavailable: "The issuer cannot be reached now. Try again later, or use a name and password.",
  "rate-limited": "Too many attempts. Wait a moment and try again.",
};

function passwordFields() {
  return [
    h("label", { for: "user" }, "Name"),
    h("input", { id: "user", name: "user", autocomplete: "username", required: true, spellcheck: "false",
      autocapitalize: "off", maxlength: "100" }),
    h("label", { for: "password" }, "Password"),
    h("input", { id: "password", name: "password", type: "password", autocomplete: "current-password", required: true,
      maxlength: "256", "aria-describedby": "password-help" }),
    h("p", { class: "hint", id: "password-help" },
      "The first start of Vedette printed the password of ", h("code", {}, "admin"), "."),
  ];
}

function keyFields() {
  return [
    h("label", { for: "token" }, "API key"),
    h("input", { id: "token", name: "token", type: "password", autocomplete: "off", required: true, spellcheck: "false",
      autocapitalize: "off", "aria-describedby": "token-help" }),
    h("p", { class: "hint", id: "token-help" },
      "The first one is in the file ", h("code", {}, "admin-token"), " in the data folder (", h("code", {}, "data_dir"),
      "), readable by its owner: ", h("code", {}, "cat data/admin-token"), "."),
  ];
}

function wrong(problem, byKey) {
  if (problem.status === 429) return `Too many attempts. Wait ${problem.retryAfterSeconds ?? "a few"} s and try again.`;
  if (problem.status !== 401 && problem.kind !== "validation") return whatToDo(problem);
  return byKey ? "That is not a key. Copy the whole line, without spaces around it." : "The name or the password is wrong.";
}
