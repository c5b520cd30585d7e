/**
 * A map of places, drawn by Leaflet: a file of its own (`realtime/bundle.py`), loaded with the first map that somebody opens. Where the
 * operator has no pictures for it, it is a plain ground with a scale.
 */

import { CircleMarker, DivIcon, LatLngBounds, LayerGroup, Map as Ground, Marker, TileLayer, control } from "leaflet";

const NEAREST = 16; // one place alone is shown with the streets around it
const FARTHEST = { zoomSnap: 0.5, minZoom: 2, maxZoom: 19, worldCopyJump: true };
const PIN = { iconSize: [36, 36], iconAnchor: [18, 18], popupAnchor: [0, -14] };

/**
 * Draw one into an element that is on the screen. `tiles`: where its pictures are, `{address, credit, link}`, or null. `said`: its texts.
 * `draw(pins, position)` shows `[{lat, lon, title, mark, kind, content}]`, `content()` being what opens on a pin, and where one is
 * oneself; `fit()` has all of that on the screen. `seen()` is what is on it: `{position, radius_m}`.
 */
export function openMap(element, { tiles, said }) {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const moves = { zoomAnimation: !still, fadeAnimation: !still, markerZoomAnimation: !still, inertia: !still };
  const map = new Ground(element, { ...FARTHEST, ...moves, zoomControl: false, attributionControl: false, center: [20, 0], zoom: 2 });
  control.zoom({ zoomInTitle: said.closer, zoomOutTitle: said.farther }).addTo(map);
  control.scale({ imperial: false }).addTo(map);
  const shown = new LayerGroup().addTo(map);
  let within = new LatLngBounds([]);
  if (tiles) lay(map, tiles);

  function draw(pins, position) {
    shown.clearLayers();
    within = new LatLngBounds(pins.map(({ lat, lon }) => [lat, lon]));
    for (const pin of pins) shown.addLayer(marker(pin));
    if (!position) return;
    within.extend([position.lat, position.lon]);
    shown.addLayer(new CircleMarker([position.lat, position.lon], { radius: 7, className: "oneself", interactive: false }));
  }

  function fit() {
    map.invalidateSize();
    if (within.isValid()) map.fitBounds(within, { padding: [32, 32], maxZoom: NEAREST, animate: false });
  }

  function seen() {
    const { lat, lng } = map.getCenter().wrap();
    return { position: { lat, lon: lng }, radius_m: Math.ceil(map.distance(map.getCenter(), map.getBounds().getNorthEast())) };
  }

  return { draw, fit, seen };
}

/** The pictures. A server of them may want to know which page shows them: of this one it is told the host, and nothing else. */
function lay(map, { address, credit, link }) {
  new TileLayer(address, { maxZoom: FARTHEST.maxZoom, referrerPolicy: "origin" }).addTo(map);
  if (!credit) return;
  const whose = Object.assign(document.createElement(link ? "a" : "span"), { textContent: credit });
  if (link) Object.assign(whose, { href: link, target: "_blank", rel: "noopener noreferrer" });
  control.attribution({ prefix: false }).addAttribution(whose.outerHTML).addTo(map);
}

function marker({ lat, lon, title, mark, kind, content }) {
  const html = Object.assign(document.createElement("span"), { textContent: mark, ariaHidden: "true" }); // it is called by its title
  const icon = new DivIcon({ ...PIN, className: `pin ${kind}`, html });
  return new Marker([lat, lon], { icon, title, alt: title }).bindPopup(content, { minWidth: 180, maxWidth: 240 });
}
