// What is shown when nobody is signed in.

import { api } from "./api.js";
import { h, fill, icon } from "./dom.js";
import { whatToDo } from "./words.js";

/** Shows the panel in `place`; resolves when the session is there. */
export function signIn(place) {
  return new Promise((resolve) => {
    const error = h("p", { class: "field-error", role: "alert", hidden: true });
    const input = h("input", { id: "token", name: "token", type: "password", autocomplete: "current-password", required: true,
      spellcheck: "false", autocapitalize: "off", "aria-describedby": "token-help" });
    const button = h("button", { type: "submit", class: "button primary" }, "Sign in");
    const form = h("form", { class: "signin", onSubmit: async (event) => {
      event.preventDefault();
      button.disabled = true;
      error.hidden = true;
      try {
        await api.login(input.value.trim());
        resolve();
      } catch (problem) {
        error.textContent = problem.status === 401 || problem.kind === "validation"
          ? "That is not the token. Copy the whole line from the file, without spaces around it."
          : whatToDo(problem);
        error.hidden = false;
        input.select();
      } finally {
        button.disabled = false;
      }
    } },
    icon("logo", "signin-logo"),
    h("h1", {}, "Sign in to Vedette"),
    h("label", { for: "token" }, "Administrator token"),
    input, error, button,
    h("p", { class: "hint", id: "token-help" },
      "The token was printed when Vedette started for the first time. It is kept in the file ",
      h("code", {}, "admin-token"), " in the data folder (", h("code", {}, "data_dir"), "), readable by its owner: ",
      h("code", {}, "cat data/admin-token"), "."));
    fill(place, form);
    input.focus();
  });
}
