"""Videos and voice messages: only what plays is kept, for as long as it may last."""

from io import BytesIO
from typing import Any

import av
import pytest
from PIL import Image

from core.errors import InvalidRequest
from services.decoders import Decoders
from services.media_rules import SIZES
from tests.rest.pictures import drawn, encoded, show, upload
from tests.rest.recordings import recorded
from tests.rest.server import RestServer

WEBM: dict[str, Any] = {"kind": "webm", "video": "libvpx", "audio": "libopus"}


def found_in(data: bytes) -> tuple[int, list[str], dict[str, str]]:
    """How many ms it lasts, of which codecs it is, and what it says of itself."""
    with av.open(BytesIO(data), "r") as made:
        codecs = [stream.codec_context.codec.canonical_name for stream in made.streams]
        told = {**made.metadata, **{name: text for s in made.streams for name, text in s.metadata.items()}}
        return (made.duration or 0) // 1000, codecs, told


@pytest.mark.parametrize(
    ("made", "content_type", "codecs"),
    [
        ({}, "video/mp4", ["h264", "aac"]),
        ({"audio": None, "movflags": "frag_keyframe+empty_moov"}, "video/mp4", ["h264"]),
        (WEBM, "video/webm", ["vp8", "opus"]),
    ],
    ids=["mp4", "in_pieces_without_sound", "webm"],
)
async def test_a_video_is_kept_without_what_it_tells(
    rest: RestServer, made: dict[str, Any], content_type: str, codecs: list[str]
) -> None:
    """And shown by its first picture until it plays; the index of an MP4 is in front."""
    ana, sent = await rest.sign_up(), recorded(**made)
    assert b"Ana Lima" in sent
    answer = await upload(rest, ana, sent, purpose="photo", media="video/mp4")
    assert answer.status == 201, answer.body
    media = answer.body
    assert (media["type"], media["state"], media["width"], media["height"]) == ("video", "ready", 64, 48)
    assert 900 <= media["duration_ms"] <= 1200
    assert media["blurhash"]
    assert set(media["urls"]) == {"original", *SIZES}
    _, headers, kept = await rest.open(media["urls"]["original"])
    assert headers["Content-Type"] == content_type
    assert len(kept) == media["size"]
    lasts, kinds, told = found_in(kept)
    assert abs(lasts - media["duration_ms"]) < 100
    assert kinds == codecs
    assert not {"title", "location", "artist"} & told.keys()
    assert b"Ana Lima" not in kept
    if content_type == "video/mp4":
        assert kept.index(b"moov") < kept.index(b"mdat")
    _, _, poster = await rest.open(media["urls"]["s640"])
    assert Image.open(BytesIO(poster)).size == (64, 48)


async def test_a_player_begins_in_the_middle(rest: RestServer) -> None:
    """It is sent that part, of the version that it has begun; what is not there is said."""
    ana = await rest.sign_up()
    media = (await upload(rest, ana, recorded(), purpose="photo")).body
    url, size = media["urls"]["original"], media["size"]
    status, headers, whole = await rest.open(url)
    assert (status, headers["Accept-Ranges"], len(whole)) == (200, "bytes", size)
    tag = headers["ETag"]
    status, headers, part = await rest.open(url, Range="bytes=100-", If_Range=tag)
    assert (status, headers["Content-Range"]) == (206, f"bytes 100-{size - 1}/{size}")
    assert (part, headers["ETag"], headers["Content-Type"]) == (whole[100:], tag, "video/mp4")
    assert (await rest.open(url, Range="bytes=-5"))[2] == whole[-5:]
    assert (await rest.open(url, Range="bytes=100-", If_Range='"another"'))[::2] == (200, whole)
    status, headers, _ = await rest.open(url, Range=f"bytes={size}-")
    assert (status, headers["Content-Range"]) == (416, f"bytes */{size}")
    status, headers, small = await rest.open(media["urls"]["s640"], Range="bytes=0-3", If_Range=tag)
    assert (status, small[:4]) == (200, b"RIFF"), "the tag is that of the video"


