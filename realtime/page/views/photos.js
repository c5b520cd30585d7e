/** One's own photos and videos: added by a button or by dropping files, put in order, removed. */

import { placed, progress, removing, standing } from "../people-words.js";
import { MOST, moved } from "../photos-state.js";
import { filled, words } from "../texts.js";
import { arrange, byId, h, keepKeyboard, show, text } from "./dom.js";
import { photo, video } from "./picture.js";

const TAKEN = { photos: "image/jpeg,image/png,image/webp", videos: "video/mp4,video/quicktime,video/webm" };
const STEPS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

export function photosView({ store, photos }) {
  const told = h("p", { class: "unseen", role: "status" });
  const lists = Object.keys(TAKEN).map((list) => shelf(list, { store, photos, told }));
  const card = h("section", { id: "photos", class: "card photos", "aria-label": words.photos.label }, ...lists.flatMap(({ elements }) => elements), told);
  byId("profile-title").after(card);
  takeDrops(store, card, photos);

  return (state, now) => {
    if (state.account !== "in" || state.place.name !== "profile") return;
    for (const { draw } of lists) draw(state);
    queueMicrotask(() => photos.look(now)); // a view never changes the state while it is drawn
  };
}

/** One of the two lists, with how to add to it. */
function shelf(list, { store, photos, told }) {
  const { title, add, hint } = words.photos[list];
  const items = h("ul", { class: "shelf", "aria-label": title });
  const files = h("input", { type: "file", hidden: true, accept: TAKEN[list], multiple: true });
  const button = h("button", { type: "button" }, add);
  button.addEventListener("click", () => files.click());
  files.addEventListener("change", () => {
    photos.add(files.files);
    files.value = "";
  });
  const move = (id, to) => {
    const before = store.state.me[list];
    const after = moved(before, before.findIndex((item) => item.id === id), to);
    if (after === before) return;
    photos.arrange(list, after);
    text(told, filled(words.photos.now, { what: placed(list, to, after.length) }));
  };
  const actions = { list, photos, move, at: (id) => store.state.me[list].findIndex((item) => item.id === id) };
  const tiles = new Map();
  const tile = (key, as, make) => {
    if (tiles.get(key)?.as !== as) tiles.set(key, { as, element: make() });
    return tiles.get(key).element;
  };

  function draw({ me, uploads }) {
    const kept = me[list] ?? [];
    const coming = uploads.filter((one) => one.list === list);
    const focused = items.contains(document.activeElement) ? document.activeElement : null;
    arrange(items, [
      ...kept.map((media) => tile(media.id, `${media.state} ${media.reason}`, () => shown(media, actions))),
      ...coming.map((one) => tile(one.key, one.phase === "refused", () => onItsWay(one, photos))),
    ]);
    kept.forEach(({ id }, at) => name(tiles.get(id).element, list, at, kept.length));
    for (const one of coming) measure(tiles.get(one.key).element, one);
    show(button, kept.length + coming.length < MOST[list]);
    if (focused && !items.contains(document.activeElement)) (focused.isConnected ? focused : button).focus(); // it moved, or is gone
    if (focused && document.activeElement === document.body) keepKeyboard();
  }

  return { elements: [h("h2", {}, title), h("p", { class: "hint" }, hint), items, button, files], draw };
}

/** What is in the profile, with what one can do with it. */
function shown(media, { list, photos, move, at }) {
  const picture = media.type === "video" ? video(media, { label: "" }) : photo(media, { alt: "", wide: "9rem" });
  const t = words.photos;
  const step = (does, by) => control(does, by < 0 ? "←" : "→", () => move(media.id, at(media.id) + by));
  const remove = control(t.remove, "✕", () => confirm(removing(list)) && photos.remove(list, media.id));
  const state = h("p", { class: "hint" }, standing(media));
  const tile = h("li", { draggable: true }, picture, state, h("div", { class: "row" }, step(t.forward, -1), step(t.back, 1), remove));
  tile.dataset.id = media.id;
  tile.addEventListener("keydown", (event) => {
    const by = STEPS[event.key];
    if (!by || event.target.localName !== "button") return;
    event.preventDefault();
    move(media.id, at(media.id) + by);
  });
  draggable(tile, list, (id) => move(id, at(media.id)));
  return tile;
}

