"""How a call went: drawn for admins, and a sentence of it for each of the two."""

import re
from collections.abc import Awaitable, Callable

from playwright.async_api import expect

from tests.browser.chromium import Chromium
from tests.browser.conftest import arriving
from tests.browser.desk import Desk, SignUp
from tests.browser.person import Visitor
from tests.integration.person import ClientDevice
from tests.machines.coturn import coturn
from tests.served import Served


async def live(ana: ClientDevice, ben: ClientDevice) -> str:
    """These two are the only ones who talk: the call."""
    for device in (ana, ben):
        await device.ask("queue:join", mode="voice", preferences={"genders": ["female"]})
    call_id: str = (await ana.next("call:offered"))["call_id"]
    await ben.next("call:offered", call_id=call_id)
    for device in (ana, ben):
        await device.ask("call:accept", call_id=call_id)
    for device in (ana, ben):
        await device.next("call:started", call_id=call_id)
        await device.ask("call:connected", call_id=call_id, epoch=1)
    for device in (ana, ben):
        await device.next("call:state", state="live")
    return call_id


async def test_an_admin_looks_at_a_call(desk: Desk, person: SignUp) -> None:
    """By its id, with the drawing, the notes and why it ended; to moderators there is no such place."""
    ana, ben = await (await person("Ana")).connect(), await (await person("Ben")).connect()
    call_id = await live(ana, ben)
    await ben.ask("call:quality", call_id=call_id, epoch=1, loss=0.31)
    await ana.ask("call:end", call_id=call_id)
    await ben.next("call:ended")
    chief = await desk("Chief", "admin")
    await chief.sign_in()
    await chief.keys("7")
    await chief.page.get_by_label("Id of the call").fill(call_id)
    await chief.keys("Enter")
    await chief.at.sees("31 % of what one side sent was lost on the way.")
    for state in ("offered", "connecting", "live"):
        await expect(chief.page.locator(f".flight rect.{state}")).to_have_count(1)
    notes = chief.page.locator(".notes li")
    await expect(chief.page.locator(".notes b").get_by_text("accepted", exact=True)).to_have_count(2)
    await expect(notes.filter(has_text="quality")).to_contain_text("loss 0.31")
    await expect(notes.last).to_contain_text("ended")
    await chief.looks_right("a call")
    mod = await desk()
    await mod.sign_in()
    await expect(mod.page.get_by_role("link", name="Calls")).to_be_hidden()


async def test_a_wrong_turn_password_is_said_to_be_one(
    browser: Chromium, nodes_database_url: str, nodes_redis_url: str
) -> None:
    """The server has another secret than the real coturn: both read that the relay refused it."""
    async with coturn("what the relay knows") as relay:
        server = Served(
            DATABASE_URL=nodes_database_url,
            REDIS_URL=nodes_redis_url,
            REGION="wrong-password",
            TURN_URLS=relay.urls(),
            TURN_SECRET="what the server knows",
            ICE_TRANSPORT_POLICY="relay",
            CONNECT_S="15",  # by then a busy machine has heard from the relay
            ECHO="off",
        )
        await server.start()
        try:
            async with arriving(browser) as arrive:
                ana, ben = [await arrive(server.address, name) for name in ("Ana", "Ben")]
                for person, gender in ((ana, "female"), (ben, "male")):
                    await person.sign_up(gender=gender)
                    await person.press("Meet someone")
                for person in (ana, ben):
                    await person.join()
                for person in (ana, ben):
                    await person.sees("The relay refused the password of this call, so it could not connect.")
                    await expect(await person.past_call()).to_contain_text("The relay refused the password")
        finally:
            await server.stop()


async def test_who_left_the_page_is_told_apart_from_who_was_cut_off(
    pair: Callable[[], Awaitable[tuple[Visitor, Visitor]]],
) -> None:
    """The browser says that it goes when the page is closed."""
    ana, ben = await pair()
    await ben.page.close()
    await ana.sees_state(re.compile("Reconnecting|Waiting"))
    await ana.press("Hang up")
    await ana.sees_heading("You hung up")
    await ana.sees("The other side left the page.")
    await expect(await ana.past_call()).to_contain_text("The other side left the page.")


async def test_a_new_epoch_reads_as_a_network_that_changed(
    pair: Callable[[], Awaitable[tuple[Visitor, Visitor]]],
) -> None:
    """As a reload makes one: the call goes on, and both read how soon it was back."""
    ana, ben = await pair()
    await ben.page.reload()
    await ben.sees_and_hears()  # until then both may read "Live" of the epoch before
    await ben.sees_state("Live")
    await ana.sees_state("Live")
    await ana.press("Hang up")
    changed = r"The network changed, and the call came back in \d+(\.\d)? s\."
    away = r"Your connection was away for \d+(\.\d)? s and came back\."  # where a reload takes over a second
    for person, words in ((ana, changed), (ben, f"{changed}|{away}")):
        await expect(await person.past_call()).to_contain_text(re.compile(words))


async def test_who_takes_the_microphone_away_reads_that(
    pair: Callable[[], Awaitable[tuple[Visitor, Visitor]]],
) -> None:
    """His browser refuses it after a reload, so the call ends; she reads no more than where it was."""
    ana, ben = await pair()
    await ben.page.add_init_script("""
        const refused = () => Promise.reject(new DOMException("", "NotAllowedError"));
        navigator.mediaDevices.getUserMedia = refused;
    """)
    await ben.page.reload()
    await expect(await ana.past_call()).to_contain_text("The cause was at the other side.")
    await expect(await ben.past_call()).to_contain_text("You never gave access to the camera.")
