"""The Pyramid application: the paste application factory, and what ``config.include`` adds.

Apart from the package itself, so that the processes of jobs, which import parts of the package, stay small.
"""

import atexit
import os
from collections.abc import Mapping
from typing import Any

from pyramid.config import Configurator
from pyramid.events import ApplicationCreated
from pyramid.exceptions import ConfigurationError, ConfigurationExecutionError
from pyramid.interfaces import PHASE2_CONFIG, ISecurityPolicy

from .auth.keys import AuthSettings, read_auth_settings
from .auth.policy import AnonymousPolicy
from .auth.stacked import make_policy
from .config import IAttributeFactory, IRendererFactory, add_services_from_ini, factories
from .definition import definitions_of
from .settings import PREFIX, read_settings
from .site import Site, is_wanted
from .views.rates import counting_root_factory


def main(global_config: Mapping[str, str], **settings: Any) -> Any:
    """Make the WSGI application of an ini file: the paste application factory."""
    os.umask(0o077)  # whatever is written is the server's own, the database first
    config = Configurator(settings=settings)
    config.include("pyramid_uws")
    if "__file__" in global_config:
        add_services_from_ini(config, global_config["__file__"], global_config)
    for include in read_settings(settings).includes:
        try:
            config.include(include)
        except ImportError as problem:
            raise ConfigurationError(f"setting uws.includes = {include}: {problem}") from problem
    try:
        return config.make_wsgi_app()
    except ConfigurationExecutionError as problem:
        # Pyramid tells the place in the code, of which an ini file has none, behind the sentence.
        if isinstance(problem.evalue, ConfigurationError):
            raise problem.evalue from problem
        raise


def includeme(config: Any) -> None:
    """Add pyramid_uws to a Pyramid application."""
    settings = read_settings(config.registry.settings)
    auth = read_auth_settings(config.registry.settings)
    config.set_root_factory(counting_root_factory)
    for room in (".config", ".urls", ".views"):
        config.include(room)
    if auth.schemes:
        config.include(".views.login")
        config.include(".views.account")
        config.include(".views.result_links")
    if settings.metrics or settings.metrics_token:
        _include_metrics(config)
    # Views are secured when they are registered; until then anybody's policy comes before ours.
    config.action(None, lambda: _choose_policy(config.registry, auth), order=PHASE2_CONFIG + 1)
    config.add_subscriber(lambda event: _open_site(event.app.registry, settings), ApplicationCreated)


def _include_metrics(config: Any) -> None:
    try:
        config.include(".views.metrics")
    except ImportError as problem:
        raise ConfigurationError(
            f"setting {PREFIX}metrics: {problem.name} is needed: pip install 'pyramid_uws[metrics]'"
        ) from problem


def _choose_policy(registry: Any, auth: AuthSettings) -> None:
    if registry.queryUtility(ISecurityPolicy) is None:
        registry.registerUtility(make_policy(auth) if auth.schemes else AnonymousPolicy(), ISecurityPolicy)
    elif auth.schemes:
        raise ConfigurationError(f"{PREFIX}auth = {' '.join(auth.schemes)}: another security policy has been set")


def _open_site(registry: Any, settings: Any) -> None:
    if not is_wanted():
        return
    registry.uws = Site(
        settings,
        definitions_of(registry),
        factories(registry, IRendererFactory),
        factories(registry, IAttributeFactory),
        registry.notify,
    )
    registry.uws.open()
    atexit.register(registry.uws.close)
    # Who looks for listeners, four times a request, need not if there is none but the one that called this.
    registry.has_listeners = len(list(registry.registeredHandlers())) > 1
