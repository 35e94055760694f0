"""The yardstick for requests: a plain Pyramid traversal application under plain waitress with 4 threads.

python -m benchmarks.hello PORT
"""

import sys
from typing import Any

import waitress
from pyramid.config import Configurator
from pyramid.response import Response


class Place:
    """A node; the root has one child."""

    def __init__(self, name: str = "", parent: "Place | None" = None) -> None:
        self.__name__ = name
        self.__parent__ = parent

    def __getitem__(self, name: str) -> "Place":
        if self.__parent__ is None and name == "hello":
            return Place(name, self)
        raise KeyError(name)


def hello(_context: Place, _request: Any) -> Response:
    """Say hello."""
    return Response(text="hello", content_type="text/plain", charset="UTF-8")


def main() -> None:
    """Serve until the process is ended."""
    config = Configurator(root_factory=lambda _request: Place())
    config.add_view(hello, context=Place, request_method="GET")
    waitress.serve(
        config.make_wsgi_app(),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        threads=4,
        _quiet=True,
        connection_limit=1000,
    )


if __name__ == "__main__":
    main()
