"""People for a benchmark, who differ in nothing that is measured."""

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
