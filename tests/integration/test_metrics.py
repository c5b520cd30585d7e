"""The page of metrics is what a node tells."""

import re

import aiohttp

from tests.deploy.files import ROOT

_PREFACE = """# Metrics

What a node of `python -m realtime` tells at `/metrics`, or on a port of its own where `METRICS_PORT` is
set. `python -m rest` and a worker tell those of requests, jobs, stores, time and the process; a process that
matches tells those of a node, and by `realtime_matchmaker_on_duty` whether it is the one that works. Labels
have few values: no id and no address is among them, and no word that a stranger makes up. A test compares
this page with a node.

| metric | kind | meaning |
|---|---|---|
"""


async def test_the_page_of_metrics_is_what_a_node_tells(address: str) -> None:
    async with aiohttp.ClientSession() as web, web.get(f"{address}/metrics") as answer:
        told = await answer.text()
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", told, re.MULTILINE))
    means = dict(re.findall(r"^# HELP (\S+) (.+)$", told, re.MULTILINE))
    rows = [
        f"| `{name}` | {kinds[name]} | {means[name]} |" for name in means if not name.endswith("_created")
    ]
    page = _PREFACE + "\n".join(sorted(rows)) + "\n"
    assert page == (ROOT / "docs" / "metrics.md").read_text(), f"This is what it has to be:\n{page}"
