"""Quotas: what is said of them in the ini file and by operators since, and what somebody has of them."""

import argparse
from typing import Any

from pyramid_uws.exceptions import BadValue
from pyramid_uws.execution.quotas import QuotaKeeper, Standing, known_payer
from pyramid_uws.settings import Settings
from pyramid_uws.tree import Root
from pyramid_uws.uws.quotas import ANONYMOUS, GROUP, IN_BYTES, KEYS, Payer, Said, shown
from pyramid_uws.uws.rights import USERS

from .accounts import Told
from .quotawords import subject_of
from .text import size, table


def list_quotas(root: Root, settings: Settings) -> Told:
    """Tell all that is said, and where."""
    book: Said = {} if root.quotas is None else root.quotas.entries
    rows = [
        {"name": shown(name), "from": source, **values}
        for source, said in (("ini file", settings.quotas), ("uws-admin", book))
        for name, values in sorted(said.items())
    ]
    head = ("name", *KEYS, "from")
    cells = [[row["name"], *(written(key, row.get(key)) for key in KEYS), row["from"]] for row in rows]
    lines = list(table(head, cells, right=KEYS))
    return Told(lines if rows else ["no quotas"], rows)


def show_standing(root: Root, settings: Settings, options: argparse.Namespace) -> Told:
    """Tell what somebody may have, and has."""
    name = subject_of(options.subject)
    if name in {USERS, ANONYMOUS} or name.startswith(GROUP):
        raise BadValue("NAME", options.subject, "show is for a user or address:ADDRESS; list tells of all others")
    known = known_payer(root, name)
    payer = Payer(name, tuple(sorted(options.group)) or known.groups)
    standing = QuotaKeeper(settings.quotas).standing(root, payer)
    return Told(list(_lines(standing)), _value(standing))


def _lines(standing: Standing) -> list[str]:
    cells = [(key, written(key, limit) or "-", written(key, used)) for key, limit, used in standing.rows]
    groups = [f"groups: {' '.join(standing.payer.groups)}", ""] if standing.payer.groups else []
    return [*groups, *table(("quota", "limit", "used"), cells, right=("limit", "used"))]


def _value(standing: Standing) -> dict[str, Any]:
    told = {key: {"limit": limit, "used": used} for key, limit, used in standing.rows}
    return {"name": shown(standing.payer.name), "groups": list(standing.payer.groups), "quotas": told}


def written(key: str, value: Any) -> str:
    """Write a value of a quota, or a use of it."""
    if value is None:
        return ""
    return size(value) if key in IN_BYTES else str(value)
