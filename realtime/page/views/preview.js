/** What is chosen in this browser, before anybody has looked at it. */

import { h } from "./dom.js";

/** A picture that may be none, or of a kind that this browser does not show: then `name` is there. */
export function previewed(src, name, properties) {
  const img = h("img", { ...properties, src });
  img.addEventListener("error", () => img.replaceWith(name));
  return img;
}
