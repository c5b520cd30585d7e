"""What a job is: something to be done later, by any process, at least once."""

from msgspec import Struct


class Job(Struct, frozen=True, kw_only=True, tag_field="kind"):
    """What has to be known to do it; its `tag` is its kind, in the queue, in the log and in metrics.

    Jobs of other versions are read too: a field that is added needs a default, and none is renamed.
    """


def kind_of(job: Job | type[Job]) -> str:
    """Its tag."""
    return str(job.__struct_config__.tag)
