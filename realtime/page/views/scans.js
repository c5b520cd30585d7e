/** A camera that reads codes, beside the field in which one types them. */

import { canScan, scan } from "../scanning.js";
import { words } from "../texts.js";
import { h, show, text } from "./dom.js";

/** `found(text)`: whether that is a code as it is wanted here, which ends the looking. `close()`: nobody looks any more. */
export function scans(found) {
  const t = words.scans;
  const toggle = h("button", { type: "button", "aria-pressed": "false" }, t.open);
  const video = h("video", { muted: true, playsInline: true, hidden: true, "aria-label": t.picture });
  const trouble = h("p", { class: "wrong", role: "alert", hidden: true }, t.closed);
  const element = h("div", { class: "scans", hidden: !canScan() }, toggle, video, trouble);
  let looking = null;
  toggle.addEventListener("click", () => (looking ? close() : look()));

  async function look() {
    const own = (looking = new AbortController());
    mark(true);
    show(trouble, false);
    try {
      await scan(video, found, own.signal);
    } catch {
      show(trouble, looking === own);
    }
    if (looking === own) close();
  }

  function close() {
    if (!looking) return;
    looking.abort();
    looking = null;
    mark(false);
  }

  function mark(open) {
    toggle.setAttribute("aria-pressed", String(open));
    text(toggle, open ? t.close : t.open);
    show(video, open);
  }

  return { element, close };
}
