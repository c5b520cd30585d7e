/** QR codes, drawn and read: a file of its own (`realtime/bundle.py`), loaded with the first one. */

import encode from "qr";
import decode from "qr/decode.js";

/** The free edge that readers want around one, in dots. */
const EDGE = 4;

/** A picture of this text, as an address: dark on white whatever is around it. */
export function drawn(text) {
  const rows = encode(text, "raw", { ecc: "medium", border: EDGE });
  const dots = rows.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : "")));
  const [size, shape] = [rows.length, dots.join("")];
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h${size}v${size}H0z"/><path d="${shape}"/></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

/** What the code says that is in a picture, `{data, width, height}` of a canvas; null: none is found. */
export function read(picture) {
  try {
    return decode(picture);
  } catch {
    return null;
  }
}
