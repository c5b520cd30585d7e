"""People for a benchmark, who differ in nothing that is measured."""

from collections.abc import Sequence
from typing import Any

import aiohttp


async def register(
    web: aiohttp.ClientSession, address: str, number: int, gender: str = "other"
) -> dict[str, Any]:
    """A new account: what its owner gets who signs up."""
    body = {
        "email": f"peer{number}@example.org",
        "username": f"peer{number}",
        "password": "correct horse battery",
        "display_name": f"Peer {number}",
        "birth_date": "1990-01-01",
        "gender": gender,
    }
    async with web.post(f"{address}/v1/auth/register", json=body) as response:
        assert response.status == 201, await response.text()
        signed_in: dict[str, Any] = await response.json()
        return signed_in


async def signed_up(address: str, genders: Sequence[str]) -> list[dict[str, str]]:
    """An account for each of these: its `id`, and the `token` by which it comes."""
    async with aiohttp.ClientSession() as web:
        signed = [await register(web, address, number, gender) for number, gender in enumerate(genders)]
    return [{"id": each["user"]["id"], "token": each["access_token"]} for each in signed]
