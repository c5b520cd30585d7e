"""Reads the settings from the environment and a `.env` file, and reports all mistakes at once."""

import re
from collections.abc import Collection, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any, get_type_hints
from urllib.parse import urlsplit

import msgspec
from dotenv import dotenv_values

from core.job_settings import OUTBOX
from core.keys import data_keys
from core.map_tiles import MapTiles
from core.proxies import networks
from core.server_settings import (
    DEFAULT_SECRET,
    KILLED_S,
    LEAST_PRODUCTION_SECRET,
    LEAST_SECRET,
    MOST_DRAIN_S,
)
from core.settings import MOST_COOL_DOWNS, Settings
from core.tried_settings import tried
from core.turn_servers import turn_regions

# Other defaults in development: somebody who tries the product out meets the same few people all the time,
# and has neither an authenticator app at hand nor a server of mail.
IN_DEVELOPMENT: Mapping[str, float | str] = {
    "rematch_h": 0.001,
    "staff_totp": "when_on",
    "mail": OUTBOX,
    "sms": OUTBOX,
}
# What is not repeated where it is wrong: there may be a password in it.
_UNSAID = re.compile("secret|data_keys|url|token|^mail$|^sms$|^push_web_key$|^push_apns$")
_APPLE_ID = re.compile(r"[A-Z0-9]{10}")
_PUSH_KEY = re.compile(r"[A-Za-z0-9_-]{43}=?")  # 32 bytes
# What `docker-compose.yml` reads from the same `.env` for the programs beside the server.
OF_COMPOSE = frozenset(
    {
        "POSTGRES_PASSWORD",
        "REDIS_PASSWORD",
        "GRAFANA_PASSWORD",
        "TURN_EXTERNAL_IP",
        "TLS_PORT",
    }
)

_WEIGHTS: Mapping[str, float] = {
    field.name: field.default
    for field in msgspec.structs.fields(Settings)
    if field.name.startswith("match_weight_")
}
_SCHEMES = {
    "database_url": ("postgresql://", "postgres://"),
    "database_direct_url": ("postgresql://", "postgres://"),
    "database_replica_url": ("postgresql://", "postgres://"),
    "redis_url": ("redis://", "rediss://", "unix://"),
    "media_store": ("file:///", "s3://"),
    "scan_url": ("http://", "https://"),
    "mail": ("smtp://", "smtps://", OUTBOX),
    "sms": ("http://", "https://", OUTBOX),
    "public_url": ("http://", "https://"),
    "probe_server": ("http://", "https://"),
    "push_apns_server": ("https://",),
}
# One of these has to be there for a bucket: keys, or where a cluster or a container has them lie.
_BUCKET_KEYS = (
    ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    ("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN"),
    ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",),
    ("AWS_CONTAINER_CREDENTIALS_FULL_URI",),
)


class SettingsError(Exception):
    """All mistakes in the settings, one a line."""


def _parse(raw: str, kind: Any) -> Any:
    """The value in the field's type; in an environment everything is text."""
    try:
        return msgspec.convert(raw, kind, strict=False)
    except msgspec.ValidationError as mistake:
        plain = str(mistake).replace("Expected `int`, got `str`", "expected a whole number")
        plain = plain.replace("Expected `float`, got `str`", "expected a number")
        raise ValueError(plain.replace("`", "")) from None


def load(environ: Mapping[str, str], dotenv: Path | None = None) -> Settings:
    """Settings from the `.env` file and the environment, which overrules it.

    Raises `SettingsError` with every mistake, so that one start shows them all.
    """
    written = {k: v for k, v in dotenv_values(dotenv).items() if v is not None} if dotenv else {}
    known = get_type_hints(Settings, include_extras=True)
    found = {k.lower(): v for k, v in {**written, **environ}.items() if k.lower() in known and k.isupper()}
    values: dict[str, Any] = {}
    strangers = [k for k in written if k.lower() not in known and k not in OF_COMPOSE]
    mistakes = [f"{k}: there is no such setting (.env)" for k in strangers]
    for name, raw in found.items():
        try:
            values[name] = _parse(raw, known[name])
        except ValueError as mistake:
            shown = "" if _UNSAID.search(name) else f"={raw!r}"
            mistakes.append(f"{name.upper()}{shown}: {mistake}")
    if values.get("environment", Settings().environment) == "development":
        values = {**IN_DEVELOPMENT, **values}
    mistakes += _contradictions(values) + _wrong_bucket(values, environ)
    if mistakes:
        raise SettingsError("\n".join(mistakes))
    return Settings(**values)


def remarks(settings: Settings) -> list[str]:
    """What an operator should be told at each start."""
    said = []
    if settings.environment == "production" and settings.staff_totp != "required":
        said.append("STAFF_TOTP=when_on: moderators and admins may do without a second factor.")
    if settings.environment == "production" and not settings.data_keys:
        said.append(
            "DATA_KEYS is not set: email addresses, words in reports and appeals, and moderators' notes are"
            " stored in clear."
        )
    if not settings.mail:
        said.append("MAIL is not set: nobody can verify an email address, nor set a new password without it.")
    elif settings.environment == "production" and not settings.public_url:
        said.append("PUBLIC_URL is not set: links in mail lead to localhost.")
    if not settings.sms:
        said.append("SMS is not set: nobody can sign in by phone.")
    return said


