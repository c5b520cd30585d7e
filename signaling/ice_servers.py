"""The ICE servers that a client is given: STUN for everyone, TURN with a credential that expires. Pure.

The credential is that of the TURN REST API (draft-uberti-behave-turn-rest), which coturn calls
`use-auth-secret`: nothing is stored, and the TURN server checks it with the secret that it shares with us.
"""

import base64
import hashlib
import hmac

from core.contract.calls import IceServer
from core.settings import Settings
from core.turn_servers import turn_servers
from signaling.call import Rules

_MARGIN_S = 300


def ice_servers(
    settings: Settings, call_id: str, region: str, user_id: str, now: int, *, lasts_s: int | None = None
) -> list[IceServer]:
    """The servers for this user of a call in this region, by a credential that is made now (Unix ms).

    It serves for the longest call, or one of `lasts_s`, prolonged, and five minutes. It names the call, so
    that a relay which counts by name (`user-quota` of coturn) counts what a user has in one call.
    """
    servers = []
    if stun := [url for part in settings.stun_urls.split(",") if (url := part.strip())]:
        servers.append(IceServer(urls=stun))
    if turn := [url for place, url in turn_servers(settings.turn_urls) if place in ("", region)]:
        rules = Rules.of(settings)
        longest_s = rules.prolonged_s(max(rules.max_call_s, lasts_s or 0))
        username = f"{now // 1000 + longest_s + _MARGIN_S}:{call_id}:{user_id}"
        credential = _credential(settings.turn_secret, username)
        servers.append(IceServer(urls=turn, username=username, credential=credential))
    return servers


def _credential(secret: str, username: str) -> str:
    # Every TURN server supports SHA-1; as an HMAC it is not broken.
    digest = hmac.new(secret.encode(), username.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()
