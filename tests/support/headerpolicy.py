"""A security policy that believes whoever names themselves in a header: for tests about owners.

[app:main]
uws.includes = tests.support.headerpolicy
"""

from pyramid.authorization import ACLHelper, Authenticated, Everyone
from pyramid.interfaces import ISecurityPolicy
from zope.interface import implementer

HEADER = "X-Test-User"
CHALLENGE = 'Basic realm="tests"'


@implementer(ISecurityPolicy)
class HeaderPolicy:
    def identity(self, request):
        return request.headers.get(HEADER)

    authenticated_userid = identity

    def permits(self, request, context, permission):
        user = self.identity(request)
        principals = [Everyone] if user is None else [Everyone, Authenticated, user]
        return ACLHelper().permits(context, principals, permission)

    def remember(self, request, userid, **options):
        return []

    def forget(self, request, **options):
        return [("WWW-Authenticate", CHALLENGE)]


def includeme(config):
    config.set_security_policy(HeaderPolicy())
