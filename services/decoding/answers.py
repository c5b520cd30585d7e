"""What a decoding process says: a line of JSON about an upload, and the parts that are kept of it."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Refused(Exception):  # it says what is wrong with the upload
    """Why an upload is not taken, in a sentence for its owner."""


class Decoded(NamedTuple):
    """`about` fits JSON; `parts` are bytes by the name of the rendition."""

    about: Mapping[str, Any]
    parts: Mapping[str, bytes]
