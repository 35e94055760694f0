"""The rights to nodes, as Pyramid's ACLs; any security policy that reads ACLs will find them."""

from typing import Any

from pyramid.authorization import ALL_PERMISSIONS, DENY_ALL, Allow, Deny, Everyone

from pyramid_uws.uws.rights import Rights

#: What a request needs: to read a node, to change or delete it; of a service's renderer, to list jobs and to
#: create one; of a job, to give others a way to it.
READ = "uws.read"
CHANGE = "uws.change"
DELETE = "uws.delete"
LIST = "uws.list"
CREATE = "uws.create"
SHARE = "uws.share"

#: To list the jobs of all.
OVERSEE = "uws.oversee"

#: What security policies call those who may do everything. No user can have this name.
ADMINS = "system.uws.admins"

ACL = tuple[tuple[Any, ...], ...]

#: The right to everything, for everybody: the site, and jobs that nobody owns.
PUBLIC: ACL = ((Allow, Everyone, ALL_PERMISSIONS),)

#: The right to read, for everybody: what is reached by a way that its owner has given away.
SHARED: ACL = ((Allow, Everyone, READ), DENY_ALL)


def service_acl(rights: Rights) -> ACL:
    """Return the rights to a service and to what is below it, but for jobs, which have their own."""
    listing = rights.may_see if rights.may_list is None else rights.may_list
    creating = rights.may_see if rights.may_create is None else rights.may_create
    overseeing = ((Allow, ADMINS, ALL_PERMISSIONS), *_allow(rights.may_read, OVERSEE), (Deny, Everyone, OVERSEE))
    if rights.may_see == listing == creating:
        # Whatever else an extension asks for.
        return (*overseeing, *_allow(rights.may_see, ALL_PERMISSIONS), DENY_ALL)
    return (
        *overseeing,
        *_allow(rights.may_see, READ),
        *_allow(listing, LIST),
        *_allow(creating, (CREATE, CHANGE)),
        DENY_ALL,
    )


def job_acl(owner: str | None, rights: Rights) -> ACL:
    """Return the rights to a job: its owner's; one without owner is for whoever knows its URL."""
    if owner is None:
        return PUBLIC
    return (
        (Allow, owner, ALL_PERMISSIONS),
        (Allow, ADMINS, ALL_PERMISSIONS),
        *_allow(rights.may_read, READ),
        *_allow(rights.may_change, CHANGE),
        *_allow(rights.may_delete, DELETE),
        DENY_ALL,
    )


def _allow(principals: tuple[str, ...], permissions: Any) -> ACL:
    return tuple((Allow, principal, permissions) for principal in principals)