function control(does, sign, action) {
  const button = h("button", { type: "button", class: "round" }, h("span", { "aria-hidden": "true" }, sign));
  button.dataset.does = does;
  button.addEventListener("click", action);
  return button;
}

/** Where it stands may change; so does how it is called. */
function name(tile, list, at, count) {
  const what = placed(list, at, count);
  const picture = tile.querySelector("img, video");
  if (!picture) tile.setAttribute("aria-label", what); // it could not be loaded
  else if (picture.localName === "img") picture.alt = what;
  else picture.setAttribute("aria-label", what);
  for (const button of tile.querySelectorAll("[data-does]")) {
    const does = button.dataset.does;
    button.setAttribute("aria-label", filled(words.photos.which, { does, what }));
    // Not `disabled`: the keyboard would lose its place at the end of the way.
    const stuck = (does === words.photos.forward && at === 0) || (does === words.photos.back && at === count - 1);
    button.setAttribute("aria-disabled", String(stuck));
  }
}

/** One of the same list is dropped on a tile: it takes its place. */
function draggable(tile, list, take) {
  const type = `application/x-${list}`;
  tile.addEventListener("dragstart", ({ dataTransfer }) => dataTransfer.setData(type, tile.dataset.id));
  tile.addEventListener("dragover", (event) => event.dataTransfer.types.includes(type) && event.preventDefault());
  tile.addEventListener("drop", (event) => {
    const id = event.dataTransfer.getData(type);
    if (!id) return;
    event.preventDefault();
    take(id);
  });
}

/** What is being sent, or was refused. */
function onItsWay(one, photos) {
  const picture = one.list === "videos" ? h("video", { src: one.preview, muted: true, preload: "metadata" }) : h("img", { src: one.preview, alt: "" });
  const bar = h("progress", { max: 1, "aria-label": filled(words.photos.sending_file, { file: one.file.name }) });
  const row = h("div", { class: "row" }, control(filled(words.photos.do_not_add, { file: one.file.name }), "✕", () => photos.cancel(one)));
  if (one.phase === "refused") row.prepend(again(one, photos));
  for (const button of row.querySelectorAll("[data-does]")) button.setAttribute("aria-label", button.dataset.does);
  const said = h("p", { class: one.phase === "refused" ? "wrong" : "hint", role: one.phase === "refused" ? "alert" : "status" });
  return h("li", { class: "coming" }, picture, said, ...(one.phase === "refused" ? [] : [bar]), row);
}

function again(one, photos) {
  const button = h("button", { type: "button", class: "quiet", "aria-label": filled(words.photos.again_file, { file: one.file.name }) }, words.photos.again);
  button.addEventListener("click", () => photos.again(one));
  return button;
}

/** A screen reader hears that it is sent, and that it is there; not each per cent. */
function measure(tile, one) {
  const bar = tile.querySelector("progress");
  text(tile.querySelector(".hint, .wrong"), progress(one));
  if (!bar) return;
  if (one.phase === "reading") bar.removeAttribute("value");
  else bar.value = one.sent;
}

/** Files may be dropped on the card; beside it the browser would leave the page to show them. */
function takeDrops(store, card, photos) {
  const here = ({ dataTransfer }) => dataTransfer?.types.includes("Files") && store.state.place.name === "profile";
  const over = (event, within) => card.classList.toggle("over", within && event.type !== "drop");
  for (const type of ["dragover", "drop"]) {
    addEventListener(type, (event) => {
      if (!here(event)) return;
      event.preventDefault();
      over(event, card.contains(event.target));
      if (type === "drop" && card.contains(event.target)) photos.add(event.dataTransfer.files);
    });
  }
  addEventListener("dragleave", (event) => event.relatedTarget === null && over(event, false));
}
