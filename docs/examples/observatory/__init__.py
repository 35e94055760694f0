"""An application of one's own, with pyramid_uws in it: pages by routes, jobs by traversal below them.

It is started like any Pyramid application: ``use = call:observatory:main`` in ``[app:main]``.
"""

from collections.abc import Mapping
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response

from pyramid_uws.demo import countdown


def show_weather(_request: Request) -> Response:
    """GET /weather, which has nothing to do with jobs."""
    return Response(text="Clear, seeing 0.9 arcsec.\n", content_type="text/plain", charset="UTF-8")


def main(_global_config: Mapping[str, str], **settings: Any) -> Any:
    """Make the application."""
    config = Configurator(settings=settings)
    config.add_route("weather", "/weather")
    config.add_view(show_weather, route_name="weather")
    config.include("pyramid_uws")
    config.include("skyplugin")
    config.add_uws_service(
        "countdown",
        core="pyramid_uws.demo.countdown:core",
        parameters=countdown.PARAMETERS,
        execution_duration=600,
    )
    return config.make_wsgi_app()
