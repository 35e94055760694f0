"""A security policy that believes whoever names themselves in a header: for tests about owners.

[app:main]
uws.includes = tests.support.headerpolicy
"""

from types import SimpleNamespace

from pyramid.authorization import ACLHelper, Authenticated, Everyone
from pyramid.interfaces import ISecurityPolicy
from pyramid.location import lineage
from zope.interface import implementer

from pyramid_uws.auth.policy import PUBLIC, job_acl
from pyramid_uws.interfaces import IJob

HEADER = "X-Test-User"
CHALLENGE = 'Basic realm="tests"'


@implementer(ISecurityPolicy)
class HeaderPolicy:
    def identity(self, request):
        return request.headers.get(HEADER)

    authenticated_userid = identity

    def permits(self, request, context, permission):
        user = self.identity(request)
        rights = next((job_acl(node.owner) for node in lineage(context) if IJob.providedBy(node)), PUBLIC)
        principals = [Everyone] if user is None else [Everyone, Authenticated, user]
        return ACLHelper().permits(SimpleNamespace(__acl__=rights), principals, permission)

    def remember(self, request, userid, **options):
        return []

    def forget(self, request, **options):
        return [("WWW-Authenticate", CHALLENGE)]


def includeme(config):
    config.set_security_policy(HeaderPolicy())
