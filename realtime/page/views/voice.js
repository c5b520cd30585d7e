/** A voice message: how loud it is from its beginning to its end, and how far it was heard. */

import { filled, words } from "../texts.js";
import { duration } from "../words.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 32;
let speaking = null; // one at a time is heard

export function voice({ id, urls, duration_ms = 0 }, levels, label) {
  const t = words.messages;
  const whole = duration_ms / 1000;
  const audio = h("audio", { preload: "none", src: urls.original ?? "" });
  [audio.dataset.media, audio.dataset.size] = [id, "original"];
  const button = h("button", { type: "button", class: "round" });
  const bars = wave(levels);
  const at = h("input", { type: "range", min: "0", max: String(whole || 1), step: "0.1", value: "0", "aria-label": t.position });
  const time = h("span", { class: "hint" });

  function draw() {
    const [going, heard] = [!audio.paused, audio.currentTime];
    const part = whole ? heard / whole : 0;
    const sign = going ? "pause" : "play";
    if (button.dataset.sign !== sign) {
      button.dataset.sign = sign;
      button.replaceChildren(icon(sign));
      button.setAttribute("aria-label", filled(t[sign], { what: label }));
    }
    [...bars.children].forEach((bar, n) => bar.classList.toggle("heard", n < part * levels.length));
    at.value = String(heard);
    time.textContent = duration(Math.round(going || heard ? heard : whole));
    at.setAttribute("aria-valuetext", time.textContent);
  }

  button.addEventListener("click", () => {
    if (!audio.paused) return audio.pause();
    if (speaking !== audio) speaking?.pause();
    speaking = audio;
    audio.play().catch(draw);
  });
  at.addEventListener("input", () => (audio.currentTime = Number(at.value)));
  for (const event of ["play", "pause", "timeupdate", "seeked", "ended"]) audio.addEventListener(event, draw);
  draw();
  const element = h("div", { class: "voice", role: "group", "aria-label": label }, audio, button, h("div", { class: "track" }, bars, at), time);
  return element;
}

function wave(levels) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "wave");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("viewBox", `0 0 ${Math.max(1, levels.length) * 3} ${HEIGHT}`);
  svg.setAttribute("preserveAspectRatio", "none");
  levels.forEach((level, at) => {
    const bar = document.createElementNS(SVG, "rect");
    const height = 3 + (level / 255) * (HEIGHT - 4);
    for (const [key, value] of Object.entries({ x: at * 3, y: (HEIGHT - height) / 2, width: 2, height })) bar.setAttribute(key, value);
    svg.append(bar);
  });
  return svg;
}
