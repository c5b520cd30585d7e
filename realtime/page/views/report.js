/**
 * Reporting somebody to the moderators, in a call or after it. What was written stays when the call ends, since that
 * is when somebody may have the most to tell. What the user saw last is shown, and sent unless the user leaves it out.
 */

import { FRAME } from "../words.js";
import { byId, show, text } from "./dom.js";

export function reportView({ store, meeting, frame }) {
  const [dialog, form, image] = [byId("report-dialog"), byId("report-form"), byId("report-picture")];
  let picture = null;
  text(byId("report-frame-send"), FRAME.send);
  text(byId("report-frame-about"), FRAME.about);
  byId("report").addEventListener("click", () => open(store.state.encounter));
  byId("over-report").addEventListener("click", () => open(store.state.encounter));
  byId("waiting-report").addEventListener("click", () => open(store.state.encounter.after));
  dialog.addEventListener("close", () => closed());

  async function open({ call_id, peer }) {
    store.dispatch("page:report", { call_id, peer });
    const seen = await frame.of(call_id);
    if (store.state.report?.call_id === call_id) offer(seen);
  }

  /** The same picture that is shown here is sent, whatever comes meanwhile. */
  function offer(seen) {
    if (image.src) URL.revokeObjectURL(image.src);
    picture = seen;
    if (seen) image.src = URL.createObjectURL(seen);
    else image.removeAttribute("src");
    show(byId("report-frame"), seen !== null);
  }

  function closed() {
    const { report } = store.state;
    if (dialog.returnValue === "send" && report) {
      const { reason, note } = Object.fromEntries(new FormData(form));
      const { block, frame: sent } = form.elements;
      const shown = sent.checked ? picture : null;
      meeting.report(report.call_id, { reason, note: note.trim(), block: block.checked, picture: shown });
    }
    dialog.returnValue = "";
    form.reset();
    offer(null);
    store.dispatch("page:report", null);
  }

  return ({ account, report, encounter }) => {
    if (account !== "in" || !report) return dialog.close();
    const talking = encounter.phase === "call" && encounter.call_id === report.call_id;
    text(byId("report-title"), `Report ${report.peer.display_name}`);
    const ends = talking ? "This ends the call. " : "";
    text(byId("report-text"), `${ends}A moderator will look at it; the other is not told who reported.`);
    text(byId("report-send"), talking ? "Report and end call" : "Report");
    if (!dialog.open) dialog.showModal();
  };
}
