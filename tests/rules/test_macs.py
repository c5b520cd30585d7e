"""What is signed by a key that is used often."""

import hmac

import pytest

from core.macs import Mac


@pytest.mark.parametrize("size", [0, 1, 32, 63, 64, 65, 200])
def test_a_mac_is_what_the_standard_library_gives(size: int) -> None:
    """Of keys shorter than a block, as long, and longer: what another node has signed stays valid."""
    key = bytes(range(size))
    for message in (b"", b"a", b"019b76da\ns640\n1795400000" * 9):
        assert Mac(key).of(message) == hmac.digest(key, message, "sha256")
