"""The connections on which notifications and SMS leave: kept for the next, and no memory of anybody."""

import asyncio

import pytest
from aiohttp import web

from core.errors import Unavailable
from outside.sms import HttpSms
from tests.rest.test_outside_fcm import PHONE, to_phones
from tests.rest.test_outside_post import ending
from tests.rest.test_outside_push import PUSHED, Browser, Service, serving, to_browsers


async def test_a_browser_s_service_is_sent_the_next_on_the_same_connection() -> None:
    service = Service()
    async with serving(service) as address, to_browsers() as push:
        for n in range(4):
            await push.send(Browser(f"{address}/send/{n}").target, PUSHED)
    assert (len(service.asked), len(service.connections)) == (4, 1)


async def test_a_phone_s_service_is_sent_the_next_on_the_same_connection() -> None:
    """Whether it took the one before or not; the token was had on it, too."""
    service = Service(503, {"error": {}})
    async with serving(service) as address, to_phones(address) as push:
        with pytest.raises(Unavailable):
            await push.send(PHONE, PUSHED)
        service.status = 200
        await push.send(PHONE, PUSHED)
        await push.send(PHONE, PUSHED)
    assert (len(service.asked), len(service.connections)) == (4, 1)


async def test_a_gateway_of_sms_is_sent_the_next_on_the_same_connection() -> None:
    service = Service(202)
    async with serving(service) as address, ending(HttpSms(f"{address}/sms", token="")) as sms:
        for n in range(3):
            await sms.send("+4915112345678", "Your code", sms_id=f"{n}")
    assert (len(service.asked), len(service.connections)) == (3, 1)


class HangingUp(Service):
    """Ends the connection in place of so many answers."""

    times = 0

    async def handle(self, request: web.Request) -> web.Response:
        answer = await super().handle(request)
        if self.times and request.transport is not None:
            self.times -= 1
            request.transport.close()
        return answer


async def test_who_hangs_up_on_a_kept_connection_is_asked_again() -> None:
    """It may have ended unseen, and so may another. On a new one it is an outage: it may have been taken."""
    service = HangingUp()
    async with serving(service) as address, to_browsers() as push:
        browser = Browser(f"{address}/send/1").target
        await asyncio.gather(push.send(browser, PUSHED), push.send(browser, PUSHED))
        assert len(service.connections) == 2
        service.times = 2
        await push.send(browser, PUSHED)
        assert len(service.asked) == 5
        service.times = 2
        with pytest.raises(Unavailable):
            await push.send(browser, PUSHED)
        assert len(service.asked) == 7


async def test_nobody_s_cookies_are_kept() -> None:
    """By them a service would know which of those whom we send to are ours."""
    service = Service(201, None, **{"Set-Cookie": "who=ana; Path=/"})
    async with serving(service) as address, to_browsers() as push:
        browser = Browser(f"{address.replace('127.0.0.1', 'localhost')}/send/1").target
        for _ in range(2):
            await push.send(browser, PUSHED)
    assert ["Cookie" in headers for _, headers, _ in service.asked] == [False, False]


async def test_who_is_closed_asks_for_nothing_more() -> None:
    """Nobody would close the connection, so it is an outage: another process does the job."""
    service = Service()
    async with serving(service) as address:
        async with to_browsers() as push:
            browser = Browser(f"{address}/send/1").target
            await push.send(browser, PUSHED)
        with pytest.raises(Unavailable):
            await push.send(browser, PUSHED)
    assert len(service.asked) == 1
