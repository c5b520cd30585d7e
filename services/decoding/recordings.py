"""What a stranger's video or voice message becomes: its packets in a new container, and nothing else.

Nothing is encoded again. Position, names, chapters, attachments and tracks of other kinds are left out with
the old container. How long it lasts say the packets; what its head says does not count.
"""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from io import BytesIO
from typing import TypeAlias

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from PIL import Image

from services.decoding.answers import Decoded, Refused
from services.decoding.pictures import poster
from services.decoding.waveforms import waveform

# Demuxers of FFmpeg that are fed, by what a file begins with. Playlists and the like would read other files.
_CONTAINERS = (
    (4, b"ftyp", "mov"),
    (0, b"\x1a\x45\xdf\xa3", "matroska"),
    (0, b"OggS", "ogg"),
)
# What it becomes: the container, and its type with and without a picture.
_BECOMES: Mapping[str, tuple[str, str, str]] = {
    "mov": ("mp4", "video/mp4", "audio/mp4"),
    "matroska": ("webm", "video/webm", "audio/webm"),
    "ogg": ("ogg", "video/ogg", "audio/ogg"),
}
# What browsers and telephones play in these containers.
_VIDEO = {"mov": {"h264", "hevc", "av1"}, "matroska": {"vp8", "vp9", "av1"}, "ogg": set[str]()}
_AUDIO = {"mov": {"aac", "mp3", "opus"}, "matroska": {"opus", "vorbis"}, "ogg": {"opus", "vorbis"}}
_MOST_STREAMS = 8
_MOST_PACKETS_A_S = 400  # 240 pictures and 100 pieces of sound
_SLACK_MS = 500  # the last packet may begin just before the end
_BYTES_A_PACKET, _INDEX = 64, 8_192  # bytes of an MP4's index, which is written in front of what it is of
_PROBED = 1_000_000
AnyPacket: TypeAlias = "Packet[Stream]"


def remuxed(data: bytes, max_pixels: int, video_ms: int, voice_ms: int, sizes: Sequence[int]) -> Decoded:
    """The recording as it is kept, and a picture of a video in these sizes. Raises `Refused`.

    How long one may last: with a picture, and without; 0: there may be none.
    """
    kind = _container(data)
    try:
        with _opened(data, kind) as source:
            streams = _chosen(source, kind, max_pixels)
            packets = [packet for packet in source.demux(streams) if packet.size]
            duration_ms = _checked(packets, video_ms if source.streams.video else voice_ms)
            original = _written(streams, packets, _BECOMES[kind][0])
        return _kept(kind, original, duration_ms, max_pixels, sizes)
    except Refused:
        raise
    except MemoryError:
        raise Refused("The recording is too large.") from None
    except Exception as error:  # demuxers raise whatever they like
        raise Refused("The recording cannot be read: it is damaged, or none.") from error


def _container(data: bytes) -> str:
    for at, head, kind in _CONTAINERS:
        if data[at : at + len(head)] == head:
            return kind
    raise Refused("Send an MP4, WebM or Ogg.")


def _opened(data: bytes, kind: str) -> InputContainer:
    """As what it is, whatever else it could be taken for; with no more streams than anybody needs."""
    options = {
        "max_streams": str(_MOST_STREAMS),
        "probesize": str(_PROBED),
        "protocol_whitelist": "",
        "codec_whitelist": ",".join(sorted(_VIDEO[kind] | _AUDIO[kind])),
    }
    opened: InputContainer = av.open(
        BytesIO(data), "r", format=kind, options=options, metadata_errors="replace"
    )
    return opened


def _chosen(source: InputContainer, kind: str, max_pixels: int) -> list[Stream]:
    """One picture at most, and one sound."""
    video = [s for s in source.streams.video if s.codec_context.name in _VIDEO[kind] and _moves(s)]
    audio = [s for s in source.streams.audio if s.codec_context.name in _AUDIO[kind]]
    chosen: list[Stream] = [*video[:1], *audio[:1]]
    if not chosen or (source.streams.video and not video):
        raise Refused("The recording is of a kind that is not played everywhere.")
    if video and not 0 < video[0].width * video[0].height <= max_pixels:
        raise Refused(f"A video may have {max_pixels} pixels.")
    return chosen


def _moves(stream: Stream) -> bool:
    """It is a video, not the cover of a piece of music."""
    return not stream.disposition & av.stream.Disposition.attached_pic


def _checked(packets: Sequence[AnyPacket], most_ms: int) -> int:
    """How long it lasts, in ms. Raises `Refused`."""
    if not most_ms:
        raise Refused("Send a picture or a video.")
    spans = list(_spans(packets))
    if not spans:
        raise Refused("The recording is empty.")
    begins, ends = min(begin for begin, _ in spans), max(end for _, end in spans)
    duration_ms = max(1, round((ends - min(begins, Fraction(0))) * 1000))
    if duration_ms > most_ms + _SLACK_MS:
        raise Refused(f"It may last {most_ms // 1000} seconds.")
    if len(packets) > (duration_ms // 1000 + 1) * _MOST_PACKETS_A_S:
        raise Refused("The recording has too many pictures a second.")
    return duration_ms


def _spans(packets: Sequence[AnyPacket]) -> Iterator[tuple[Fraction, Fraction]]:
    """When each begins and ends, in seconds."""
    for packet in packets:
        if packet.pts is not None:
            yield packet.pts * packet.time_base, (packet.pts + (packet.duration or 0)) * packet.time_base


def _written(streams: Sequence[Stream], packets: Sequence[AnyPacket], container: str) -> bytes:
    out = BytesIO()
    options = {}
    if container == "mp4":  # what players need first is at the beginning
        options = {"moov_size": str(_INDEX + _BYTES_A_PACKET * len(packets))}
    with av.open(out, "w", format=container, options={**options, "fflags": "+bitexact"}) as sink:
        sink.metadata.clear()
        kept = {stream.index: sink.add_stream_from_template(stream) for stream in streams}
        for stream in kept.values():
            stream.metadata.clear()
        for packet in packets:
            packet.stream = kept[packet.stream.index]
            sink.mux(packet)
    return out.getvalue()


def _kept(kind: str, original: bytes, duration_ms: int, max_pixels: int, sizes: Sequence[int]) -> Decoded:
    """What was written is read once more: what a player is told counts."""
    about: dict[str, object] = {"duration_ms": duration_ms}
    parts = {"original": original}
    _, as_video, as_audio = _BECOMES[kind]
    with _opened(original, kind) as made:
        if made.duration:
            about["duration_ms"] = max(1, made.duration // 1000)
        if not made.streams.video:
            about |= {"type": "audio", "content_type": as_audio, "waveform": waveform(made)}
            return Decoded(about, parts)
        image = _first(made, max_pixels)
    about |= {"type": "video", "content_type": as_video, "width": image.width, "height": image.height}
    shown = poster(image, sizes)
    return Decoded({**shown.about, **about}, {**parts, **shown.parts})


def _first(source: InputContainer, max_pixels: int) -> Image.Image:
    """The first picture, upright."""
    stream = source.streams.video[0]
    stream.codec_context.thread_count = 1
    for frame in source.decode(stream):
        if frame.width * frame.height > max_pixels:
            break
        image: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]
        return image.rotate(frame.rotation, expand=True) if frame.rotation else image
    raise Refused("The video has no picture that can be read.")
