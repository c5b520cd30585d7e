"""PostgreSQL and Redis that go away, come back without their data, stand still, or are replaced."""

import asyncio
import signal

from tests.chaos.faults.fault import Fault
from tests.chaos.scene import Scene
from tests.machines.postgres_server import PostgresServer
from tests.machines.redis_cluster import RedisCluster
from tests.machines.redis_server import RedisServer

REDIS_STILL_S, POSTGRES_STILL_S = 33.0, 15.0


def _redis(scene: Scene) -> RedisServer:
    assert scene.stores.redis is not None
    return scene.stores.redis


def _postgres(scene: Scene) -> PostgresServer:
    assert scene.stores.postgres is not None
    return scene.stores.postgres


def _cluster(scene: Scene) -> RedisCluster:
    assert scene.stores.cluster is not None
    return scene.stores.cluster


async def redis_restart(scene: Scene) -> None:
    await _redis(scene).restart(how=signal.SIGKILL)


async def redis_empty(scene: Scene) -> None:
    await _redis(scene).restart(with_data=False)


async def redis_freeze(scene: Scene) -> None:
    with _redis(scene).frozen():
        await asyncio.sleep(REDIS_STILL_S)


async def redis_master(scene: Scene) -> None:
    """One that has slots dies; its replica takes over by itself, and it comes back as a replica."""
    cluster = _cluster(scene)
    masters = await cluster.masters()
    number = scene.chance.choice(masters)
    await cluster.kill(number)
    scene.over()
    others = [server for server in range(len(cluster.servers)) if server != number]
    while len([1 for other in others if await _is_master(cluster, other)]) < len(masters):
        await asyncio.sleep(0.1)
    await asyncio.sleep(scene.pace.restart_s)
    await cluster.start(number)


async def _is_master(cluster: RedisCluster, number: int) -> bool:
    about = await cluster.tell(number, "INFO", "replication")
    return bool(about["role"] == "master")


async def postgres_restart(scene: Scene) -> None:
    await _postgres(scene).restart()


async def postgres_freeze(scene: Scene) -> None:
    with _postgres(scene).frozen():
        await asyncio.sleep(POSTGRES_STILL_S)


async def postgres_promoted(scene: Scene) -> None:
    """The primary is gone for good, and the standby, which has all that was acknowledged, is told to lead."""
    assert scene.stores.standby is not None
    await _postgres(scene).kill()
    await scene.stores.standby.promote()


FAULTS = (
    Fault("redis-restart", "kill -9 Redis, started again with its data", redis_restart),
    Fault(
        "redis-empty",
        "Redis restarted without its data",
        redis_empty,
        holds="no message is lost; every call is told to have ended, none survives",
        told=True,
    ),
    Fault("redis-freeze", "Redis stands still for 33 s", redis_freeze),
    Fault("postgres-restart", "PostgreSQL restarted", postgres_restart),
    Fault("postgres-freeze", "PostgreSQL stands still for 15 s", postgres_freeze),
    Fault(
        "redis-master",
        "kill -9 one of three masters of a Redis Cluster; its replica takes over",
        redis_master,
        stores="replicated",
    ),
    Fault(
        "postgres-promoted",
        "kill -9 PostgreSQL's primary; its synchronous standby is promoted",
        postgres_promoted,
        stores="replicated",
    ),
)
