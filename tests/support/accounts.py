"""People who log in: a file of users whose hashes cost little, and an issuer of tokens."""

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric import ec

from pyramid_uws.auth.tokens import Tokens
from pyramid_uws.auth.users import User, Users

from .http import Session

AUDIENCE = "https://uws.example"
PASSWORD = "correct-horse-of-{name}"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

#: Name -> groups.
PEOPLE = {"alice": [], "bob": [], "carol": ["readers"], "root": ["ops"]}


def password_of(name):
    return PASSWORD.format(name=name)


def write_users(var, people=PEOPLE):
    """Write a file of users whose passwords are quickly checked."""
    var.mkdir(mode=0o700, parents=True, exist_ok=True)
    users = [User(name, CHEAP.hash(password_of(name)), frozenset(groups)) for name, groups in people.items()]
    (var / "users").touch(mode=0o600)
    (var / "users").write_text("".join(f"{user.line()}\n" for user in users))


def make_token(var, name, **options):
    """Return a personal token, as `uws-admin token create` makes it."""
    return Tokens(var / "tokens", Users(var / "users")).create(name, **options)


def basic(name):
    """Return a session of somebody who says name and password each time."""
    session = Session()
    session.auth = (name, password_of(name))
    return session


def bearer(var, name):
    """Return the headers of somebody who comes by a personal token."""
    return {"Authorization": f"Bearer {make_token(var, name)[1]}"}


class Issuer:
    """An OpenID Connect provider, as far as services see one."""

    def __init__(self):
        self.asked = []
        self.keys = {}
        self.add_key("first")
        self.url = ""

    def add_key(self, key_id):
        self.keys[key_id] = ec.generate_private_key(ec.SECP256R1())

    def jwks(self):
        algorithm = jwt.algorithms.ECAlgorithm(jwt.algorithms.ECAlgorithm.SHA256)
        return {
            "keys": [
                json.loads(algorithm.to_jwk(key.public_key())) | {"kid": key_id, "alg": "ES256", "use": "sig"}
                for key_id, key in self.keys.items()
            ]
        }

    def token(self, key_id="first", *, algorithm="ES256", key=None, **claims):
        """Return a token; a claim of None is left out."""
        now = int(time.time())
        usual = {"iss": self.url, "aud": AUDIENCE, "sub": "dora", "iat": now, "exp": now + 600}
        claims = {name: value for name, value in (usual | claims).items() if value is not None}
        key = None if algorithm == "none" else key or self.keys[key_id]
        return jwt.encode(claims, key, algorithm, headers={"kid": key_id})

    def answer(self, path):
        self.asked.append(path)
        if path == "/.well-known/openid-configuration":
            return {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        return self.jwks() if path == "/keys" else None


@contextmanager
def serving(issuer):
    """Have the issuer answer at a loopback port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            content = json.dumps(issuer.answer(self.path)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        issuer.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield issuer
        finally:
            server.shutdown()
            thread.join()
