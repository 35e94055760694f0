"""Every view asks for a permission, but for those that are open to everybody on purpose."""

import pytest
from pyramid.config import Configurator
from pyramid.interfaces import IExceptionResponse
from pyramid.security import NO_PERMISSION_REQUIRED

from pyramid_uws import interfaces
from pyramid_uws.tree import rights

#: Node and name of the view. Whether one has to log in for a service is said beside its capabilities.
OPEN = {
    (interfaces.IRoot, name) for name in ("capabilities", "availability", "login", "logout", "whoami", "tokens")
} | {(interfaces.IService, name) for name in ("capabilities", "availability")}

#: Files of pages are the same for everybody. The operator's page asks by itself.
OPEN |= {(interfaces.IRoot, name) for name in ("static", "operator")}

#: What makes a job or computes something asks for the right to that, whatever the method.
MAKING = {interfaces.IAsyncRenderer: {"POST"}, interfaces.ISyncRenderer: {"GET", "POST"}}


@pytest.fixture(scope="module")
def views(tmp_path_factory):
    """Return context, name, methods and permission of all views on nodes."""
    folder = tmp_path_factory.mktemp("permissions")
    config = Configurator(settings={"uws.var": str(folder), "uws.auth": "basic"})
    config.include("pyramid_uws")
    config.commit()
    return [
        (each["context"], each["name"], _methods(each["request_methods"]), _permission(config, each))
        for each in (entry["introspectable"] for entry in config.introspector.get_category("views"))
        if not _is_of_exception(each["context"])
    ]


def _methods(named):
    return (named,) if isinstance(named, str) else named or ()


def _permission(config, view):
    related = config.introspector.related(view)
    return next((each["value"] for each in related if each.category_name == "permissions"), None)


def _is_of_exception(context):
    if context is None:
        return True
    return context is IExceptionResponse or (isinstance(context, type) and issubclass(context, BaseException))


def test_none_is_open_that_should_not_be(views):
    without = {
        (context, name) for context, name, _, permission in views if permission in {None, NO_PERMISSION_REQUIRED}
    }

    assert len(views) > 40
    assert without == OPEN


@pytest.mark.parametrize("kind", MAKING, ids=lambda kind: kind.__name__)
def test_what_makes_a_job_asks_for_the_right_to_that(kind, views):
    asked = {
        (method, permission)
        for context, name, methods, permission in views
        if isinstance(context, type(kind)) and context.isOrExtends(kind) and not name
        for method in methods
    }

    assert {permission for method, permission in asked if method in MAKING[kind]} == {rights.CREATE}
