"""The real Prometheus, with the configuration that `docker-compose.yml` mounts: targets and times differ."""

import asyncio
import json
import math
import os
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import yaml

from tests.deploy.files import ROOT
from tests.machines.room import end, room, until
from tests.programs import missing

_DEPLOYED = ROOT / "deploy" / "prometheus"
EVERY = "1s"


def program() -> str:
    """Where it is; who asks for one that is not installed is skipped."""
    found = shutil.which("prometheus", path=f"{os.environ.get('PATH', '')}:/usr/bin")
    if found is None:
        missing("prometheus is not installed")
    return found


class Prometheus:
    """One that runs. It is asked over HTTP, as Grafana does."""

    def __init__(self, address: str, web: aiohttp.ClientSession) -> None:
        self._address, self._web = address, web

    async def get(self, path: str, **parameters: str) -> Any:
        """The `data` of an answer. Raises `AssertionError` with what is wrong with the question."""
        async with self._web.get(f"{self._address}/api/v1/{path}", params=parameters) as answer:
            said = json.loads(await answer.text())
        assert said["status"] == "success", f"{parameters}: {said}"
        return said["data"]

    async def ask(self, query: str) -> Sequence[float]:
        """A value of each series that the query gives now; what nobody can say (NaN) is none."""
        found = [float(series["value"][1]) for series in (await self.get("query", query=query))["result"]]
        return [value for value in found if not math.isnan(value)]

    async def scraped(self) -> Mapping[str, str]:
        """Each target that was asked, with what went wrong, if anything did."""
        targets = (await self.get("targets", state="active"))["activeTargets"]
        return {
            urlsplit(target["scrapeUrl"]).netloc: target["lastError"]
            for target in targets
            if target["health"] != "unknown"
        }


@asynccontextmanager
async def prometheus(web: aiohttp.ClientSession, **targets: Sequence[str]) -> AsyncIterator[Prometheus]:
    """By the file of the deployment, where each job has these targets. It ends with the block."""
    found = program()
    asked = yaml.safe_load(await asyncio.to_thread((_DEPLOYED / "prometheus.yml").read_text))
    jobs = {job["job_name"]: job for job in asked["scrape_configs"]}
    assert jobs.keys() == targets.keys(), "a job of the deployment is not asked"
    for name, job in jobs.items():
        job["static_configs"] = [{"targets": list(targets[name])}]
    asked["global"] |= {"scrape_interval": EVERY, "scrape_timeout": EVERY, "evaluation_interval": EVERY}
    async with room() as here:
        port = here.ports.take()
        folder = here.place("prometheus")
        configuration = here.folder / "prometheus.yml"
        configuration.write_text(yaml.safe_dump(asked))
        for rules in asked["rule_files"]:  # whoever it runs as may not be let into our folders
            (here.folder / rules).write_bytes((_DEPLOYED / rules).read_bytes())
        child = here.start(
            "prometheus-program",
            folder,
            found,
            f"--config.file={configuration}",
            f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{port}",
            "--log.level=warn",
        )
        try:
            running = Prometheus(f"http://127.0.0.1:{port}", web)
            await until(lambda: _ready(web, port), child)
            yield running
        finally:
            await end(child, here.watchdog)


async def _ready(web: aiohttp.ClientSession, port: int) -> bool:
    try:
        async with web.get(f"http://127.0.0.1:{port}/-/ready") as answer:
            return answer.status == 200
    except aiohttp.ClientConnectionError:
        return False
