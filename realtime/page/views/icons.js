/** Pictograms. Those that everybody sees are in the page itself; these are loaded with what shows them. */

import { h } from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";
const PATHS = {
  phone: "M6 3.500h3.200l1.600 4.200-2.200 1.600a11.500 11.500 0 0 0 6.100 6.100l1.600-2.200 4.200 1.600V18a2.500 2.500 0 0 1-2.700 2.500A16.200 16.200 0 0 1 3.500 6.200 2.500 2.500 0 0 1 6 3.500z",
  gear: "M4 7h9M17.500 7H20M4 17h2.500M11 17h9M15.200 9.300a2.300 2.300 0 1 0 0-4.600 2.300 2.300 0 0 0 0 4.600zM8.800 19.300a2.300 2.300 0 1 0 0-4.600 2.300 2.300 0 0 0 0 4.600z",
  play: "M8 5.500v13l10.500-6.500z",
  pause: "M8.500 5.500v13M15.500 5.500v13",
  find: "M10.500 4.500a6 6 0 1 0 0 12 6 6 0 0 0 0-12zM15 15l5 5",
  bell: "M6.500 16.500V11a5.500 5.500 0 0 1 11 0v5.500l1.500 1.500H5zM10 20.500h4M12 3.500v2",
  bell_off: "M6.500 16.500V11c0-.700.100-1.400.400-2M9.200 6.300A5.500 5.500 0 0 1 17.500 11v3.500M15.500 18H5l1.500-1.500M10 20.500h4M4 3.500l16.500 17",
  turn: "M4 11a8 8 0 0 1 13.700-4.700L20 8.500M20 4v4.500h-4.500M20 13a8 8 0 0 1-13.700 4.700L4 15.500M4 20v-4.500h4.500",
};

/** As the icons of the page. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const shape = document.createElementNS(SVG, name in PATHS ? "path" : "use");
  if (name in PATHS) {
    svg.setAttribute("viewBox", "0 0 24 24");
    shape.setAttribute("d", PATHS[name]);
  } else {
    shape.setAttribute("href", `#i-${name}`);
  }
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(shape);
  return svg;
}

/** Four bars, of which `data-bars` are full. */
export function signal() {
  return h("span", { class: "signal", "aria-hidden": "true" }, h("i"), h("i"), h("i"), h("i"));
}
