"""Where the minutes of a long run went: by folder of tests, the longest modules, and when each worker ended.

What a worker waited counts too, so the minutes of all add up to those of the run times the workers.
"""

import time
from collections import defaultdict

import pytest

LONG_S = 60
SHOWN = 12


class Took:
    """Adds up what reports say; of several workers, in the process that hears of all."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._modules: dict[str, float] = defaultdict(float)
        self._ended: dict[str, float] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._modules[report.nodeid.partition("::")[0]] += report.duration
        self._ended[getattr(report, "worker_id", "")] = time.monotonic() - self._begun

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if time.monotonic() - self._begun < LONG_S:
            return
        folders: dict[str, float] = defaultdict(float)
        for module, took_s in self._modules.items():
            folders["/".join(module.split("/")[:2])] += took_s
        say = terminalreporter.write_line
        terminalreporter.section("where the time went", "-")
        for times in (folders, self._modules):
            for name, took_s in sorted(times.items(), key=lambda each: -each[1])[:SHOWN]:
                say(f"{took_s:6.0f} s  {name}")
        if len(self._ended) > 1:
            ends = ", ".join(f"{at_s:.0f} s" for at_s in sorted(self._ended.values()))
            say(f"The last test of each worker ended after {ends}.")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Took())