async def test_a_profile_shows_two_videos(rest: RestServer) -> None:
    """Which are no photos."""
    ana = await rest.sign_up()
    video = (await upload(rest, ana, recorded(), purpose="photo")).body["id"]
    photo = (await upload(rest, ana, encoded(drawn()), purpose="photo")).body["id"]
    shown = await show(rest, ana, photos=[photo], videos=[video])
    assert [media["id"] for media in shown.body["videos"]] == [video]
    assert (await show(rest, ana, photos=[video])).body["details"] == {"field": "photos", "id": video}
    assert (await show(rest, ana, videos=[video] * 3)).code == "payload_too_large"


@pytest.mark.parametrize(
    ("made", "content_type"),
    [
        ({"kind": "mp4"}, "audio/mp4"),
        ({"kind": "webm", "audio": "libopus"}, "audio/webm"),
        ({"kind": "ogg", "audio": "libopus"}, "audio/ogg"),
    ],
    ids=["mp4", "webm", "ogg"],
)
async def test_a_voice_message_is_for_chat(rest: RestServer, made: dict[str, Any], content_type: str) -> None:
    """Its owner hears it, and nobody else so far; a profile takes none."""
    ana, sent = await rest.sign_up(), recorded(video=None, **made)
    answer = await upload(rest, ana, sent, purpose="chat", media="audio/ogg")
    assert answer.status == 201, answer.body
    media = answer.body
    assert (media["type"], set(media["urls"])) == ("audio", {"original"})
    assert 900 <= media["duration_ms"] <= 1200
    _, headers, kept = await rest.open(media["urls"]["original"])
    assert headers["Content-Type"] == content_type
    assert b"Ana Lima" not in kept
    eve = await rest.sign_up()
    path = f"/v1/media/{media['id']}"
    assert (await rest.ask("GET", path, token=eve["access_token"])).code == "not_found"
    assert (await upload(rest, ana, sent, purpose="photo", media="audio/ogg")).code == "invalid_request"
    assert (await upload(rest, ana, sent, media="audio/ogg")).code == "invalid_request"


def lying(data: bytes) -> bytes:
    """A video whose head says that it ends at once."""
    at = data.index(b"mvhd") + 4 + 4 + 8
    return data[: at + 4] + (1).to_bytes(4, "big") + data[at + 8 :]


PLAYLIST = b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"
HOSTILE: dict[str, bytes] = {
    "too_long": recorded(seconds=4, fps=2),
    "too_long_says_its_head_not": lying(recorded(seconds=4, fps=2)),
    "too_long_in_pieces": recorded(seconds=4, fps=2, movflags="frag_keyframe+empty_moov"),
    "too_long_sound": recorded(seconds=4, video=None),
    "dozens_of_streams": recorded(streams=40, audio=None, seconds=0.2),
    "truncated": recorded()[:-2500],
    "head_alone": recorded()[:40],
    "another_codec": recorded(video="mpeg4"),
    "mp4_then_zeros": b"\x00\x00\x00\x18ftypisom" + bytes(10_000),
    "webm_then_noise": b"\x1a\x45\xdf\xa3" + bytes(range(256)) * 40,
    "ogg_then_zeros": b"OggS" + bytes(10_000),
    "a_playlist_within": b"\x00\x00\x00\x18ftypisom" + PLAYLIST * 10,
    "too_many_pixels": recorded(size=(640, 480), seconds=0.2, audio=None),
}


@pytest.mark.parametrize("sent", HOSTILE.values(), ids=HOSTILE.keys())
async def test_what_is_no_recording_is_refused(sent: bytes) -> None:
    """Whatever its head says."""
    decoders = Decoders(processes=1, queue=1, max_pixels=200_000, cpu_s=30)
    with pytest.raises(InvalidRequest) as refused:
        await decoders.recording(sent, "ana", video_ms=3000, voice_ms=3000, sizes=[160])
    assert refused.value.details == {"field": "file"}
