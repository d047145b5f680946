// Beside the video: what was judged and why, the pictures the judge saw, the reviewer's note.

import { api } from "./api.js";
import { deleteEvent, saveNote, toggleReviewed, toggleStarred } from "./actions.js";
import { h, fill, icon, setText } from "./dom.js";
import { requestExport } from "./exports.js";
import { FeedbackBox } from "./feedback.js";
import { store } from "./store.js";
import { clock, dateAndClock, duration } from "./time.js";
import { analysisText, badge, bytes, codecName, percent, standing, verdictWords, whatToDo, triggerText } from "./words.js";

export class PlayerPanel {
  #verdict = h("div", { class: "verdict" });
  #feedback = new FeedbackBox();
  #evidence = h("div", { class: "evidence" });
  #review = h("button", { type: "button", class: "button review-button", onClick: () => toggleReviewed(this.#event.id) });
  #star = h("button", { type: "button", class: "button star-wide", onClick: () => toggleStarred(this.#event.id) });
  #download = h("a", { class: "button icon-button", download: "", "aria-label": "Download the clip" }, icon("download"));
  #note = h("textarea", { id: "note", rows: "2", maxlength: "2000", placeholder: "What a colleague should know" });
  #noteState = h("span", { class: "hint", role: "status" });
  #all = h("details", { class: "more all-verdicts" }, h("summary", {}, "All verdicts"));
  #allList = h("ol", { class: "verdict-list" });
  #facts = h("dl", { class: "facts" });
  #event = null;
  #shownVerdict = "";
  #shownEvidence = "";

