"""Where the pictures of a map come from, as an operator says it, and whose they are. Pure."""

import re
from urllib.parse import urlsplit

from msgspec import Struct

_ADDRESS = re.compile(r"(https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?)?/(?!/)[^\s\"'<>;,{}]*")
_NEEDED = ("{z}", "{x}", "{y}")
_KNOWN = re.compile(r"\{[zxyr]\}")  # `{r}`: `@2x` where a screen is fine
_LED = re.compile(r"(?P<credit>.*?)\s*(?P<link>https?://\S+)?\s*", re.DOTALL)


class MapTiles(Struct, frozen=True):
    """What a map lies on, whose it is said to be, and where that leads; `{z}`, `{x}`, `{y}` are filled in."""

    address: str
    credit: str
    link: str

    @classmethod
    def of(cls, address: str, credit: str) -> "MapTiles | None":
        """None: a map has none. An address at the end of `credit` is where that leads.

        Raises `ValueError` for what is no address of tiles.
        """
        if not address:
            return None
        plain = _KNOWN.sub("0", address)
        if not all(part in address for part in _NEEDED) or not _ADDRESS.fullmatch(plain):
            raise ValueError(address)
        said = _LED.fullmatch(credit)
        assert said is not None  # it matches anything
        return cls(address, said["credit"], said["link"] or "")

    @property
    def origin(self) -> str:
        """Whose they are, as a Content-Security-Policy names it; empty: of the page's own."""
        parts = urlsplit(self.address)
        return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
