"""The ICE servers that a client is given: STUN for everyone, TURN with a credential that expires. Pure.

The credential is that of the TURN REST API (draft-uberti-behave-turn-rest), which coturn calls
`use-auth-secret`: nothing is stored, and the TURN server checks it with the secret that it shares with us.
"""

import base64
import hashlib
import hmac

from core.contract.calls import IceServer
from core.settings import Settings


def ice_servers(settings: Settings, user_id: str, now: int) -> list[IceServer]:
    """The servers for this user. `now` in ms since the epoch; a credential is valid for `turn_s` seconds."""
    servers = []
    if stun := _urls(settings.stun_urls):
        servers.append(IceServer(urls=stun))
    if turn := _urls(settings.turn_urls):
        username = f"{now // 1000 + settings.turn_s}:{user_id}"
        credential = _credential(settings.turn_secret, username)
        servers.append(IceServer(urls=turn, username=username, credential=credential))
    return servers


def _urls(listed: str) -> list[str]:
    return [url for part in listed.split(",") if (url := part.strip())]


def _credential(secret: str, username: str) -> str:
    # Every TURN server supports SHA-1; as an HMAC it is not broken.
    digest = hmac.new(secret.encode(), username.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()
