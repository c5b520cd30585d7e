/**
 * The languages that the page speaks. Which one is chosen in the head of index.html before anything is painted, and stands in `lang` of
 * the page: the one of the settings, else the one that was chosen in this browser, else the first that the browser names.
 */

/** By their tags, each as it calls itself. */
export const SPOKEN = { en: "English", de: "Deutsch" };

/** Where the texts of the others are, each with those for who is signed in: files of their own (`realtime/bundle.py`). */
const TEXTS = { de: ["/page/de.js", "/page/de-inside.js"] };
const KEPT = "realtime-connect.language";
const FOLLOWED = "realtime-connect.followed-language";
const PATIENCE = 3;
const RETRY_MS = 500;

/** The texts of the page's language; where they cannot be had it speaks English. */
export async function textsHere(english) {
  document.documentElement.dataset.says = "all"; // as the head of the page waits for
  const files = TEXTS[document.documentElement.lang];
  if (!files) return english;
  const loaded = await again(files[0], PATIENCE);
  if (!loaded) document.documentElement.lang = "en";
  return loaded?.default ?? english;
}

/** Those for who is signed in; null: English, which is there from the start, or comes with what it is for. */
export async function textsInside() {
  const files = TEXTS[document.documentElement.lang];
  return files ? (await again(files[1], Infinity)).default : null;
}

/** Whether the page speaks another language than the one that is wanted of it. */
export function isOther(wanted) {
  return Object.hasOwn(SPOKEN, wanted ?? "") && wanted !== document.documentElement.lang;
}

/**
 * Load the page again in the language that is wanted of it. Not twice in a row: its texts may not come, or the page itself comes from a
 * node of the version before.
 */
export function follow(wanted) {
  const before = sessionStorage.getItem(FOLLOWED);
  sessionStorage.removeItem(FOLLOWED);
  if (!isOther(wanted) || wanted === before) return;
  sessionStorage.setItem(FOLLOWED, wanted);
  location.reload();
}

/** Speak it from the next load on, whoever is signed in; null: what the browser names. */
export function keepLanguage(language) {
  if (language === null) localStorage.removeItem(KEPT);
  else localStorage.setItem(KEPT, language);
}

/**
 * A file; null where it could not be loaded so often, or does not fit: while nodes are replaced, it may come from one of the version before.
 * A browser keeps what has failed under its name, so that is asked for by another one.
 */
export async function again(name, patience, fits = () => true) {
  for (let failed = 0; failed < patience; failed += 1) {
    const loaded = await import(failed ? `${name}?${failed}` : name).catch(() => null);
    if (loaded && fits(loaded)) return loaded;
    await new Promise((resume) => setTimeout(resume, RETRY_MS * (failed + 1)));
  }
  return null;
}

/** A style sheet; what it is for is shown without it where it cannot be had. */
export async function styled(name) {
  for (let failed = 0; failed < PATIENCE; failed += 1) {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href: failed ? `${name}?${failed}` : name });
    const loaded = new Promise((resolve) => {
      link.onload = () => resolve(true);
      link.onerror = () => resolve(false);
    });
    document.head.append(link);
    if (await loaded) return;
    link.remove();
    await new Promise((resume) => setTimeout(resume, RETRY_MS * (failed + 1)));
  }
}
