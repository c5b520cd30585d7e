/**
 * The page opens without a network too, for who has been signed in here (`sw.js`).
 *
 * A first visit is not made slower by that. Where a browser has no service workers, or they are turned off, the page is
 * as it is without.
 */

export async function keepShell() {
  try {
    await navigator.serviceWorker.register("/sw.js");
    tell((await navigator.serviceWorker.ready).active);
  } catch {
    // It needs a network, then.
  }
}

/** Which files of ours the page has loaded by now, and whenever there is another one. */
function tell(worker) {
  const loaded = new Set();
  const look = (entries) => {
    const known = loaded.size;
    for (const { name } of entries.getEntries()) {
      const { origin, pathname } = new URL(name);
      if (origin === location.origin && pathname.startsWith("/page/")) loaded.add(pathname);
    }
    if (loaded.size > known) worker.postMessage({ loaded: [...loaded] });
  };
  new PerformanceObserver(look).observe({ type: "resource", buffered: true });
}
