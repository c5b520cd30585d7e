/**
 * Opens the page without a network, and shows notifications while it is closed: a service worker that keeps the page itself and the
 * files that it has loaded.
 *
 * It keeps nothing that belongs to anybody. Of all requests it answers two kinds: for the page, which is the same for
 * everybody and is always asked of the server first, so that a new release wins; and for files that are named by their
 * content. All else, what the API says and pictures among it, goes past it.
 */

const KEPT = "shell";
const PAGE = "/";
const NAMED_BY_CONTENT = /^\/page\/[\w-]+-[0-9a-f]{12}\.(?:js|css|svg|png|webmanifest)$/;

addEventListener("install", (event) => {
  skipWaiting();
  event.waitUntil(caches.open(KEPT).then((kept) => kept.add(PAGE)));
});

addEventListener("activate", (event) => {
  event.waitUntil(clients.claim());
});

addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate" && pathname === PAGE) event.respondWith(page(request));
  else if (NAMED_BY_CONTENT.test(pathname)) event.respondWith(file(request));
});

/** What the page has loaded, all of it: these are kept, and no others. */
addEventListener("message", (event) => {
  event.waitUntil(keep(event.data.loaded));
});

addEventListener("push", (event) => {
  event.waitUntil(tell(event.data.json()));
});

addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data.url));
});

/** Whoever looks at the page is told there; what is over, or was read elsewhere, is shown no longer. */
async function tell({ title, body, url, tag, kind, close = [] }) {
  const shown = close.length ? await registration.getNotifications() : [];
  for (const each of shown) if (close.includes(each.tag)) each.close();
  if (close.length) return;
  const pages = await clients.matchAll({ type: "window" });
  if (pages.some(({ visibilityState }) => visibilityState === "visible")) return;
  const lasts = kind === "call" ? { requireInteraction: true, renotify: true } : {};
  await registration.showNotification(title, { body, tag, data: { url: url ?? PAGE }, icon: "/page/icon-192.png", ...lasts });
  await navigator.setAppBadge?.().catch(() => {}); // that there is something; the page says how much
}

async function open(url) {
  const [page] = await clients.matchAll({ type: "window" });
  if (!page) return clients.openWindow(url);
  await page.focus();
  return page.navigate(url);
}

async function page(request) {
  const kept = await caches.open(KEPT);
  try {
    const answer = await fetch(request);
    if (answer.ok && answer.type === "basic" && !answer.redirected) await kept.put(PAGE, answer.clone());
    return answer.status < 500 ? answer : ((await kept.match(PAGE)) ?? answer);
  } catch (unreachable) {
    const last = await kept.match(PAGE);
    if (!last) throw unreachable;
    return last;
  }
}

async function file(request) {
  const kept = await caches.open(KEPT);
  return (await kept.match(request)) ?? fetch(request);
}

async function keep(loaded) {
  const kept = await caches.open(KEPT);
  const wanted = new Set(loaded.filter((path) => NAMED_BY_CONTENT.test(path)));
  const there = new Set();
  for (const { url } of await kept.keys()) {
    const { pathname } = new URL(url);
    if (pathname === PAGE || wanted.has(pathname)) there.add(pathname);
    else await kept.delete(url);
  }
  await Promise.all([...wanted].filter((path) => !there.has(path)).map((path) => named(kept, path)));
}

/** While nodes are replaced, a name of one version may be answered by the file of another: that is not kept. */
async function named(kept, path) {
  const answer = await fetch(path);
  if (answer.ok && answer.headers.get("cache-control")?.includes("immutable")) await kept.put(path, answer);
}
