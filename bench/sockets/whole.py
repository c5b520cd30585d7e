"""An echo through the whole product beside one of bare Node: what decoding, order and limits cost on top."""

import argparse
import asyncio
import json
import statistics
import sys
from typing import Any

from bench.sockets import scenarios
from bench.sockets.product import ACCOUNTS
from bench.sockets.target import PROJECT, SERVER_CORE, Target
from bench.sockets.wire import RawPeer, connect


async def start(connections: int, noise: float) -> tuple[Target, list[str]]:
    """The product, pinned as the other servers are, and the tokens of its accounts."""
    process = await asyncio.create_subprocess_exec(
        "taskset", "-c", str(SERVER_CORE), sys.executable, "-m", "bench.sockets.product", str(connections),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=PROJECT,
    )  # fmt: skip
    assert process.stdout is not None
    said: dict[str, Any] = json.loads(await process.stdout.readline())
    return Target("product", said["port"], process, noise), said["tokens"]


async def echo(flavour: str, options: argparse.Namespace) -> float | None:
    """CPU in µs of one echo; None when the machine was never quiet."""
    if flavour == "product":
        target, tokens = await start(options.connections, options.noise)
        peers: list[RawPeer] = []
        for token in tokens:
            peers += await connect(target.port, options.connections // ACCOUNTS, json.dumps({"token": token}))
    else:
        target = await Target.start(flavour, options.noise)
        peers = await connect(target.port, options.connections)
    try:
        for _ in range(4):
            try:
                return await scenarios.echo(target, peers, options.seconds)
            except scenarios.NoisyWindowError as noise:
                print(f"    noisy: {noise}", file=sys.stderr)
        return None
    finally:
        await target.stop()


async def run(options: argparse.Namespace) -> str:
    """A table of two rows."""
    figures: dict[str, list[float | None]] = {"node": [], "product": []}
    for number in range(options.rounds):
        for flavour, found in figures.items():
            print(f"whole server, round {number + 1}/{options.rounds}: {flavour}", file=sys.stderr)
            found.append(await echo(flavour, options))
    pairs = [(n, p) for n, p in zip(figures["node"], figures["product"], strict=True) if n and p]
    if not pairs:
        return "No quiet window for the whole server."
    ratios = [product / node for node, product in pairs]
    return (
        "| echo through the whole product | bare Node | ratio |\n|---|---|---|\n"
        f"| {statistics.median(p for _, p in pairs):.2f} | {statistics.median(n for n, _ in pairs):.2f} "
        f"| {statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f}) |"
    )
