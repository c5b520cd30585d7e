/** Photos and videos: in the size that is needed, with a colour and their measures before they come. */

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~";

/** The mean colour of a picture, which its blurhash begins with. */
export function shade(blurhash) {
  if (!blurhash) return "";
  const value = [...blurhash.slice(2, 6)].reduce((sum, digit) => sum * 83 + DIGITS.indexOf(digit), 0);
  return `#${value.toString(16).padStart(6, "0")}`;
}

/** Of the addresses of a media, the one of this size, or of the next that there is. */
export function photoUrl(urls, size) {
  return urls[size] ?? urls.s640 ?? urls.s1280 ?? urls.original ?? null;
}

/** Which media an address of this server reads. */
export function mediaIn(url) {
  return /\/v1\/media\/([^/]+)\/files\//.exec(url)?.[1] ?? null;
}

/** The same photo of a card, small: the address of one size opens the smallest too. */
export function small(url) {
  return url.replace("/files/s640?", "/files/s160?");
}

function element(tag, properties, media, size) {
  const made = Object.assign(document.createElement(tag), properties);
  made.dataset.media = media;
  made.dataset.size = size;
  return made;
}

/** The photo of a card, over what stands for it while it is not there. */
export function face(url, size) {
  const src = size === "s160" ? small(url) : url;
  return element("img", { alt: "", width: 160, height: 160, decoding: "async", src }, mediaIn(url), size);
}

/** A photo that is shown about `wide` wide (a CSS length), in its own colour until it comes. */
export function photo({ id, urls, width = 3, height = 4, blurhash }, { alt, wide }) {
  const img = element("img", { alt, width, height, decoding: "async" }, id, "s640");
  img.style.backgroundColor = shade(blurhash);
  const sizes = [["s160", 160], ["s640", 640], ["s1280", 1280]].filter(([name]) => urls[name]);
  img.sizes = wide;
  img.srcset = sizes.map(([name, most]) => `${urls[name]} ${Math.min(most, Math.round((width / Math.max(width, height)) * most))}w`).join(", ");
  img.src = photoUrl(urls, "s640") ?? "";
  return img;
}

/** A video, of which only its first picture is loaded until somebody plays it. */
export function video({ id, urls, width = 3, height = 4, blurhash }, { label }) {
  const properties = { width, height, controls: true, playsInline: true, preload: "none", src: urls.original ?? "", poster: urls.s640 ?? "" };
  const made = element("video", properties, id, "original");
  made.setAttribute("aria-label", label);
  made.style.backgroundColor = shade(blurhash);
  return made;
}
