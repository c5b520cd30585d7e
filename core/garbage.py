"""When Python looks for garbage in cycles: little at a time, as whoever is served waits meanwhile."""

import gc

# Nearly all that a server makes lives as long as a connection or a ticket, and goes without the collector
# when that ends. So what is young is looked through twice, 6,000 objects at most, and all there is once
# 18 million have come to it.
THRESHOLDS = 1_000, 4, 3_000


def collect_little() -> None:
    """For a process that serves."""
    gc.set_threshold(*THRESHOLDS)
