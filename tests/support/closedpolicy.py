"""A security policy under which nobody may change anything before saying who they are, and some may not then.

[app:main]
uws.includes = tests.support.closedpolicy
"""

from pyramid.security import Allowed, Denied

from pyramid_uws.views.resources import READ

from .headerpolicy import HeaderPolicy

UNWELCOME = "mallory"


class ClosedPolicy(HeaderPolicy):
    def permits(self, request, context, permission):
        is_welcome = permission == READ or self.identity(request) not in {None, UNWELCOME}
        return Allowed("known") if is_welcome else Denied("unknown")


def includeme(config):
    config.set_security_policy(ClosedPolicy())