  constructor({ onSeek, onDeleted }) {
    this.onSeek = onSeek;
    this.#all.append(this.#allList);
    this.#all.addEventListener("toggle", () => this.#all.open && this.#loadVerdicts());
    this.#note.addEventListener("change", () => this.#saveNote());
    this.#note.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.#saveNote();
    });
    this.element = h("div", { class: "player-panel" }, this.#verdict, this.#feedback.element,
      h("div", { class: "panel-actions" }, this.#review, this.#star, this.#download),
      this.#evidence,
      h("div", { class: "field" }, h("label", { for: "note" }, "Note"), this.#note, this.#noteState),
      this.#all,
      h("details", { class: "more" }, h("summary", {}, "Details"), this.#facts,
        h("button", { type: "button", class: "button", title: "Clip, pictures and verdict as one ZIP with digests",
          onClick: () => requestExport({ event_ids: [this.#event.id], format: "zip" }) }, icon("download"), "Export as ZIP"),
        h("button", { type: "button", class: "button danger-quiet", onClick: async () => {
          const { id } = this.#event;
          if (await deleteEvent(id)) onDeleted(id);
        } }, icon("trash"), "Delete this event")));
  }

  load(event) {
    const other = event.id !== this.#event?.id;
    if (other && this.#event) this.#saveNote();
    this.#event = event;
    if (other || document.activeElement !== this.#note) this.#note.value = event.note ?? "";
    if (other) {
      setText(this.#noteState, "");
      if (this.#all.open) this.#loadVerdicts();
    }
    this.#showVerdict(event);
    this.#feedback.load(event);
    this.#showEvidence(event);
    this.#showFacts(event);
    toggleButton(this.#review, event.reviewed, "check", event.reviewed ? "Reviewed" : "Mark reviewed", "r");
    toggleButton(this.#star, event.starred, "star", event.starred ? "Starred" : "Star", "s");
    this.#download.hidden = !event.clip;
    if (event.clip) {
      this.#download.href = `${event.clip.url}?download=1`;
      this.#download.title = `Download the clip, ${bytes(event.clip.size_bytes)}`;
    }
  }

  /** Called when the player closes: an unsaved note is saved. */
  close() {
    if (this.#event) this.#saveNote();
  }

  async #saveNote() {
    const { id, note } = this.#event;
    const text = this.#note.value;
    if (text.trim() === (note ?? "").trim()) return;
    this.#event = { ...this.#event, note: text.trim() || null };
    setText(this.#noteState, "Saving…");
    const saved = await saveNote(id, text);
    if (this.#event.id !== id) return;
    setText(this.#noteState, saved ? "Saved" : "Not saved");
    if (!saved) this.#event = { ...this.#event, note };
  }

  #showVerdict(event) {
    const key = JSON.stringify([event.id, event.verdict, event.analysis, event.analysis_error, event.state]);
    if (key === this.#shownVerdict) return;
    if (this.#shownVerdict && this.#all.open) this.#loadVerdicts();
    this.#shownVerdict = key;
    const { verdict } = event;
    this.#verdict.dataset.kind = standing(event).kind;
    if (!verdict) {
      fill(this.#verdict, h("div", { class: "verdict-head" }, badge(event)), triggerText(event) && h("p", { class: "hint" }, triggerText(event)), h("p", { class: "verdict-summary" }, analysisText(event)));
      return;
    }
    const again = event.analysis === "pending" || event.analysis === "running" ? "It is being judged again."
      : event.analysis === "failed" ? `The newest judging failed: ${analysisText(event)}` : "";
    fill(this.#verdict,
      h("div", { class: "verdict-head" }, badge(event), labelList(verdict.labels), meter(verdict)),
      verdict.summary && h("p", { class: "verdict-summary" }, verdict.summary),
      verdict.reason && h("p", { class: "verdict-reason" }, verdict.reason),
      again && h("p", { class: "hint" }, again),
      triggerText(event) && h("p", { class: "hint" }, triggerText(event)),
      h("p", { class: "hint" }, origin(verdict)));
  }

  #showEvidence(event) {
    const list = event.evidence ?? [];
    const key = list.map((each) => each.url).join("\n");
    if (key === this.#shownEvidence) return;
    this.#shownEvidence = key;
    this.#evidence.hidden = list.length === 0;
    fill(this.#evidence, h("h3", {}, "Evidence for the judge"), h("div", { class: "evidence-strip" }, list.map((each, index) =>
      h("button", { type: "button", class: "evidence-picture", title: "Go to this moment",
        "aria-label": `Evidence ${index + 1}: go to ${each.at_seconds.toFixed(1)} seconds`,
        onClick: () => this.onSeek(each.at_seconds) },
      h("img", { src: each.url, alt: "", loading: "lazy", decoding: "async" }),
      h("span", {}, `${each.at_seconds.toFixed(1)} s`)))));
  }

  #showFacts(event) {
    const zone = store.zoneOf(event.site_id);
    const clip = event.clip;
    const rows = [
      ["Triggered", dateAndClock(event.triggered_at, zone)],
      ["Motion", event.ended_at && `${clock(event.started_at, zone)} to ${clock(event.ended_at, zone)}`],
      ["Moved at most", Number.isFinite(event.score) && `${percent(event.score)} of the picture`],
      ["Clip", clip && [duration(clip.duration_seconds), bytes(clip.size_bytes), codecName(clip.codec),
        clip.width && `${clip.width}×${clip.height}`].filter(Boolean).join(" · ")],
      ["State", event.state === "interrupted" ? "cut off: the stream or Vedette stopped; the clip holds what there was" : event.state],
      ["SHA-256", clip?.sha256],
      ["Time zone", zone],
      ["Event", event.id],
    ];
    fill(this.#facts, rows.filter(([, value]) => value).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
  }

  async #loadVerdicts() {
    const { id } = this.#event;
    try {
      const { items } = await api.verdicts(id);
      if (this.#event.id !== id) return;
      fill(this.#allList, items.length === 0 ? h("li", { class: "hint" }, "None yet.") : items.map((each) => h("li", {},
        h("div", { class: "verdict-head" }, badge({ verdict: each, analysis: "done" }), labelList(each.labels),
          each.id === this.#event.verdict?.id && h("span", { class: "hint" }, "current")),
        each.summary && h("p", {}, each.summary), each.reason && h("p", { class: "verdict-reason" }, each.reason),
        h("p", { class: "hint" }, origin(each), ", ", dateAndClock(each.created_at, store.zoneOf(this.#event.site_id))))));
    } catch (problem) {
      fill(this.#allList, h("li", { class: "warn-text" }, `They could not be read. ${whatToDo(problem)}`));
    }
  }
}

const labelList = (labels) => h("ul", { class: "labels" }, (labels ?? []).map((each) => h("li", { class: "label" }, each)));

const meter = (verdict) => {
  const fillBar = h("span", {});
  fillBar.style.width = percent(verdict.confidence).replace(" ", "");
  const word = verdictWords[verdict.state]?.word ?? verdict.state;
  return h("span", { class: "meter", role: "img", "aria-label": `${word}, ${percent(verdict.confidence)} sure` }, fillBar);
};

/** "Judged by vlm (qwen2.5-vl), definition version 3". */
const origin = (verdict) => `Judged by ${verdict.analyzer}${verdict.model ? ` (${verdict.model})` : ""}, definition version ${verdict.definition_version}`;

function toggleButton(button, pressed, name, text, key) {
  fill(button, icon(name), text);
  button.setAttribute("aria-pressed", String(Boolean(pressed)));
  button.title = `${text} (${key})`;
}
