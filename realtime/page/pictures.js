/**
 * The addresses of pictures and videos expire, and may be gone. Where one cannot be shown any more, its address is asked
 * for anew; where it is gone for good, what is behind it is seen, and its place stays: nothing moves.
 *
 * An element says which media and which size it shows by `data-media` and `data-size`.
 */

import { photoUrl } from "./views/picture.js";

const NOTHING = "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>";

export class Pictures {
  #api;
  #asked = new Map();

  constructor({ api }) {
    this.#api = api;
  }

  /** Look after all elements of the page: that something could not be loaded is told to no element around it. */
  watch() {
    document.addEventListener("error", ({ target }) => target.dataset?.media && this.#missing(target), true);
  }

  async #missing(element) {
    const { media, size } = element.dataset;
    const shown = element.currentSrc || element.src;
    const urls = await this.#anew(media, shown);
    const url = urls && photoUrl(urls, size);
    if (!url || sameAddress(url, shown)) return take(element);
    element.removeAttribute("srcset");
    element.src = url;
    if (element.poster && urls.s640) element.poster = urls.s640;
  }

  /** Where it is read now; null: nowhere. What was just told is not asked again. */
  #anew(media, shown) {
    const before = this.#asked.get(media);
    const asking = (before ?? Promise.resolve({})).then((urls) => {
      const useful = urls && Object.values(urls).length > 0 && !Object.values(urls).some((url) => sameAddress(url, shown));
      return useful ? urls : this.#ask(media);
    });
    this.#asked.set(media, asking);
    return asking;
  }

  #ask(media) {
    return this.#api.request("GET", `/v1/media/${media}`).then(
      ({ urls }) => urls,
      () => null,
    );
  }
}

/** Nothing is shown there any more. A face has initials behind it; of anything else the place is kept. */
function take(element) {
  if (element.closest(".avatar")) return element.remove();
  delete element.dataset.media;
  element.removeAttribute("srcset");
  element.style.aspectRatio ||= `${element.getAttribute("width")} / ${element.getAttribute("height")}`;
  if (element.localName === "img") element.src = NOTHING;
}

function sameAddress(one, other) {
  return new URL(one, location.href).href === new URL(other, location.href).href;
}
