/**
 * Reporting somebody to the moderators: in a call or after it, from their card, or a single message. What was written
 * stays when the call ends, since that is when somebody may have the most to tell. What the user saw last is shown, and
 * sent unless the user leaves it out.
 */

import { REASONS, reportTitle, reporting } from "../safety-words.js";
import { FRAME } from "../words.js";
import { byId, clearErrors, firstHeading, h, show, submitting, text } from "./dom.js";

export function reportView({ store, safety, frame }) {
  const [dialog, form, image] = [byId("report-dialog"), byId("report-form"), byId("report-picture")];
  let [picture, drawn] = [null, null];
  byId("report-reasons").append(...Object.entries(REASONS).map(choice));
  text(byId("report-frame-send"), FRAME.send);
  text(byId("report-frame-about"), FRAME.about);
  byId("report").addEventListener("click", () => openCall(store.state.encounter));
  byId("over-report").addEventListener("click", () => openCall(store.state.encounter));
  byId("waiting-report").addEventListener("click", () => openCall(store.state.encounter.after));
  dialog.addEventListener("close", () => closed());
  form.addEventListener("submit", (event) => {
    if (event.submitter?.value === "cancel") return;
    event.preventDefault();
    submitting(form, send);
  });

  function openCall({ call_id, peer }) {
    store.dispatch("page:report", { subject: { type: "call", id: call_id }, peer });
  }

  async function lookBack(report) {
    const seen = report.subject.type === "call" ? await frame.of(report.subject.id) : null;
    if (store.state.report === report) offer(seen);
  }

  /** The same picture that is shown here is sent, whatever comes meanwhile. */
  function offer(seen) {
    if (image.src) URL.revokeObjectURL(image.src);
    picture = seen;
    if (seen) image.src = URL.createObjectURL(seen);
    else image.removeAttribute("src");
    show(byId("report-frame"), seen !== null);
  }

  /** A call that goes on ends at once; otherwise what was written stays until the server has it. */
  async function send() {
    const { report } = store.state;
    const { reason, note } = Object.fromEntries(new FormData(form));
    const { block, frame: sent } = form.elements;
    const said = { reason, note: note.trim(), block: block.checked, picture: sent.checked ? picture : null };
    if (ends(store.state)) store.dispatch("page:report", null);
    await safety.report(report, said);
  }

  function closed() {
    form.reset();
    clearErrors(form);
    offer(null);
    if (store.state.report === drawn) store.dispatch("page:report", null);
    if (document.activeElement === document.body) firstHeading()?.focus(); // what opened it is gone
  }

  return (state) => {
    const { account, report } = state;
    if (account !== "in" || !report) return dialog.close();
    text(byId("report-title"), reportTitle(report));
    text(byId("report-text"), reporting(report, ends(state)));
    show(byId("report-quote"), Boolean(report.quote));
    text(byId("report-quote"), report.quote ?? "");
    text(byId("report-send"), ends(state) ? "Report and end call" : "Report");
    if (drawn !== report) lookBack((drawn = report));
    if (!dialog.open) dialog.showModal();
  };
}

function choice([value, words]) {
  const first = value === "harassment";
  return h("label", {}, h("input", { type: "radio", name: "reason", value, defaultChecked: first, autofocus: first }), words);
}

/** Whether the report is about the call that goes on. */
function ends({ encounter, report }) {
  return encounter.phase === "call" && encounter.call_id === report.subject.id;
}
