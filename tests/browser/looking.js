/**
 * Looks at what a page shows: `misfits()` at what is off the screen or covered, `faint()` at what is hard to read, `firstHeadings()`
 * at what somebody finds who reads by headings.
 */

const CONTROLS = "button, a[href], select, textarea, input:not([type=radio], [type=checkbox]), label:has(input)";

/** What has the screen: a dialog, a call, or everything. */
function foreground() {
  return document.querySelector("dialog[open]") ?? document.querySelector("#call:not([hidden])") ?? document.body;
}

const named = (element) => `${element.id || element.className || element.localName} “${element.textContent.trim().slice(0, 30)}”`;

function onScreen(box) {
  return box.left >= -0.5 && box.top >= -0.5 && box.right <= innerWidth + 0.5 && box.bottom <= innerHeight + 0.5;
}

function reachable(control, scrolls) {
  if (scrolls) control.scrollIntoView({ block: "center", behavior: "instant" });
  const box = control.getBoundingClientRect();
  if (box.left < -0.5 || box.right > innerWidth + 0.5) return "sideways off the screen";
  if (!scrolls && !onScreen(box)) return "off the screen";
  const hit = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  return control.contains(hit) ? null : `covered by ${hit ? named(hit) : "nothing"}`;
}

/** The page has heard that it was scrolled, and shows what it does then. */
const drawn = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));

/** What is wider than its place, off the screen, or covered. In a dialog and in a call nothing needs scrolling. */
globalThis.misfits = async () => {
  const top = foreground();
  const beside = top.id === "call" ? document.querySelectorAll("#warning, #warning *") : [];
  const seen = [...top.querySelectorAll("*"), ...beside].filter((element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest(".unseen"));
  const wide = [document.documentElement, ...seen].filter((element) => {
    const { overflowX, textOverflow } = getComputedStyle(element);
    const scrolls = element === document.documentElement || ["auto", "scroll"].includes(overflowX);
    return element.scrollWidth > element.clientWidth + 1 && scrolls && textOverflow !== "ellipsis";
  });
  const faults = wide.map((element) => `${named(element)} scrolls sideways`);
  for (const element of seen) {
    const { left, right, width } = element.getBoundingClientRect();
    if (width && (left < -1 || right > innerWidth + 1) && !element.closest("svg")) faults.push(`${named(element)} is wider than the screen`);
  }
  const controls = seen.filter((element) => element.matches(CONTROLS));
  for (const control of controls) {
    const scrolls = top === document.body || control.closest("form") !== null;
    if (!reachable(control, scrolls)) continue;
    await drawn(); // what lies over the rest of a list goes where its end is
    const fault = control.checkVisibility() && reachable(control, scrolls);
    if (fault) faults.push(`${named(control)} is ${fault}`);
  }
  scrollTo(0, 0);
  return faults;
};

/** How many first headings somebody finds who reads by headings: those that are hidden behind a dialog are not read. */
globalThis.firstHeadings = () => {
  const all = [...document.querySelectorAll("h1")].filter((h1) => h1.checkVisibility() && !h1.closest("[inert]"));
  return all.map((h1) => h1.textContent);
};

const pixel = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });

/** Any CSS colour as `[r, g, b, alpha]`. */
function rgba(colour) {
  pixel.clearRect(0, 0, 1, 1);
  pixel.fillStyle = colour;
  pixel.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = pixel.getImageData(0, 0, 1, 1).data;
  return [r, g, b, a / 255];
}

function over([r, g, b, a], below) {
  return [r, g, b].map((part, i) => part * a + below[i] * (1 - a));
}

/** What is behind an element. In a call that may be the brightest picture: what is drawn there brings its own ground. */
function ground(element) {
  const layers = [];
  for (let at = element; at; at = at.parentElement) {
    if (at.id === "call") return layers.reduceRight((below, layer) => over(layer, below), [255, 255, 255]);
    const { backgroundColor } = getComputedStyle(at);
    const colour = rgba(backgroundColor);
    if (colour[3]) layers.push(colour);
    if (colour[3] === 1) break;
  }
  return layers.reduceRight((below, layer) => over(layer, below), [255, 255, 255]);
}

function luminance(rgb) {
  const [r, g, b] = rgb.map((part) => part / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one, other) {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

function opacity(element) {
  let all = 1;
  for (let at = element; at; at = at.parentElement) all *= Number(getComputedStyle(at).opacity);
  return all;
}

function needed({ fontSize, fontWeight }) {
  const size = parseFloat(fontSize);
  return size >= 24 || (size >= 18.66 && Number(fontWeight) >= 700) ? 3 : 4.5;
}

/** Text whose contrast is less than WCAG 2 AA asks for, with what it has. */
globalThis.faint = () => {
  const words = document.createTreeWalker(foreground(), NodeFilter.SHOW_TEXT);
  const elements = new Set();
  while (words.nextNode()) if (words.currentNode.data.trim()) elements.add(words.currentNode.parentElement);
  const faults = [];
  for (const element of elements) {
    if (!element.checkVisibility({ visibilityProperty: true }) || element.closest(":disabled, [aria-disabled='true'], .unseen, option, script")) continue;
    const style = getComputedStyle(element);
    const below = ground(element);
    const [r, g, b, a] = rgba(style.color);
    const has = contrast(over([r, g, b, a * opacity(element)], below), below);
    if (has < needed(style)) faults.push(`${named(element)} ${has.toFixed(2)}`);
  }
  return faults;
};
