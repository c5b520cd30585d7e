/** What others see of one, and who finds one. Each change counts at once; there is nothing to press. */

import { words } from "../texts.js";
import { clearErrors, errorAbove, h, show, showError, submitting, text } from "./dom.js";

/** A switch that is no yes or no for the server: what it means there. */
const SAID = { direct_calls: { on: "connections", off: "nobody" } };
/** A setting of its own for the server. */
const APART = "relay_only";

export function privacyView({ settings }) {
  const t = words.privacy;
  const address = group(t.address, [APART], t.relay_hint);
  const saved = h("p", { class: "hint", role: "status" });
  const parts = [
    group(t.card, ["show_age", "show_city", "show_country"]),
    group(t.here, ["show_last_seen", "read_receipts"], t.receipts_hint),
    group(t.found, ["find_by_search", "find_by_phone", "hide_from_contacts"], t.hiding_hint),
    group(t.called, ["direct_calls"], t.calls_hint),
    group(t.met, ["match_by_places"], t.places_hint),
    address,
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
  form.addEventListener("change", ({ target: { name, checked } }) => {
    const said = { [name]: name in SAID ? SAID[name][checked ? "on" : "off"] : checked };
    change(name === APART ? said : { privacy: said });
  });

  let last = null;
  async function change(changes) {
    last = changes;
    clearErrors(form);
    text(saved, "");
    try {
      await settings.change(changes);
      if (last === changes) text(saved, t.saved); // else there is more to save
    } catch (error) {
      showError(form, error);
    }
  }

  /** A server of another version may not know one of them: what nothing honours is not offered. */
  function fill(privacy, relayMissing) {
    show(missing, !privacy);
    text(address.hint, relayMissing ? t.relay_missing : t.relay_hint);
    address.hint.classList.toggle("warn", relayMissing);
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
    if (filled === state.settings) return;
    filled = state.settings;
    const { privacy, relay_only, relay_missing } = filled;
    fill(privacy && { ...privacy, [APART]: relay_only }, Boolean(relay_only && relay_missing));
  };
}

function group(legend, names, said) {
  const boxes = names.map((name) => h("input", { type: "checkbox", name }));
  const labels = boxes.map((box) => h("label", { class: "check" }, box, words.privacy[box.name]));
  const hint = h("p", { class: "hint" }, said ?? "");
  const element = h("fieldset", { class: "choices" }, h("legend", {}, legend), ...labels, ...(said ? [hint] : []));
  return { element, boxes, hint };
}
