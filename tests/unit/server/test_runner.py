"""What stops the server from serving is said in a sentence that names what was wanted."""

import socket

import pytest

from pyramid_uws.server.runner import serve


@pytest.fixture
def taken():
    """A port at which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield str(listener.getsockname()[1])


@pytest.mark.parametrize("park_limit", ["100", "0"])
def test_a_port_in_use(taken, park_limit):
    with pytest.raises(SystemExit, match=rf"cannot serve 127\.0\.0\.1:{taken}: .*in use"):
        serve(lambda *_: [], {}, host="127.0.0.1", port=taken, park_limit=park_limit)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"thread": "3"}, "Unknown adjustment 'thread'"),
        ({"host": "nohost.invalid"}, r"cannot serve nohost\.invalid:0: Invalid host/port"),
        ({"listen": "127.0.0.1:x"}, r"cannot serve 127\.0\.0\.1:x: "),
    ],
)
def test_a_setting_that_waitress_does_not_take(options, message):
    given = options if "listen" in options else {"host": "127.0.0.1", "port": "0"} | options

    with pytest.raises(SystemExit, match=message):
        serve(lambda *_: [], {}, **given)


def test_threads_are_counted():
    with pytest.raises(SystemExit, match=r"threads = many: expected a whole number from 1 on"):
        serve(lambda *_: [], {}, threads="many")
