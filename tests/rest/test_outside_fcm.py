"""Notifications as they leave to phones: to real servers on this machine, in FCM's protocol."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from core.clock import now_ms
from db.postgres.devices import Target
from outside.fcm import Fcm, ServiceAccount, service_account
from outside.fcm import message as to_phone
from outside.pushes import Pushes
from outside.web_push import message
from services.ports import AskAgain, Pushed, Undeliverable
from tests.rest.test_outside_push import PUSHED, Browser, Service, serving

PHONE = Target(device_id="phone", platform="android", token="phone's token")
KEY = rsa.generate_private_key(65537, 2048)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@asynccontextmanager
async def to_phones(address: str) -> AsyncIterator[Fcm]:
    account = ServiceAccount("a-project", "us@a-project.example", PEM, f"{address}/token")
    push = Fcm(account, now_ms, service=address)
    try:
        yield push
    finally:
        await push.close()


async def test_a_phone_is_sent_a_message_in_our_name() -> None:
    """One token serves for an hour."""
    service = Service(200, {"name": "projects/a-project/messages/1"})
    async with serving(service) as address, to_phones(address) as phones:
        push = Pushes(web=None, phones=phones)
        await push.send(PHONE, PUSHED)
        await push.send(PHONE, PUSHED)
        await push.send(Browser().target, PUSHED)  # who is not served keeps its place
    (token_path, _, form), (path, headers, body), (again, *_) = service.asked
    assert (token_path, path, again) == ("/token", *["/v1/projects/a-project/messages:send"] * 2)
    assertion = form.decode().rpartition("assertion=")[2]
    claims = jwt.decode(assertion, KEY.public_key(), ["RS256"], audience=f"{address}/token")
    assert claims["iss"] == "us@a-project.example"
    assert headers["Authorization"] == "Bearer a token"
    sent = json.loads(body)["message"]
    assert sent["token"] == "phone's token"
    assert sent["notification"] == {"title": "Ana wants to be your friend", "body": ""}
    assert sent["data"] == {"id": "7", "kind": "notification", "url": "/#friends"}
    assert (sent["android"]["ttl"], sent["android"]["priority"]) == ("600s", "NORMAL")


def test_what_is_over_is_said_to_the_app_alone() -> None:
    """It shows nothing, takes the place of what it closes, and wakes no iPhone by a sound."""
    over = Pushed(id="7", kind="over", title="", body="", topic="7", ttl_s=60, closes=("7", "8"), urgent=True)
    sent = to_phone("token", over, 1_000_000)
    assert "notification" not in sent
    assert sent["data"] == {"id": "7", "kind": "over", "close": "7 8"}
    assert (sent["android"]["collapse_key"], sent["android"]["priority"]) == ("7", "HIGH")
    apple = sent["apns"]
    assert apple["payload"] == {"aps": {"content-available": 1}}
    assert apple["headers"]["apns-push-type"] == "background"
    assert (apple["headers"]["apns-priority"], apple["headers"]["apns-expiration"]) == ("5", "1060")
    assert json.loads(message(over)) == {"id": "7", "close": ["7", "8"]}


def test_a_ring_breaks_in_and_lasts_as_long_as_it_rings() -> None:
    ring = Pushed(id="7", kind="call", title="Ana calls you", body="", topic="7", ttl_s=30, urgent=True)
    sent = to_phone("token", ring, 1_000_000)
    assert (sent["android"]["ttl"], sent["android"]["notification"]) == ("30s", {"tag": "7"})
    assert sent["apns"]["payload"]["aps"]["interruption-level"] == "time-sensitive"
    assert sent["apns"]["headers"]["apns-expiration"] == "1030"
    assert json.loads(message(ring))["kind"] == "call"


async def test_a_token_that_is_over_before_its_time_costs_nobody_a_pause() -> None:
    """All who were refused with it ask for another one together, and are sent at once."""
    service = Forgetful()
    async with serving(service) as address, to_phones(address) as push:
        await push.send(PHONE, PUSHED)
        service.forget()
        await asyncio.gather(*(push.send(PHONE, PUSHED) for _ in range(5)))
    assert [path for path, *_ in service.asked].count("/token") == 2


class Forgetful(Service):
    """Gives each time another token, and takes the last one alone."""

    def __init__(self) -> None:
        super().__init__(200, {})
        self._good = 0

    def forget(self) -> None:
        self._good = -1

    async def handle(self, request: web.Request) -> web.Response:
        answer = await super().handle(request)
        if request.path == "/token":
            self._good = [path for path, *_ in self.asked].count("/token")
            return web.json_response({"access_token": f"token {self._good}", "expires_in": 3600})
        if request.headers["Authorization"] != f"Bearer token {self._good}":
            return web.json_response(refusal("UNAUTHENTICATED"), status=401)
        return answer


def refusal(status: str, code: str | None = None, field: str | None = None) -> Mapping[str, Any]:
    details: list[Mapping[str, Any]] = [{"errorCode": code}] if code else []
    details += [{"fieldViolations": [{"field": field}]}] if field else []
    return {"error": {"status": status, "details": details}}


@pytest.mark.parametrize(
    ("status", "answer", "error"),
    [
        (404, refusal("NOT_FOUND", "UNREGISTERED"), Undeliverable),
        (403, refusal("PERMISSION_DENIED", "SENDER_ID_MISMATCH"), Undeliverable),
        (400, refusal("INVALID_ARGUMENT", "INVALID_ARGUMENT", "message.token"), Undeliverable),
        (400, refusal("INVALID_ARGUMENT", "INVALID_ARGUMENT"), AskAgain),
        (401, refusal("UNAUTHENTICATED"), AskAgain),
        (404, "no such page", AskAgain),
        (429, refusal("RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED"), AskAgain),
        (503, None, AskAgain),
    ],
)
async def test_what_fcm_refuses(status: int, answer: Any, error: type[Exception]) -> None:
    """Only an app that is gone is forgotten: a mistake of ours is no reason to."""
    async with serving(Service(status, answer)) as address, to_phones(address) as push:
        with pytest.raises(error) as raised:
            await push.send(PHONE, PUSHED)
    assert "phone's token" not in str(raised.value)


@pytest.mark.parametrize("content", [None, "no JSON", "{}", json.dumps({"project_id": "a"})])
def test_a_file_that_is_no_service_account_is_said_to_be_none(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "account.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(OSError, match="PUSH_FCM: "):
        service_account(str(file))


def test_a_service_account_is_read(tmp_path: Path) -> None:
    file = tmp_path / "account.json"
    file.write_text(json.dumps({"project_id": "a", "client_email": "b", "private_key": PEM, "type": "more"}))
    assert service_account(str(file)).project_id == "a"
