/**
 * The identity of this tab. Each tab is a device of its own: an offer rings in all of them, and the first to accept
 * has the call.
 *
 * The id survives a reload, so that a call can go on. It is in sessionStorage only between two loads of the page: a
 * duplicated tab copies sessionStorage, and must not become the same device.
 */

const NAME = "realtime-connect.device";
const CALL = "realtime-connect.call";

/** 128 random bits; `crypto.randomUUID` is missing if the page is not served securely. */
export function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function take(key) {
  const value = sessionStorage.getItem(key);
  sessionStorage.removeItem(key);
  return value;
}

/** `{id, heldCall}`: the call that this tab was in before it was reloaded, if any. Set `heldCall` to keep one. */
export function openDevice() {
  const device = { id: take(NAME) ?? randomId(), heldCall: take(CALL) };
  addEventListener("pagehide", () => {
    sessionStorage.setItem(NAME, device.id);
    if (device.heldCall) sessionStorage.setItem(CALL, device.heldCall);
  });
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    take(NAME);
    take(CALL);
  });
  return device;
}
