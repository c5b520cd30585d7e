/** Where the places are that were found: a map, which is loaded when somebody opens it, and by which one may search. */

import { about } from "../location-words.js";
import { again, styled } from "../language.js";
import { filled, words } from "../texts.js";
import { h, show } from "./dom.js";

/** In files of their own (`realtime/bundle.py`). */
const [MAP, ITS_STYLE] = ["/page/map.js", "/page/map.css"];
const PATIENCE = 3;

/** `search(where)`: somebody wants to know what is on the map, `{position, radius_m}`. `failed()`: it could not be loaded. */
export function mapView({ ways, search, failed }) {
  const t = words.places;
  const toggle = h("button", { type: "button", "aria-pressed": "false" }, t.map);
  const ground = h("div", { class: "map", role: "region", "aria-label": t.map_of });
  const here = h("button", { type: "button", class: "quiet" }, t.search_here);
  const element = h("div", { class: "located", hidden: true }, ground, here, ...asked(ways.map));
  let [map, pins, position] = [null, [], null];

  toggle.addEventListener("click", async () => {
    const wanted = element.hidden;
    show(element, wanted);
    toggle.setAttribute("aria-pressed", String(wanted));
    if (!wanted) return;
    map ??= load();
    const there = await map;
    if (there) return redraw(there, true);
    [map, element.hidden] = [null, true];
    toggle.setAttribute("aria-pressed", "false");
    failed();
  });
  here.addEventListener("click", async () => search((await map).seen()));

  async function load() {
    const [loaded] = await Promise.all([again(MAP, PATIENCE), styled(ITS_STYLE)]);
    return loaded?.openMap(ground, { tiles: ways.map, said: t }) ?? null;
  }

  function redraw(there, moved) {
    there.draw(pins, position);
    if (moved) there.fit();
  }

  /** What was found, and from where; the map goes there, but where it was asked by the map itself. */
  async function draw(found, from, { moved = true } = {}) {
    [pins, position] = [found.map(pin), from];
    const there = await map;
    if (there && !element.hidden) redraw(there, moved);
  }

  return { toggle, element, draw };
}

function pin(place) {
  const { id, name, lat, lon, type, open_now: open } = place;
  const content = () =>
    h("div", { class: "located" }, h("b", {}, name), h("p", {}, about(place)), h("a", { class: "button", href: `#places/${id}` }, words.places.look));
  return { lat, lon, title: name, mark: words.places.types[type][0], kind: open ? "open" : "closed", content };
}

/** Who else is asked for a map. */
function asked(tiles) {
  if (!tiles?.address.startsWith("http")) return [];
  return [h("p", { class: "hint" }, filled(words.places.map_from, { host: new URL(tiles.address).host }))];
}
