/** What others see of one, and who finds one. Each change counts at once; there is nothing to press. */

import { words } from "../texts.js";
import { clearErrors, errorAbove, h, show, showError, submitting, text } from "./dom.js";

/** A switch that is no yes or no for the server: what it means there. */
const SAID = { direct_calls: { on: "connections", off: "nobody" } };

export function privacyView({ settings }) {
  const t = words.privacy;
  const saved = h("p", { class: "hint", role: "status" });
  const parts = [
    group(t.card, ["show_age", "show_city", "show_country"]),
    group(t.here, ["show_last_seen", "read_receipts"], t.receipts_hint),
    group(t.found, ["find_by_search", "find_by_phone", "hide_from_contacts"], t.hiding_hint),
    group(t.called, ["direct_calls"], t.calls_hint),
  ];
  const missing = h("div", { class: "row" }, h("p", { class: "calm" }, t.missing), h("button", { class: "primary" }, t.again));
  const form = h(
    "form", { id: "privacy", class: "card", "aria-labelledby": "privacy-title" },
    h("h2", { id: "privacy-title" }, t.title), errorAbove(), missing, ...parts.map(({ element }) => element), saved,
  );
  document.getElementById("settings").after(form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submitting(form, () => settings.read());
  });
  form.addEventListener("change", ({ target: { name, checked } }) => change({ [name]: name in SAID ? SAID[name][checked ? "on" : "off"] : checked }));

  async function change(privacy) {
    clearErrors(form);
    text(saved, "");
    try {
      await settings.change({ privacy });
      text(saved, t.saved);
    } catch (error) {
      showError(form, error);
    }
  }

  /** A server of another version may not know one of them: what nothing honours is not offered. */
  function fill(privacy) {
    show(missing, !privacy);
    for (const { element, boxes } of parts) {
      for (const box of boxes) {
        const known = privacy?.[box.name] !== undefined;
        box.checked = known && (box.name in SAID ? privacy[box.name] === SAID[box.name].on : privacy[box.name]);
        show(box.parentElement, known);
      }
      show(element, boxes.some(({ parentElement }) => !parentElement.hidden));
    }
  }

  let filled = null;
  return (state) => {
    show(form, state.account === "in");
    if (state.place.name !== "profile") return text(saved, "");
    if (filled !== state.settings) fill((filled = state.settings).privacy);
  };
}

function group(legend, names, hint) {
  const boxes = names.map((name) => h("input", { type: "checkbox", name }));
  const labels = boxes.map((box) => h("label", { class: "check" }, box, words.privacy[box.name]));
  const element = h("fieldset", { class: "choices" }, h("legend", {}, legend), ...labels, ...(hint ? [h("p", { class: "hint" }, hint)] : []));
  return { element, boxes };
}
