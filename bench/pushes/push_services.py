"""`python -m bench.pushes.push_services`: a push service for browsers, and one for phones.

They take everything, and are those of the tests. Prints its address; then, for each line that it is sent,
how much it was asked.
"""

import asyncio
import sys

from tests.rest.test_outside_push import Service, serving


async def run() -> None:
    """Serve until the standard input ends."""
    service = Service(200, {"name": "projects/a-project/messages/1"})
    async with serving(service) as address:
        print(address, flush=True)
        while await asyncio.to_thread(sys.stdin.readline):
            print(sum(path != "/token" for path, *_ in service.asked), flush=True)
            service.asked.clear()


if __name__ == "__main__":
    asyncio.run(run())
