"""Users and their tokens: files beside the database, changed whether a server runs or not."""

import argparse
import getpass
import sys
from typing import Any, NamedTuple

from pyramid_uws.auth.keys import AuthSettings
from pyramid_uws.auth.tokens import Token, Tokens
from pyramid_uws.auth.users import Users
from pyramid_uws.exceptions import UWSError
from pyramid_uws.execution.recording import open_audit
from pyramid_uws.settings import Settings
from pyramid_uws.uws.limits import SECOND

from .acting import check_owner
from .text import instant, table


class Told(NamedTuple):
    """What a command has to say: as lines, and as JSON."""

    lines: list[str]
    value: Any


def change_users(options: argparse.Namespace, settings: Settings, auth: AuthSettings) -> Told:
    """Do what the verb says; whose user is removed has no tokens any more, either."""
    users, name = Users(auth.users), options.subject
    if options.verb == "list":
        found = sorted(users.all().values(), key=lambda user: user.name)
        rows = [{"name": user.name, "groups": sorted(user.groups)} for user in found]
        lines = list(table(("user", "groups"), [(user.name, " ".join(sorted(user.groups))) for user in found]))
        return Told(lines if rows else ["no users"], rows)
    check_owner(settings.var)
    audit = open_audit(settings)
    if options.verb == "add":
        users.add(name, _ask_password(), options.group)
        audit.note("user_added", user=name, groups=options.group)
        return Told([f"{name} is added"], {"added": name})
    if options.verb == "passwd":
        users.change_password(name, _ask_password())
        audit.note("password_changed", user=name)
        return Told([f"{name} has another password"], {"changed": name})
    users.remove(name)
    revoked = Tokens(auth.tokens, users).revoke_all(name)
    audit.note("user_removed", user=name, tokens=revoked)
    return Told([f"{name} is removed; tokens revoked: {revoked}"], {"removed": name, "revoked": revoked})


def change_tokens(options: argparse.Namespace, settings: Settings, auth: AuthSettings) -> Told:
    """Do what the verb says."""
    tokens = Tokens(auth.tokens, Users(auth.users))
    if options.verb == "list":
        found = sorted(tokens.of(), key=lambda token: (token.owner, token.created))
        rows = [_row(token) for token in found]
        lines = list(table(("id", "user", "created", "expires", "note"), [tuple(row.values()) for row in rows]))
        return Told(lines if rows else ["no tokens"], rows)
    check_owner(settings.var)
    audit = open_audit(settings)
    if options.verb == "create":
        token_id, text = tokens.create(options.subject, options.note, options.days)
        audit.note("token_made", id=token_id, user=options.subject)
        return Told([text], {"id": token_id, "token": text})
    tokens.revoke(options.subject)
    audit.note("token_revoked", id=options.subject)
    return Told([f"{options.subject} is revoked"], {"revoked": options.subject})


def _row(token: Token) -> dict[str, str | None]:
    expires = None if token.expires is None else instant(token.expires * SECOND)
    created = instant(token.created * SECOND)
    return {"id": token.token_id, "user": token.owner, "created": created, "expires": expires, "note": token.note}


def _ask_password() -> str:
    """Return a password: asked for twice at the terminal, or else a line of stdin; never an argument."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != password:
        raise UWSError("These are two different passwords; nothing was changed.")
    return password
