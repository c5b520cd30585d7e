"""An OpenID provider of one test, on this machine: it publishes its keys over HTTP and gives ID tokens."""

import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import escape
from typing import Any
from urllib.parse import urlencode

import aiohttp
import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from core.clock import Clock
from core.ids import new_id

CLIENT = "realtime-connect.apps.example"


class Key:
    """A key that it signs with."""

    def __init__(self, algorithm: str = "RS256", bits: int = 2048) -> None:
        self.kid, self.algorithm = new_id(), algorithm
        self.private: Any
        if algorithm == "RS256":
            self.private = rsa.generate_private_key(public_exponent=65537, key_size=bits)
            public = RSAAlgorithm.to_jwk(self.private.public_key())
        else:
            self.private = ec.generate_private_key(ec.SECP256R1())
            public = ECAlgorithm.to_jwk(self.private.public_key())
        self.public = {**json.loads(public), "kid": self.kid, "alg": algorithm, "use": "sig"}


class Provider:
    """What it publishes, how often it was asked, and people who sign in there."""

    def __init__(self, clock: Clock, keys: list[Key] | None = None) -> None:
        self.clock, self.issuer, self.keys = clock, "", keys or [Key()]
        self.asked: list[str] = []
        self.out_of_order = False
        self.max_age_s: int | None = 3600
        self._codes: dict[str, dict[str, Any]] = {}
        self._known: set[str] = set()
        # Who sits at the browser that comes here; None: somebody who does not want to sign in.
        self.visitor: dict[str, Any] | None = None

    def rotate(self) -> Key:
        """Sign with another key from now on, and publish that alone."""
        self.keys = [Key()]
        return self.keys[0]

    async def sign_in(self, subject: str, *, nonce: str | None = None, **claims: Any) -> str:
        """Somebody signs in there and the app trades the code that it gets: an ID token."""
        code = secrets.token_urlsafe()
        self._codes[code] = {"sub": subject, **({"nonce": nonce} if nonce else {}), **claims}
        form = {"grant_type": "authorization_code", "code": code, "client_id": CLIENT}
        async with (
            aiohttp.ClientSession() as client,
            client.post(f"{self.issuer}/token", data=form) as response,
        ):
            token: str = (await response.json())["id_token"]
            return token

    def signed(self, key: Key | None = None, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """An ID token that says this, and for the rest what a good one says; None leaves a claim out."""
        now, key = self.clock() // 1000, key or self.keys[-1]
        said = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 3600, "sub": new_id(), **claims}
        said = {name: value for name, value in said.items() if value is not None}
        headers = {"kid": key.kid, **(header or {})}
        return jwt.encode(said, key.private, key.algorithm, headers=headers)

    async def _about(self, request: web.Request) -> web.Response:
        self._note(request)
        return web.json_response(
            {
                "issuer": self.issuer,
                "jwks_uri": f"{self.issuer}/keys",
                "token_endpoint": f"{self.issuer}/token",
                "id_token_signing_alg_values_supported": ["RS256"],
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
            }
        )

    async def _published(self, request: web.Request) -> web.Response:
        self._note(request)
        headers = {} if self.max_age_s is None else {"Cache-Control": f"public, max-age={self.max_age_s}"}
        return web.json_response({"keys": [key.public for key in self.keys]}, headers=headers)

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        claims = self._codes.pop(str(form["code"]))
        token = self.signed(**{"aud": form["client_id"], **claims})
        return web.json_response({"id_token": token, "token_type": "Bearer", "expires_in": 3600})

    async def _begin(self, request: web.Request) -> web.Response:
        """The browser of somebody who is signed in here, which is sent back at once."""
        asked = request.query
        assert asked["response_mode"] == "fragment"
        said = {"state": asked["state"], "error": "access_denied"}
        if self.visitor is not None:
            token = self.signed(aud=asked["client_id"], nonce=asked["nonce"], **self.visitor)
            said = {"state": asked["state"], "id_token": token}
        raise web.HTTPFound(f"{asked['redirect_uri']}#{urlencode(said)}")

    async def _by_form(self, request: web.Request) -> web.Response:
        """Apple's way: who asks for name or address is told by a form. The name comes once, unsigned."""
        asked, who = request.query, dict(self.visitor or {})
        assert set(asked["response_type"].split()) == {"code", "id_token"}
        assert asked["response_mode"] == ("form_post" if asked.get("scope") else "fragment")
        said = {"state": asked["state"], "error": "user_cancelled_authorize"}
        if who:
            name = who.pop("name", None)
            code, now = secrets.token_urlsafe(), self.clock() // 1000
            about: dict[str, Any] = {"nonce": asked["nonce"], "nonce_supported": True, "auth_time": now}
            token = self.signed(aud=asked["client_id"], **about, **who)
            said = {"state": asked["state"], "code": code, "id_token": token}
            if name and who["sub"] not in self._known:
                said["user"] = json.dumps({"name": name, "email": who.get("email")})
            self._known.add(who["sub"])
        fields = "".join(f'<input type=hidden name="{k}" value="{escape(v)}">' for k, v in said.items())
        page = f"<form method=post action={asked['redirect_uri']}>{fields}</form>"
        script = "<script>document.forms[0].submit()</script>"
        return web.Response(text=page + script, content_type="text/html")

    def _note(self, request: web.Request) -> None:
        self.asked.append(request.path)
        if self.out_of_order:
            raise web.HTTPServiceUnavailable

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """On a free port of this machine."""
        app = web.Application()
        app.router.add_get("/.well-known/openid-configuration", self._about)
        app.router.add_get("/keys", self._published)
        app.router.add_post("/token", self._token)
        app.router.add_get("/o/oauth2/v2/auth", self._begin)
        app.router.add_get("/auth/authorize", self._by_form)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            port = runner.addresses[0][1]
            self.issuer = f"http://127.0.0.1:{port}"
            yield
        finally:
            await runner.cleanup()
