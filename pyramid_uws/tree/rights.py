"""The rights to nodes, as Pyramid's ACLs; any security policy that reads ACLs will find them."""

from typing import Any

from pyramid.authorization import ALL_PERMISSIONS, Allow, Deny, Everyone

#: What security policies call those who may do everything. No user can have this name.
ADMINS = "system.uws.admins"

#: The right to everything, for everybody: the site, its services, and jobs that nobody owns.
PUBLIC = ((Allow, Everyone, ALL_PERMISSIONS),)


def job_acl(owner: str | None) -> tuple[tuple[Any, ...], ...]:
    """Return the rights to a job: its owner's alone; one without owner is for whoever knows its URL."""
    if owner is None:
        return PUBLIC
    return ((Allow, owner, ALL_PERMISSIONS), (Allow, ADMINS, ALL_PERMISSIONS), (Deny, Everyone, ALL_PERMISSIONS))
