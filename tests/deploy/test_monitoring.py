"""Alerts and dashboards: what they ask for exists, and each alert says what to do."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import yaml

from tests.deploy.files import ROOT, compose
from tests.programs import missing

DEPLOY = ROOT / "deploy"
# Of Prometheus itself, and of HAProxy: `tests/scenarios/test_balancer.py` waits for that one.
OF_OTHERS = {"up", "haproxy_backend_active_servers", "realtime_matchmaker_on_duty"}
_FUNCTIONS = {"sum", "rate", "increase", "max", "min", "abs", "histogram_quantile", "topk", "time"}
_WORDS = {*_FUNCTIONS, "by", "and", "or"}


class Query(NamedTuple):
    """One of a dashboard, with what is said of its panel."""

    panel: str
    about: str
    text: str

    @property
    def metrics(self) -> Sequence[str]:
        """What it asks for."""
        return sorted(asked(self.text))


def rules() -> list[dict[str, Any]]:
    read = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())
    return [rule for group in read["groups"] for rule in group["rules"]]


def dashboards() -> list[dict[str, Any]]:
    files = sorted((DEPLOY / "grafana" / "dashboards").glob("*.json"))
    return [msgspec.json.decode(file.read_bytes()) for file in files]


def queries() -> list[Query]:
    """Of all dashboards."""
    return [
        Query(f"{dashboard['title']}, {panel['title']}", panel.get("description", ""), target["expr"])
        for dashboard in dashboards()
        for panel in dashboard["panels"]
        for target in panel["targets"]
    ]


def asked(query: str) -> set[str]:
    """The metrics of a query: words that are no function, no label and no text."""
    bare = re.sub(r"\{[^}]*\}|\[[^]]*\]|(?:by|on) \([^)]*\)", "", query)
    return set(re.findall(r"(?<!\w)[a-z_]\w*", bare)) - _WORDS


def test_each_metric_that_is_asked_for_exists() -> None:
    there = set(re.findall(r"^\| `(\w+)`", (ROOT / "docs" / "metrics.md").read_text(), re.MULTILINE))
    there |= {f"{name}{of}" for name in there for of in ("_bucket", "_count", "_sum")} | OF_OTHERS
    texts = [rule["expr"] for rule in rules()] + [query.text for query in queries()]
    assert asked("sum by (le) (rate(a_b_bucket{c=~'d'}[5m])) > 2") == {"a_b_bucket"}
    assert {name for text in texts for name in asked(text)} - there == set()


def test_each_metric_that_documents_name_exists() -> None:
    """What is beside dashboards and alerts: the guide, decisions, the README, and what scales by one."""
    page = (ROOT / "docs" / "metrics.md").read_text()
    there = set(re.findall(r"^\| `(\w+)`", page, re.MULTILINE))
    there |= {f"{name}{of}" for name in there for of in ("_bucket", "_count", "_sum")}
    named = re.compile(
        r"\b(?:realtime|process|haproxy|python)_\w+(?<!_)\b|\bdouble_match_total\b|\bclock_offset_seconds\b"
    )
    files = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(DEPLOY / "kubernetes").glob("*.yaml")]
    found = {name: file.name for file in files for name in named.findall(file.read_text())}
    assert "realtime_connections" in found
    assert {name: file for name, file in found.items() if name not in there | OF_OTHERS} == {}


def test_a_dashboard_is_found_by_its_own_name_and_so_is_each_panel() -> None:
    read = dashboards()
    assert len({dashboard["uid"] for dashboard in read}) == len({d["title"] for d in read}) == len(read) == 5
    for dashboard in read:
        panels = dashboard["panels"]
        assert len({panel["id"] for panel in panels}) == len({p["title"] for p in panels}) == len(panels)
        places = {tuple(sorted(panel["gridPos"].items())) for panel in panels}
        assert len(places) == len(panels), "one lies over another"


def test_each_alert_has_its_line_in_the_runbook() -> None:
    runbook = (ROOT / "docs" / "operations.md").read_text().partition("## Runbook")[2]
    assert re.findall(r"^\| ([A-Z]\w+) \|", runbook, re.MULTILINE) == [rule["alert"] for rule in rules()]
    assert all(rule["annotations"]["summary"] and rule["labels"]["severity"] for rule in rules())


def test_prometheus_asks_services_that_are_there() -> None:
    read = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    jobs = {job["job_name"]: job["static_configs"][0]["targets"] for job in read["scrape_configs"]}
    hosts = {target.partition(":")[0] for targets in jobs.values() for target in targets}
    assert hosts <= compose()["services"].keys()
    chosen = {job for rule in rules() for job in re.findall(r'job=~"([^"]+)"', rule["expr"])}
    assert {job for some in chosen for job in some.split("|")} <= jobs.keys()


def test_promtool_takes_the_files_and_alerts_fire_when_they_should(tmp_path: Path) -> None:
    """And it can read each query of the dashboards."""
    program = shutil.which("promtool")
    if program is None:
        missing("promtool is not installed")
    records = [{"record": f"query:{n}", "expr": query.text} for n, query in enumerate(queries())]
    (tmp_path / "queries.yml").write_text(yaml.safe_dump({"groups": [{"name": "all", "rules": records}]}))
    for what in (
        ("check", "config", "prometheus.yml"),
        ("check", "rules", str(tmp_path / "queries.yml")),
        ("test", "rules", "alerts_test.yml"),
    ):
        done = subprocess.run(
            [program, *what], cwd=DEPLOY / "prometheus", capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
