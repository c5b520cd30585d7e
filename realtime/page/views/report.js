/**
 * Reporting somebody to the moderators, in a call or after it. What was written stays when the call ends, since that
 * is when somebody may have the most to tell.
 */

import { byId, text } from "./dom.js";

export function reportView({ store, meeting }) {
  const [dialog, form] = [byId("report-dialog"), byId("report-form")];
  byId("report").addEventListener("click", () => open(store.state.encounter));
  byId("over-report").addEventListener("click", () => open(store.state.encounter));
  byId("waiting-report").addEventListener("click", () => open(store.state.encounter.after));
  dialog.addEventListener("close", () => closed());

  function open({ call_id, peer }) {
    store.dispatch("page:report", { call_id, peer });
  }

  function closed() {
    const { report } = store.state;
    if (dialog.returnValue === "send" && report) {
      const { reason, note } = Object.fromEntries(new FormData(form));
      meeting.report(report.call_id, { reason, note: note.trim(), block: form.elements.block.checked });
    }
    dialog.returnValue = "";
    form.reset();
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
