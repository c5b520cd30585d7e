"""What kind of device a connection comes from, as far as that may say how long somebody waits. Pure."""

_PHONES = frozenset({"ios", "android"})


def device_kind(platform: str | None, user_agent: str | None) -> str:
    """`phone`, `computer`, or empty if neither the client nor its browser says."""
    said, agent = (platform or "").lower(), user_agent or ""
    if said in _PHONES or "Mobi" in agent or "Android" in agent:
        return "phone"
    return "computer" if agent.startswith("Mozilla/") else ""
