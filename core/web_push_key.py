"""The key by which push services know us (VAPID, RFC 8292): P-256, in base64url, as browsers have it."""

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from core import base64url

CURVE = ec.SECP256R1()
_BYTES = 32


def private_key(text: str) -> ec.EllipticCurvePrivateKey:
    """Of 32 bytes. Raises `ValueError`."""
    number = base64url.read(text)
    if len(number) != _BYTES:
        raise ValueError("not 32 bytes")
    return ec.derive_private_key(int.from_bytes(number, "big"), CURVE)


def public_key(text: str) -> str:
    """Of a private one: what browsers subscribe with (`applicationServerKey`)."""
    return base64url.written(point(private_key(text).public_key()))


def new_key() -> str:
    """A private one, as the setting has it."""
    number = ec.generate_private_key(CURVE).private_numbers().private_value
    return base64url.written(number.to_bytes(_BYTES, "big"))


def new_line() -> str:
    """Such a one, to be printed."""
    return f"{new_key()}\n"


def point(key: ec.EllipticCurvePublicKey) -> bytes:
    """Uncompressed, 65 bytes."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
