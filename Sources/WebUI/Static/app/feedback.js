// Was the verdict right? A reviewer says so, or says what it really was, and can take it back.

import { api } from "./api.js";
import { h, fill, icon } from "./dom.js";
import { store } from "./store.js";
import { toastProblem } from "./toast.js";
import { verdictWords } from "./words.js";

export class FeedbackBox {
  element = h("div", { class: "feedback" });
  #event = null;
  #shown = "";
  #isOpen = false;
  #state = h("select", { id: "feedback-state" }, Object.entries(verdictWords).map(([value, { word }]) =>
    h("option", { value }, word)));
  #labels = h("input", { id: "feedback-labels", type: "text", maxlength: "500", placeholder: "person, parcel" });

  load(event) {
    if (event.id !== this.#event?.id) this.#isOpen = false;
    this.#event = event;
    const { verdict, feedback } = event;
    const key = JSON.stringify([event.id, verdict?.id, feedback?.id, this.#isOpen]);
    if (key === this.#shown) return;
    this.#shown = key;
    this.element.hidden = !verdict && !feedback;
    fill(this.element, this.#isOpen ? this.#form() : feedback ? this.#given(feedback) : this.#question());
  }

  #question() {
    return [h("span", { class: "hint" }, "Is this right?"),
      h("button", { type: "button", class: "button", onClick: () => this.#send({ right: true }) }, icon("check"), "Right"),
      h("button", { type: "button", class: "button", onClick: () => this.#open() }, icon("close"), "Wrong")];
  }

  #given(feedback) {
    const word = verdictWords[feedback.state]?.word ?? feedback.state;
    const said = [word, ...feedback.labels].join(", ");
    return [h("span", { class: "hint" }, `${feedback.author}: really ${said.toLowerCase()}`),
      h("button", { type: "button", class: "button", onClick: () => this.#open() }, icon("edit"), "Change"),
      h("button", { type: "button", class: "button", onClick: () => this.#takeBack() }, "Take back")];
  }

  #form() {
    return h("form", { class: "feedback-form", onSubmit: (submit) => {
      submit.preventDefault();
      const labels = this.#labels.value.split(",").map((each) => each.trim()).filter(Boolean);
      this.#send({ state: this.#state.value, labels });
    } },
    h("label", { for: "feedback-state" }, "Really"), this.#state,
    h("label", { for: "feedback-labels" }, "Labels"), this.#labels,
    h("button", { type: "submit", class: "button" }, "Save"),
    h("button", { type: "button", class: "button", onClick: () => this.#close() }, "Cancel"));
  }

  #open() {
    const { verdict, feedback } = this.#event;
    // Who says "wrong" most often means the other of the two.
    this.#state.value = feedback?.state ?? (verdict?.state === "abnormal" ? "normal" : "abnormal");
    this.#labels.value = (feedback?.labels ?? verdict?.labels ?? []).join(", ");
    this.#isOpen = true;
    this.load(this.#event);
    this.#state.focus();
  }

  #close() {
    this.#isOpen = false;
    this.load(this.#event);
  }

  async #send(said) {
    const { id } = this.#event;
    try {
      const event = await api.giveFeedback(id, said);
      if (this.#event.id === id) this.#isOpen = false;
      store.putEvent(event);
      if (this.#event.id === id) this.load(event);
    } catch (problem) {
      toastProblem("Your word on the verdict was not saved.", problem);
    }
  }

  async #takeBack() {
    const { id } = this.#event;
    try {
      await api.withdrawFeedback(id);
      const event = await api.event(id);
      store.putEvent(event);
      if (this.#event.id === id) this.load(event);
    } catch (problem) {
      toastProblem("It was not taken back: only who said it can do that.", problem);
    }
  }
}
