"""Alerts and dashboards: what they ask for exists, and each alert says what to do."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import yaml

from tests.deploy.files import ROOT, compose
from tests.programs import missing

DEPLOY = ROOT / "deploy"
# Of Prometheus itself, and of HAProxy: `tests/scenarios/test_balancer.py` waits for that one.
OF_OTHERS = {"up", "haproxy_backend_active_servers"}
_WORDS = {"sum", "rate", "increase", "max", "min", "abs", "by", "histogram_quantile", "topk", "and"}


def rules() -> list[dict[str, Any]]:
    read = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())
    return [rule for group in read["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    read = msgspec.json.decode((DEPLOY / "grafana" / "dashboards" / "realtime.json").read_bytes())
    return list(read["panels"])


def asked(query: str) -> set[str]:
    """The metrics of a query: words that are no function, no label and no text."""
    bare = re.sub(r"\{[^}]*\}|\[[^]]*\]|by \([^)]*\)", "", query)
    return set(re.findall(r"(?<!\w)[a-z_]\w*", bare)) - _WORDS


def test_each_metric_that_is_asked_for_exists() -> None:
    there = set(re.findall(r"^\| `(\w+)`", (ROOT / "docs" / "metrics.md").read_text(), re.MULTILINE))
    there |= {f"{name}{of}" for name in there for of in ("_bucket", "_count", "_sum")} | OF_OTHERS
    queries = [rule["expr"] for rule in rules()]
    queries += [target["expr"] for panel in panels() for target in panel["targets"]]
    assert asked("sum by (le) (rate(a_b_bucket{c=~'d'}[5m])) > 2") == {"a_b_bucket"}
    assert {name for query in queries for name in asked(query)} - there == set()
    assert len({panel["id"] for panel in panels()}) == len(panels())


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
    """And it can read each query of the dashboard."""
    program = shutil.which("promtool")
    if program is None:
        missing("promtool is not installed")
    queries = [target["expr"] for panel in panels() for target in panel["targets"]]
    records = [{"record": f"query:{n}", "expr": query} for n, query in enumerate(queries)]
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
