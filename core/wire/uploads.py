"""Bodies that are not JSON, as data: bytes of certain types, or a form of several parts."""

from collections.abc import Mapping, Set

from msgspec import Struct


class Upload(Struct, frozen=True, kw_only=True):
    """Bytes of one of these `media` types, of which there are `max_bytes` at most.

    `kind` is the Struct of a form's part that is JSON itself.
    """

    media: tuple[str, ...]
    max_bytes: int
    kind: type[Struct] | None = None


class Form(Struct, frozen=True, kw_only=True):
    """A `multipart/form-data` body. Its parts come in any order, each once; all but the `optional` must."""

    parts: Mapping[str, Upload]
    optional: Set[str] = frozenset()

    @property
    def required(self) -> list[str]:
        """The names of the parts that have to come."""
        return [name for name in self.parts if name not in self.optional]