def _is_loopback(host: str) -> bool:
    """Whether only this machine can connect to this host."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _unsafe(values: dict[str, Any]) -> list[str]:
    """Mistakes that would make the server unsafe where others can reach it."""
    secret, previous = values.get("secret", DEFAULT_SECRET), values.get("secret_previous")
    wrong = []
    if values.get("environment") == "production":
        if secret == DEFAULT_SECRET or len(secret.strip()) < LEAST_PRODUCTION_SECRET:
            wrong.append(f"SECRET: set one of at least {LEAST_PRODUCTION_SECRET} characters in production")
        if values.get("rate_limits") == "off":
            wrong.append("RATE_LIMITS: off is for tests, not for production")
        wrong += [
            f"{name.upper()}: {OUTBOX} shows what is sent to others, and is not for production"
            for name in ("mail", "sms")
            if values.get(name) == OUTBOX
        ]
    elif secret == DEFAULT_SECRET and not _is_loopback(values.get("host", Settings().host)):
        wrong.append(
            "SECRET: set one of your own where others can reach the server (HOST): "
            "with the default one anybody can sign in as anybody"
        )
    elif len(secret.strip()) < LEAST_SECRET:
        wrong.append(f"SECRET: has to have at least {LEAST_SECRET} characters; spaces around it do not count")
    if previous and len(previous.strip()) < LEAST_SECRET:
        wrong.append(f"SECRET_PREVIOUS: has to have at least {LEAST_SECRET} characters, as SECRET")
    if previous == DEFAULT_SECRET:
        wrong.append("SECRET_PREVIOUS: what everybody knows must not count any longer")
    wrong += _wrong_push(values)
    wrong += _wrong_probe_secret(values, {secret, previous, values.get("turn_secret")})
    return wrong + _wrong_data_keys(values.get("data_keys", ""), {secret, previous})


def _wrong_push(values: dict[str, Any]) -> list[str]:
    key, contact, wrong = values.get("push_web_key", ""), values.get("push_contact", ""), []
    if key and not _PUSH_KEY.fullmatch(key):
        wrong.append("PUSH_WEB_KEY: has to be as `python -m realtime push-key` prints it")
    if key and not contact.startswith(("mailto:", "https://")):
        wrong.append("PUSH_CONTACT: needed with PUSH_WEB_KEY, as mailto:you@example.org or https://…")
    if values.get("push_apns"):
        wrong += [
            f"{name.upper()}: needed with PUSH_APNS, ten capital letters and digits"
            for name in ("push_apns_key_id", "push_apns_team_id")
            if not _APPLE_ID.fullmatch(values.get(name, ""))
        ]
        if not values.get("push_apns_topic"):
            wrong.append("PUSH_APNS_TOPIC: needed with PUSH_APNS: the bundle's id of the app")
    return wrong


def _wrong_probe_secret(values: dict[str, Any], secrets: Collection[str | None]) -> list[str]:
    given = values.get("probe_secret", "")
    least = LEAST_PRODUCTION_SECRET if values.get("environment") == "production" else LEAST_SECRET
    if values.get("probe_every_s") and not given:
        return ["PROBE_SECRET: needed with PROBE_EVERY_S"]
    if given and len(given.strip()) < least:
        return [f"PROBE_SECRET: has to have at least {least} characters; spaces around it do not count"]
    if given and (given in {*secrets, DEFAULT_SECRET} or given in values.get("data_keys", "")):
        return ["PROBE_SECRET: take one that is nothing else's: whoever runs probes needs no other secret"]
    return []


def _wrong_data_keys(text: str, secrets: Collection[str | None]) -> list[str]:
    try:
        keys = data_keys(text)
    except ValueError as mistake:
        return [f"DATA_KEYS: {mistake}"]
    if any(key.text in secrets for key in keys):
        return ["DATA_KEYS: take other ones than SECRET, which may be changed at any time"]
    return []


def _contradictions(values: dict[str, Any]) -> list[str]:
    """Mistakes that only show when several settings are looked at together."""
    wrong = _unsafe(values) + _wrong_stores(values)
    usual = Settings()
    wrong += _wrong_relays(values, usual)
    notice_s, drain_s, upload_s = (
        values.get(name, getattr(usual, name)) for name in ("drain_notice_s", "drain_s", "upload_answer_s")
    )
    if notice_s + drain_s > MOST_DRAIN_S:
        wrong.append(f"DRAIN_NOTICE_S, DRAIN_S: together at most {MOST_DRAIN_S}, as a node ends within 30 s")
    if notice_s + drain_s + upload_s > KILLED_S:
        most = f"together at most {KILLED_S}"
        wrong.append(
            f"DRAIN_NOTICE_S, DRAIN_S, UPLOAD_ANSWER_S: {most}, as a process ends within {KILLED_S} s"
        )
    if values.get("call_silence_s", usual.call_silence_s) <= values.get("call_ping_s", usual.call_ping_s):
        wrong.append("CALL_SILENCE_S: has to be longer than CALL_PING_S")
    if not any(values.get(name, default) for name, default in _WEIGHTS.items()):
        wrong.append(f"{', '.join(map(str.upper, _WEIGHTS))}: at least one has to be above 0")
    for proxy in filter(None, map(str.strip, values.get("trusted_proxies", "").split(","))):
        try:
            networks(proxy)
        except ValueError:
            wrong.append(f"TRUSTED_PROXIES: {proxy!r} is neither an address nor a CIDR range")
    try:
        MapTiles.of(values.get("map_tiles", ""), "")
    except ValueError as mistake:
        how = "https://tiles.example.org/{z}/{x}/{y}.png"
        wrong.append(f"MAP_TILES: {str(mistake)!r} is no address of tiles such as {how}")
    return wrong + _wrong_cool_downs(values) + _wrong_shadow(values)


def _wrong_shadow(values: dict[str, Any]) -> list[str]:
    try:
        tried(Settings(match_shadow=values.get("match_shadow", "")))
    except ValueError as mistake:
        return [f"MATCH_SHADOW: {mistake}"]
    return []


def _wrong_relays(values: dict[str, Any], usual: Settings) -> list[str]:
    wrong = []
    if values.get("turn_urls") and not values.get("turn_secret", "").strip():
        wrong.append("TURN_SECRET: needed with TURN_URLS")
    try:
        regions = turn_regions(values.get("turn_urls", ""))
    except ValueError as mistake:
        how = "turn:host:3478?transport=udp, with a region and = before it where it is for that one alone"
        return [*wrong, f"TURN_URLS: {str(mistake)!r} is no TURN server such as {how}"]
    if values.get("ice_transport_policy") == "relay" and not regions:
        wrong.append("ICE_TRANSPORT_POLICY: relay needs TURN_URLS")
    elif values.get("ice_transport_policy") == "relay" and not regions & {
        "",
        values.get("region", usual.region),
    }:
        wrong.append("ICE_TRANSPORT_POLICY: relay needs TURN_URLS for REGION too")
    return wrong


def _wrong_stores(values: dict[str, Any]) -> list[str]:
    """Where the servers are, and how they are talked to."""
    wrong = [
        f"{name.upper()}: has to begin with {' or '.join(schemes)}"
        for name, schemes in _SCHEMES.items()
        if values.get(name) and not values[name].startswith(schemes)
    ]
    wrong += [
        f"{name.upper()}: cannot be read: behind a host and `:` has to be a port. Write what is special in a"
        " password, such as / # ? @ or a space, as %2F and so on"
        for name in _SCHEMES
        if not _has_ports(values.get(name, ""))
    ]
    if values.get("database_prepared") == "off" and not values.get("database_direct_url"):
        wrong.append("DATABASE_DIRECT_URL: needed with DATABASE_PREPARED=off, for migrations")
    if values.get("redis_ca") and not values.get("redis_url", "").startswith("rediss://"):
        wrong.append("REDIS_CA: is for a REDIS_URL that begins with rediss://")
    return wrong


def _wrong_bucket(values: dict[str, Any], environ: Mapping[str, str]) -> list[str]:
    """Whether there are keys: a bucket that lets us not in is noticed with the first picture."""
    if not values.get("media_store", "").startswith("s3://"):
        return []
    if any(all(environ.get(name, "").strip() for name in names) for names in _BUCKET_KEYS):
        return []
    return ["MEDIA_STORE: s3:// needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment"]


def _has_ports(url: str) -> bool:
    """Whether what looks like a port is one, at each of its hosts."""
    try:
        parts = urlsplit(url)
        hosts = parts.netloc.rpartition("@")[2].split(",")
        return all(urlsplit(f"//{host}").port != 0 for host in hosts)
    except ValueError:
        return False


def _wrong_cool_downs(values: dict[str, Any]) -> list[str]:
    usual = Settings()
    text = values.get("cool_downs_s", usual.cool_downs_s)
    window = values.get("cool_down_window_s", usual.cool_down_window_s)
    steps = [int(step) for step in map(str.strip, text.split(",")) if step.isascii() and step.isdigit()]
    if not 1 <= len(steps) <= MOST_COOL_DOWNS or len(steps) <= text.count(","):
        most = f"one to {MOST_COOL_DOWNS} whole numbers of seconds, separated by commas"
        return [f"COOL_DOWNS_S={text!r}: has to be {most}, such as 0,30,300"]
    if steps != sorted(steps):
        return [f"COOL_DOWNS_S={text!r}: none may be shorter than the one before"]
    if steps[-1] > window:
        return [f"COOL_DOWNS_S={text!r}: none may be longer than COOL_DOWN_WINDOW_S, which is {window}"]
    return []
