"""Somebody of the staff, by the API: for tests of the page of users."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import asyncpg
from pyotp import TOTP

from tests.browser.person import PASSWORD
from tests.served import Served


class Moderator:
    """Signed in."""

    def __init__(self, web: aiohttp.ClientSession, token: str) -> None:
        self._web, self._headers = web, {"Authorization": f"Bearer {token}"}

    async def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        async with self._web.request(method, path, json=body, headers=self._headers) as response:
            assert response.status < 300, await response.text()
            return await response.json()

    async def user(self, username: str) -> str:
        """The id of a user."""
        found = await self.ask("GET", f"/v1/admin/users?q={username}")
        [user_id] = [user["id"] for user in found["items"] if user["username"] == username]
        return str(user_id)

    async def case(self, user_id: str) -> str:
        """The id of the case about a user that waits."""
        queue = await self.ask("GET", "/v1/admin/reports?limit=100")
        [case] = [case["id"] for case in queue["items"] if case["user"]["user_id"] == user_id]
        return str(case)


@asynccontextmanager
async def moderator(server: Served, database_url: str) -> AsyncIterator[Moderator]:
    """A new one with a second factor, whose role is set in the database."""
    name = f"mod-{secrets.token_hex(4)}"
    account = {
        "email": f"{name}@example.com",
        "username": name,
        "password": PASSWORD,
        "display_name": "Mo",
        "birth_date": "1990-01-01",
        "gender": "other",
    }
    async with aiohttp.ClientSession(server.address) as web:
        async with web.post("/v1/auth/register", json=account) as response:
            signed_in = await response.json()
        connection = await asyncpg.connect(database_url)
        try:
            await connection.execute(
                "UPDATE identity.users SET role = 'moderator' WHERE id = $1", signed_in["user"]["id"]
            )
        finally:
            await connection.close()
        staff = Moderator(web, signed_in["access_token"])
        secret = (await staff.ask("POST", "/v1/me/totp", {}))["secret"]
        await staff.ask("POST", "/v1/me/totp", {"code": TOTP(secret).now()})
        yield staff
