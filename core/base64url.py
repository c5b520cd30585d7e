"""Base64url without padding (RFC 4648, section 5), as addresses, tokens and browsers' keys have it. Pure."""

from base64 import b64decode, urlsafe_b64encode


def written(data: bytes) -> str:
    """These bytes as text."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def read(text: str) -> bytes:
    """What was written, with padding or without. Raises `ValueError` at what is no base64."""
    plain = text.rstrip("=")
    return b64decode(plain + "=" * (-len(plain) % 4), altchars=b"-_", validate=True)
