"""Tokens that a browser keeps for the page: no script reads them, and no other page uses them."""

from http.cookies import Morsel, SimpleCookie
from typing import Any

from core.contract.accounts import SignedIn
from core.contract.index import ENDPOINTS
from tests.rest.conftest import SETTINGS
from tests.rest.phones import Phone, a_profile
from tests.rest.server import PASSWORD, Answer, RestServer, new_person

LOGIN, REFRESH, LOGOUT = "/v1/auth/login", "/v1/auth/refresh", "/v1/auth/logout"


class Browser:
    """Keeps cookies as browsers do, and says whose page asks."""

    def __init__(self, rest: RestServer, origin: str | None = None) -> None:
        self.rest, self.origin = rest, origin or rest.address
        self.kept: dict[str, Morsel[str]] = {}

    async def ask(self, path: str, token: str | None = None, **body: Any) -> Answer:
        """POST, with the cookies that belong to this path."""
        sent = "; ".join(f"{name}={each.value}" for name, each in self.kept.items())
        headers = {"Cookie": sent, "Origin": self.origin} if sent else {"Origin": self.origin}
        answer = await self.rest.ask("POST", path, token=token, headers=headers, json=body)
        for line in answer.headers.getall("Set-Cookie", ()):
            for name, morsel in SimpleCookie(line).items():
                self.kept[name] = morsel
                if morsel["max-age"] == "0":
                    del self.kept[name]
        return answer


async def signed_in(browser: Browser) -> Any:
    answer = await browser.ask("/v1/auth/register", **new_person(), cookie=True)
    assert answer.status == 201, answer.body
    return answer.body


async def test_the_browser_keeps_the_tokens(rest: RestServer) -> None:
    """Where no script reads them, for `/v1/auth` and this site alone, as long as they serve."""
    browser = Browser(rest)
    answered = await signed_in(browser)
    assert answered.keys() == {"user", "access_token", "expires_in_s"}
    ages = {"refresh_token": SETTINGS.refresh_token_s, "device_token": SETTINGS.device_token_d * 86_400}
    for name, age in ages.items():
        kept = browser.kept[name]
        assert (kept["path"], kept["samesite"], kept["max-age"]) == ("/v1/auth", "Strict", str(age))
        assert kept["httponly"]
        assert not kept["secure"]  # this server is asked without TLS
        assert not kept["domain"]


async def test_a_refresh_takes_and_gives_a_cookie(rest: RestServer) -> None:
    """With an empty body; each serves once, as all refresh tokens."""
    browser = Browser(rest)
    await signed_in(browser)
    first = browser.kept["refresh_token"].value
    answer = await browser.ask(REFRESH)
    assert (answer.status, "refresh_token" in answer.body) == (200, False)
    assert browser.kept["refresh_token"].value != first
    assert (await rest.ask("GET", "/v1/me", token=answer.body["access_token"])).status == 200
    assert (await browser.ask(REFRESH)).status == 200
    assert (await rest.refresh(first)).code == "unauthenticated"  # used long ago: the family ends
    assert (await browser.ask(REFRESH)).code == "unauthenticated"


async def test_logging_out_needs_the_cookie_alone_and_takes_it(rest: RestServer) -> None:
    browser = Browser(rest)
    token = (await signed_in(browser))["access_token"]
    assert (await browser.ask(LOGOUT)).status == 204
    assert browser.kept.keys() == {"device_token"}  # it stays a known device
    assert (await rest.ask("GET", "/v1/me", token=token)).code == "unauthenticated"
    assert (await browser.ask(LOGOUT)).code == "unauthenticated"
    assert (await browser.ask(REFRESH)).code == "unauthenticated"


async def test_every_way_of_signing_in_takes_it(rest: RestServer) -> None:
    browser, person = Browser(rest), new_person()
    await browser.ask("/v1/auth/register", **person, cookie=True)
    answer = await browser.ask(LOGIN, login=person["email"], password=PASSWORD, cookie=True)
    assert (answer.status, "refresh_token" in answer.body) == (200, False)
    phone = Phone(rest)
    shown: Any = {"phone": phone.number, "code": await phone.code(), "profile": a_profile(), "cookie": True}
    answer = await browser.ask("/v1/auth/phone/verify", **shown)
    assert (answer.status, "refresh_token" in answer.body) == (201, False)
    assert (await browser.ask(REFRESH)).body["user"]["id"] == answer.body["user"]["id"]
    assert all(e.cookie for e in ENDPOINTS if e.reply is SignedIn)


async def test_a_token_is_handed_over_to_the_browser(rest: RestServer) -> None:
    """What an earlier version of the page has kept becomes a cookie, with the next refresh."""
    browser, ana = Browser(rest), await rest.sign_up()
    answer = await browser.ask(REFRESH, refresh_token=ana["refresh_token"], cookie=True)
    assert (answer.status, "refresh_token" in answer.body) == (200, False)
    assert (await browser.ask(REFRESH)).status == 200


async def test_pages_of_others_use_no_cookie(rest: RestServer) -> None:
    """Nor does one of another name under the same domain, of which the browser thinks as of ours."""
    browser = Browser(rest)
    await signed_in(browser)
    for origin in ("https://evil.example", "null", "http://other.127.0.0.1", rest.address + "0"):
        eve = Browser(rest, origin)
        eve.kept = browser.kept.copy()
        assert (await eve.ask(REFRESH)).code == "unauthenticated"
        assert (await eve.ask(LOGOUT)).code == "unauthenticated"
        refused = await eve.ask(LOGIN, login="nobody", password=PASSWORD, cookie=True)
        assert (refused.code, refused.body["details"]) == ("invalid_request", {"field": "cookie"})
    sent = {"Cookie": f"refresh_token={browser.kept['refresh_token'].value}", "Sec-Fetch-Site": "same-site"}
    assert (await rest.ask("POST", REFRESH, headers=sent, json={})).code == "unauthenticated"
    # Ours, behind a proxy that asks us by another name.
    sent |= {"Sec-Fetch-Site": "same-origin", "Origin": "https://meet.example"}
    assert (await rest.ask("POST", REFRESH, headers=sent, json={"cookie": True})).status == 200
    assert (await browser.ask(REFRESH)).status == 200


async def test_over_tls_cookies_stay_there(rest: RestServer) -> None:
    """The browser says it, whatever stands between it and us."""
    browser = Browser(rest, rest.address.replace("http://", "https://"))
    await signed_in(browser)
    assert all(each["secure"] for each in browser.kept.values())


async def test_a_cookie_opens_nothing_else(rest: RestServer) -> None:
    """Everything but refreshing and logging out asks for an access token."""
    browser = Browser(rest)
    await signed_in(browser)
    kept = {"Cookie": f"refresh_token={browser.kept['refresh_token'].value}", "Origin": rest.address}
    for endpoint in (e for e in ENDPOINTS if e.auth and not (e.parameters or e.upload)):
        assert (await rest.ask(endpoint.method, endpoint.path, headers=kept)).code == "unauthenticated"


async def test_without_cookie_the_app_keeps_its_tokens(rest: RestServer) -> None:
    """Nothing is set, whatever the browser has."""
    browser = Browser(rest)
    person = new_person()
    answer = await browser.ask("/v1/auth/register", **person)
    assert {"refresh_token", "device_token"} <= answer.body.keys()
    assert browser.kept == {}
    assert "refresh_token" in (await browser.ask(REFRESH, refresh_token=answer.body["refresh_token"])).body
    assert (await rest.ask("POST", REFRESH, json={})).code == "unauthenticated"
