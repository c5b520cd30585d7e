"""RTP and RTCP packets turned round: what a client sends becomes what it gets. Pure.

Nothing is decoded, put in order or kept. Payload types and header extensions mean the same both ways, since
the answer is the offer mirrored (`answers.py`); only a source has another number on its way back, or a client
would take it for its own. So a packet of RTCP about what was sent back is, with its sources renamed, what the
client has to know about what it sends: a lost packet is asked for where it was made, a key frame too, and the
bandwidth that a client finds is that of the whole way there and back.
"""

from collections.abc import Iterator
from struct import Struct, error

_NUMBER = Struct("!I")
_HEADER = Struct("!BBH")
_RTP_BYTES, _SOURCE_AT = 12, 8
_SENDER, _RECEIVER, _ABOUT, _BYE, _, _TRANSPORT, _PAYLOAD = range(200, 207)
_REPORT_BYTES = 24
_FULL_INTRA, _BITRATE = 4, 15
_ESTIMATE = b"REMB"


class Mirror:
    """Renames sources by a `mask`, which is its own opposite: what is renamed twice is as it was."""

    def __init__(self, mask: int) -> None:
        """`mask` is from 1 to 2^32-1."""
        self._mask = mask

    def source(self, number: int) -> int:
        """The number of this source on its way back, and there again."""
        return number ^ self._mask

    def media(self, packet: bytes) -> bytes | None:
        """A packet of RTP as it is sent back. None: it is none."""
        if len(packet) < _RTP_BYTES:
            return None
        number = _NUMBER.unpack_from(packet, _SOURCE_AT)[0] ^ self._mask
        return packet[:_SOURCE_AT] + _NUMBER.pack(number) + packet[_SOURCE_AT + 4 :]

    def control(self, packets: bytes) -> bytes | None:
        """RTCP packets, of those that mean something to who gets them back. None: there is none."""
        turned = bytearray()
        try:
            for packet in _split(packets):
                places = _PLACES.get(packet[1])
                if places is not None:
                    for at in places(packet):
                        self._rename(packet, at)
                    turned += packet
        except error:  # something says that it is longer than it is
            return None
        return bytes(turned) or None

    def _rename(self, packet: bytearray, at: int) -> None:
        number = _NUMBER.unpack_from(packet, at)[0]
        if number:  # 0 is nobody
            _NUMBER.pack_into(packet, at, number ^ self._mask)


def _split(packets: bytes) -> Iterator[bytearray]:
    at = 0
    while at < len(packets):
        _, _, words = _HEADER.unpack_from(packets, at)
        end = at + 4 * (words + 1)
        if end > len(packets):
            raise error("a packet is longer than what has come")
        yield bytearray(packets[at:end])
        at = end


# Where each kind of packet names sources. What asks or tells about the receiver itself (XR) is left out.


def _reports(first: int, packet: bytearray) -> Iterator[int]:
    yield 4
    for nth in range(packet[0] & 31):
        yield first + nth * _REPORT_BYTES


def _of_sender(packet: bytearray) -> Iterator[int]:
    return _reports(28, packet)


def _of_receiver(packet: bytearray) -> Iterator[int]:
    return _reports(8, packet)


def _descriptions(packet: bytearray) -> Iterator[int]:
    at = 4
    for _ in range(packet[0] & 31):
        yield at
        at += 4
        while at < len(packet) and packet[at]:
            at += 2 + (packet[at + 1] if at + 1 < len(packet) else 0)
        at = (at // 4 + 1) * 4  # at least one byte that is 0 ends it


def _farewells(packet: bytearray) -> Iterator[int]:
    return (4 + 4 * nth for nth in range(packet[0] & 31))


def _feedback(_packet: bytearray) -> Iterator[int]:
    yield from (4, 8)


def _of_payload(packet: bytearray) -> Iterator[int]:
    yield from (4, 8)
    kind = packet[0] & 31
    if kind == _FULL_INTRA:
        yield from range(12, len(packet), 8)
    elif kind == _BITRATE and packet[12:16] == _ESTIMATE:
        yield from (20 + 4 * nth for nth in range(packet[16]))


_PLACES = {
    _SENDER: _of_sender,
    _RECEIVER: _of_receiver,
    _ABOUT: _descriptions,
    _BYE: _farewells,
    _TRANSPORT: _feedback,
    _PAYLOAD: _of_payload,
}
