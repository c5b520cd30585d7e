"""The page without a network, and what is kept for that."""

from tests.browser.conftest import Visit
from tests.browser.person import Visitor, eventually

KEPT = """async () => {
  const kept = await caches.open("shell");
  return (await kept.keys()).map(({ url }) => new URL(url).pathname);
}"""
# As a browser has it that was here before a release.
AN_OLD_ONE = """async () => {
  const kept = await caches.open("shell");
  await kept.put("/", new Response("An old release", { headers: { "Content-Type": "text/html" } }));
}"""
KEEPS = "caches.open('shell').then((kept) => kept.match('/')).then((page) => page.text())"


async def keeps_the_page(person: Visitor) -> None:
    """From now on it opens without a network."""

    async def is_kept() -> bool:
        paths = await person.page.evaluate(KEPT)
        return all(any(name in path for path in paths) for name in ("main-", "inside-", "socket-", "page-"))

    await eventually(is_kept, "what was loaded is not kept")


async def test_the_page_opens_without_a_network_and_keeps_nothing_of_anybody(sign_up: Visit) -> None:
    """It says that the server cannot be reached, and goes on when it can; a new release comes first."""
    ana = await sign_up("Ana", phone=True, service_workers="allow")
    await keeps_the_page(ana)
    paths = await ana.page.evaluate(KEPT)
    assert [path for path in paths if path != "/" and not path.startswith("/page/")] == []

    await ana.context.set_offline(offline=True)
    await ana.page.reload()
    await ana.sees("The server cannot be reached")
    await ana.fits()
    await ana.context.set_offline(offline=False)
    await ana.is_ready()

    await ana.page.evaluate(AN_OLD_ONE)
    await ana.page.reload()
    await ana.is_ready()

    async def is_new() -> bool:
        return "Realtime Connect" in await ana.page.evaluate(KEEPS)

    await eventually(is_new, "the old release is kept")
