"""What an operator sees of jobs on the command line, and does with those that failed for good."""

import argparse

from core.clock import rfc3339
from db.postgres.jobs import Count, FailedJob, JobStore

_SHOWN = 50
_STATES = {"queued": "wait", "picked": "are being done", "failed": "failed for good"}


async def jobs(store: JobStore, asked: argparse.Namespace) -> str:
    """Do what is asked; gives what to say. What a job is about is not shown: it may be a code."""
    if asked.again is not None:
        return f"Begun again: {await store.begin_again(asked.again or None)}."
    if asked.drop is not None:
        return f"Dropped: {await store.drop(asked.drop or None)}."
    counts, failed = await store.count(), await store.list_failed(_SHOWN)
    return "\n".join([*map(_counted, counts), *map(_shown, failed)]) or "No job waits, and none has failed."


def _counted(count: Count) -> str:
    return f"{count.jobs} of {count.kind} {_STATES[count.state]}"


def _shown(job: FailedJob) -> str:
    since = f"{rfc3339(job.added_at)}, failed {rfc3339(job.failed_at)}"
    return f"  {job.id}  {job.kind}  added {since}, tries: {job.tries}\n      {job.said}"
