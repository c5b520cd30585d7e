/**
 * Reporting somebody to the moderators: in a call or after it, from their card, or a single message. What was written
 * stays when the call ends, since that is when somebody may have the most to tell. What the user saw last is shown, and
 * sent unless the user leaves it out.
 */

import { reportTitle, reporting } from "../safety-words.js";
import { failure } from "../state.js";
import { words } from "../texts.js";
import { byId, clearErrors, firstHeading, h, show, submitting, text } from "./dom.js";

export function reportView({ store, safety, frame }) {
  const [dialog, form, image] = [byId("report-dialog"), byId("report-form"), byId("report-picture")];
  const send = byId("report-send");
  let [picture, drawn] = [null, null];
  byId("report").addEventListener("click", () => openCall(store.state.encounter));
  byId("over-report").addEventListener("click", () => openCall(store.state.encounter));
  byId("waiting-report").addEventListener("click", () => openCall(store.state.encounter.after));
  dialog.addEventListener("cancel", leave);
  dialog.addEventListener("close", () => dialog.open || closed()); // it is told late: another may be open by now
  form.addEventListener("submit", (event) => {
    if (event.submitter?.value === "cancel") return leave();
    event.preventDefault();
    submitting(form, tell);
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

  /** A call that goes on ends at once; what was written stays until the server has it. */
  async function tell() {
    const { report } = store.state;
    const { reason, note } = Object.fromEntries(new FormData(form));
    const { block, frame: sent } = form.elements;
    const said = { reason, note: note.trim(), block: block.checked, picture: sent.checked ? picture : null };
    try {
      await safety.report(report, said);
    } catch (error) {
      if (store.state.report === report) throw error;
      return store.dispatch("page:notice", failure(error)); // they did not wait for it
    }
    if (store.state.report === report) leave();
  }

  /** Once: what is said to who is signed in is there by now. */
  function say() {
    byId("report-reasons").append(...Object.entries(words.reasons).map(choice));
    text(byId("report-frame-send"), words.report.send_picture);
    text(byId("report-frame-about"), words.report.about_picture);
  }

  function leave() {
    store.dispatch("page:report", null);
  }

  function begin(report) {
    if (!drawn) say();
    drawn = report;
    form.reset();
    clearErrors(form);
    offer(null);
    lookBack(report);
  }

  function closed() {
    offer(null);
    if (store.state.report === drawn) leave();
    if (document.activeElement === document.body) firstHeading()?.focus(); // what opened it is gone
  }

  return (state) => {
    const { account, report } = state;
    if (account !== "in" || !report) return dialog.close();
    text(byId("report-title"), reportTitle(report));
    text(byId("report-text"), reporting(report, { ends: ends(state), pictured: picture !== null && form.elements.frame.checked }));
    show(byId("report-quote"), Boolean(report.quote));
    text(byId("report-quote"), report.quote ?? "");
    text(send, send.disabled ? words.report.sending : ends(state) ? words.report.go_and_end : words.report.go);
    if (drawn !== report) begin(report);
    if (dialog.open) return;
    dialog.showModal();
    dialog.scrollTop = 0; // the first choice has the keyboard: who is reported is above it
  };
}

function choice([value, said]) {
  const first = value === "harassment";
  return h("label", {}, h("input", { type: "radio", name: "reason", value, defaultChecked: first, autofocus: first }), said);
}

/** Whether the report is about the call that goes on. */
function ends({ encounter, report }) {
  return encounter.phase === "call" && encounter.call_id === report.subject.id;
}
