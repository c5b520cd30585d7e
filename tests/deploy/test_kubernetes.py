"""The manifests: what their published schemas say, and that they fit together and the server."""

from collections.abc import Iterator
from typing import Any

import kubernetes_validate
import pytest
import yaml

from core.ending import MOST_S
from core.environment import load
from tests.deploy.files import ROOT, SETTINGS

FOLDER = ROOT / "deploy" / "kubernetes"
VERSION = "1.33"
# What the secret is made with, as docs/operations.md has it.
SECRET = {
    "SECRET": "x" * 32,
    "TURN_SECRET": "y" * 32,
    "AWS_ACCESS_KEY_ID": "of-the-bucket",
    "AWS_SECRET_ACCESS_KEY": "z" * 32,
    "DATABASE_URL": "postgresql://db/x",
    "REDIS_URL": "rediss://redis",
}
PROGRAMS = ["realtime", "rest"]


def manifests() -> Iterator[dict[str, Any]]:
    listed = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())["resources"]
    assert sorted([*listed, "kustomization.yaml"]) == sorted(path.name for path in FOLDER.iterdir())
    for name in listed:
        yield from yaml.safe_load_all((FOLDER / name).read_text())


def named(kind: str, name: str) -> Any:
    [found] = [one for one in manifests() if (one["kind"], one["metadata"]["name"]) == (kind, name)]
    return found


def test_each_manifest_is_what_its_schema_asks_for() -> None:
    for manifest in manifests():
        kubernetes_validate.validate(manifest, VERSION, strict=True)
    broken = named("Deployment", "rest")
    broken["spec"]["replica"] = 2
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, VERSION, strict=True)


def test_what_they_set_is_enough_for_the_server() -> None:
    given = named("ConfigMap", "realtime")["data"]
    assert given.keys() <= SETTINGS
    assert load({"HOST": "0.0.0.0", **given, **SECRET}).environment == "production"
    page = (ROOT / "docs" / "operations.md").read_text()
    assert all(f"--from-literal={name}=" in page for name in SECRET)


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_pod_drains_and_may_do_nothing_else(program: str) -> None:
    """It has the time that it needs, and whatever selects it selects its labels."""
    deployment = named("Deployment", program)
    pod = deployment["spec"]["template"]["spec"]
    [container] = pod["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"http": 8080, "metrics": 9100}
    assert container["args"] == [program]
    slept = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
    assert slept + MOST_S < pod["terminationGracePeriodSeconds"]
    probe = container["readinessProbe"]
    assert slept > probe["periodSeconds"] * probe["failureThreshold"], "others are told of it meanwhile"
    assert named("ConfigMap", "realtime")["data"]["DRAIN_NOTICE_S"] == "0", "preStop has waited"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert pod["securityContext"]["runAsNonRoot"]
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    for kind in ("Service", "PodDisruptionBudget"):
        selector = named(kind, program)["spec"]["selector"]
        assert selector.get("matchLabels", selector) == labels


def test_it_scales_by_a_metric_that_exists_and_only_pods_of_ours_are_closed_in() -> None:
    scaler = named("HorizontalPodAutoscaler", "realtime")["spec"]
    assert scaler["scaleTargetRef"]["name"] == "realtime"
    by = scaler["metrics"][0]["pods"]["metric"]["name"]
    assert f"| `{by}` |" in (ROOT / "docs" / "metrics.md").read_text()
    policy = named("NetworkPolicy", "servers")["spec"]
    assert policy["podSelector"]["matchExpressions"][0]["values"] == [*PROGRAMS, "matchmaker"]


def test_a_process_that_matches_is_there_to_be_taken() -> None:
    """Nobody has to have it: nodes match until they are told that it does."""
    deployment = named("Deployment", "matchmaker")
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    assert (deployment["spec"]["replicas"], container["args"]) == (0, ["realtime", "matchmaker"])
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert named("ConfigMap", "realtime")["data"].get("MATCHMAKER", "here") == "here"
