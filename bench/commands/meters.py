"""What processes have used: CPU by process group, and how often the stores were asked."""

import os
from collections.abc import Iterable
from pathlib import Path

import asyncpg
import psutil
from msgspec import Struct
from msgspec.structs import astuple
from redis.asyncio import Redis


def cpu_us(pid: int) -> float:
    """CPU time of all threads of a process that live; 0 when it has ended."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1000
    except (FileNotFoundError, ProcessLookupError):
        return 0.0


def machine_busy_us() -> float:
    """How long all cores of this machine have been busy."""
    fields = [int(part) for part in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
    idle = fields[3] + fields[4]
    return (sum(fields[:8]) - idle) * 1e6 / os.sysconf("SC_CLK_TCK")


class Used(Struct, frozen=True):
    """Microseconds of CPU: servers, Redis, PostgreSQL with all its backends, all others, this process."""

    server: float
    redis: float
    postgres: float
    others: float = 0.0
    load: float = 0.0

    @property
    def all(self) -> float:
        return self.server + self.redis + self.postgres

    def since(self, before: "Used") -> "Used":
        return Used(*(mine - theirs for mine, theirs in zip(astuple(self), astuple(before), strict=True)))

    def plus(self, other: "Used") -> "Used":
        return Used(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))

    def each(self, units: float) -> "Used":
        return Used(*(part / units for part in astuple(self)))


class Trips(Struct, frozen=True):
    """Times that Redis read from a socket, commands it ran (in scripts too), transactions of PostgreSQL."""

    reads: float
    commands: float
    transactions: float

    def since(self, before: "Trips") -> "Trips":
        return Trips(*(mine - theirs for mine, theirs in zip(astuple(self), astuple(before), strict=True)))

    def each(self, units: int) -> "Trips":
        return Trips(*(part / units for part in astuple(self)))


class Meters:
    """Reads the stores' processes and counters."""

    def __init__(self, redis: Redis, database: asyncpg.Connection, redis_pid: int, postmaster: int) -> None:
        self._redis, self._database = redis, database
        self._redis_pid, self._postmaster = redis_pid, psutil.Process(postmaster)
        self._backends: dict[int, float] = {}  # those that have ended too

    @classmethod
    async def of(cls, redis: Redis, database: asyncpg.Connection) -> "Meters":
        """For the servers behind these; the connection is to another database, so as not to be counted."""
        redis_pid = int((await redis.info("server"))["process_id"])
        backend = await database.fetchval("SELECT pg_backend_pid()")
        return cls(redis, database, redis_pid, psutil.Process(backend).ppid())

    def used(self, servers: Iterable[int]) -> Used:
        """So far, with these processes as the servers."""
        server = sum(map(cpu_us, servers))
        redis = cpu_us(self._redis_pid)
        for process in (self._postmaster, *self._postmaster.children()):
            self._backends[process.pid] = cpu_us(process.pid) or self._backends.get(process.pid, 0.0)
        postgres = sum(self._backends.values())
        load = cpu_us(os.getpid())
        others = machine_busy_us() - server - redis - postgres - load
        return Used(server, redis, postgres, others, load)

    async def trips(self) -> Trips:
        """So far, as far as PostgreSQL tells."""
        stats = await self._redis.info("stats")
        transactions = await self._database.fetchval(
            "SELECT sum(xact_commit + xact_rollback)::int FROM pg_stat_database"
            " WHERE datname <> current_database()"
        )
        return Trips(stats["total_reads_processed"], stats["total_commands_processed"], transactions)
