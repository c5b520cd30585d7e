"""Settings of what people upload and post: where it is kept, how much it may be, and for how long.

`core/settings.py` has those of the product, and says what holds for all.
"""

from typing import Annotated, Literal

from msgspec import Meta

from core.server_settings import Count, Duration, Seconds, ServerSettings, Text, about

MOST_UPLOAD_BYTES = 64 * 1024 * 1024


class MediaSettings(ServerSettings, frozen=True, kw_only=True):
    """What would be there whatever people upload pictures for."""

    # Media
    media_store: Annotated[
        Text,
        about(
            "Where pictures are kept: `file:///folder`, which all processes share, or `s3://bucket/prefix`"
            " with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and AWS_ENDPOINT_URL in the"
            " environment; empty: a folder in DATA_DIR."
        ),
    ] = ""
    max_upload_bytes: Annotated[
        int, Meta(gt=0, le=MOST_UPLOAD_BYTES), about("Bytes of one upload of media.")
    ] = 15 * 1024 * 1024
    upload_memory_bytes: Annotated[
        Count,
        about("Bytes of uploads that one process holds in memory at once; more are `unavailable` for then."),
    ] = 256 * 1024 * 1024
    upload_answer_s: Annotated[
        Seconds, about("Seconds within which an upload is checked and answered, once it has come.")
    ] = 15
    uploads_per_m: Annotated[Count, about("Uploads of one account each minute, on all nodes.")] = 10
    uploads_burst: Annotated[Count, about("Uploads of one account at once.")] = 20
    network_uploads_per_m: Annotated[Count, about("Uploads of one network each minute, on all nodes.")] = 100
    network_uploads_burst: Annotated[Count, about("Uploads of one network at once.")] = 200
    uploads_at_once: Annotated[
        Count,
        about(
            "Uploads of one account that one process takes at the same time, until each is answered; further"
            " ones are `rate_limited`, also with RATE_LIMITS off. One of its pictures is decoded at a time."
        ),
    ] = 8
    max_picture_pixels: Annotated[
        Count, about("Pixels of one picture; a larger one is refused before it is decoded.")
    ] = 50_000_000
    picture_processes: Annotated[Count, about("Uploads that one process decodes at once.")] = 2
    picture_queue: Annotated[
        Count,
        about("Uploads that may wait to be decoded, one of each account; further ones are `unavailable`."),
    ] = 20
    picture_cpu_s: Annotated[
        Seconds, about("Seconds of CPU that decoding one upload may take; one that takes longer is refused.")
    ] = 5
    media_avif: Annotated[
        Literal["on", "off"],
        about(
            "Whether pictures are also kept as AVIF, made by a job after they are shown, for browsers that"
            " ask for it at the same addresses: a CDN has to heed `Vary: Accept`."
        ),
    ] = "on"
    media_review: Annotated[
        Literal["before", "after"],
        about(
            "Whether pictures for strangers to see are looked at before anybody sees them, by SCAN_URL or a"
            " moderator, or afterwards. `before` in production without SCAN_URL: none are taken."
        ),
    ] = "before"
    scan_url: Annotated[
        Text,
        about(
            "Scanner that is asked, by POST, whether strangers may see a picture or text (`outside/scan.py`)."
            " Empty: none."
        ),
    ] = ""
    scan_s: Annotated[Duration, about("Seconds that the scanner has to answer.")] = 1
    words_file: Annotated[
        Text,
        about(
            "File with a word or phrase on each line that may stand in no name, bio or city. Case, accents"
            " and punctuation do not count; parts of words do not match. Chat messages are not looked at."
        ),
    ] = ""
    media_address_s: Annotated[
        Seconds, about("Seconds for which the address of a picture kept for moderators is valid.")
    ] = 60
    media_url: Annotated[
        Text,
        about(
            "Address of a CDN that asks this server for `/v1/media/…`, as `https://cdn.example.org`: pictures"
            " are read there. Empty: they are read here, and addresses in cards are relative to the server."
        ),
    ] = ""
    file_address_s: Annotated[
        Seconds,
        about(
            "Seconds for which the address of a picture that is shown is valid at least; at most twice as"
            " long. Longer than a call, whose cards are read when it begins."
        ),
    ] = 7200
    upload_address_s: Annotated[
        Seconds, about("Seconds within which what was announced has to be uploaded to its address.")
    ] = 900
    video_s: Annotated[Seconds, about("Seconds that a video may last.")] = 30
    voice_s: Annotated[Seconds, about("Seconds that a voice message may last.")] = 300
    evidence_days: Annotated[
        Count,
        about(
            "Days for which the evidence of a report is kept after its case is decided. As long as that, keep"
            " SECRET_PREVIOUS where there are no DATA_KEYS: evidence is encrypted with the secret of its day."
        ),
    ] = 90

    # Posts
    posts_per_h: Annotated[Count, about("Posts of one account an hour.")] = 60
    posts_burst: Annotated[Count, about("Posts of one account at once.")] = 60
    comments_per_m: Annotated[Count, about("Comments of one account a minute.")] = 20
    comments_burst: Annotated[Count, about("Comments of one account at once.")] = 60
