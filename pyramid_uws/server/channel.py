"""waitress' channel and task, taught to park: a run may end without an answer, an answer may come without a run.

waitress serves ``channel.requests[0]`` and drops it when it has been answered. A run that is thrown away passes
all of that by, so the request is still there to be served again; what came behind it waits its turn.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from waitress.channel import HTTPChannel
from waitress.task import ErrorTask, WSGITask

from pyramid_uws.views.outermost import HEADERS

from .aside import wants_loop
from .place import Answer, Parked, Place

#: Statuses of answers that may be shared among equals.
SHARED = ("200", "304", "404")

#: Where the place is found in the environ.
PARK = "pyramid_uws.park"

#: Where the address is found from which the connection comes.
PEER = "pyramid_uws.peer"

#: Where it stands whether that is a proxy which the ini file trusts.
BY_PROXY = "pyramid_uws.by_proxy"

#: The header that is each request's own, also where an answer is shared.
REQUEST_ID = "X-Request-ID"

#: The attribute of waitress' request that holds its place.
_PLACE = "uws_place"


class ParkingTask(WSGITask):
    """One run of a request, or the handing over of an answer that another one has got."""

    def execute(self) -> None:
        """Call the application, unless there is an answer already."""
        place: Place | None = getattr(self.request, _PLACE, None)
        if place is not None and place.given is not None:
            self._hand_over(place.given, place.request_id)
        else:
            super().execute()

    def get_environment(self) -> dict[str, Any]:
        """Return the environ, with the request's place in the lot if it is one that may wait: GET or POST."""
        environ: dict[str, Any] = super().get_environment()
        peer = environ[PEER] = str(self.channel.addr[0])  # before a proxy is believed who its client is
        environ[BY_PROXY] = self.channel.server.adj.trusted_proxy in {peer, "*"}
        if self.request.command in {"GET", "POST"}:
            place = getattr(self.request, _PLACE, None)
            if place is None:
                place = Place(self.channel.server.parking.lot, self.channel)
                setattr(self.request, _PLACE, place)
            place.ran = True
            environ[PARK] = place
        return environ

    def build_response_header(self) -> bytes:
        """Tell the client, too, if this is the connection's last answer."""
        if self._is_last() and self.version == "1.1":
            self.set_close_on_finish()
        header: bytes = super().build_response_header()
        return header

    def set_close_on_finish(self) -> None:
        """Close the connection after the answer, unless waitress wants to only because its length is not told.

        Chunks tell where they end; and an answer that must not have a body, as a 304, has an end, too. What
        follows the headers of an answer to HEAD would be taken for the next one.
        """
        asked_to = self.request.headers.get("CONNECTION", "").lower() == "close"
        tells_its_end = self.version == "1.1" and (self.chunked_response or not self.has_body)
        if self.request.command == "HEAD" or asked_to or not tells_its_end or self._is_last():
            super().set_close_on_finish()

    def finish(self) -> None:
        """Write the end, also of chunks; an answer to HEAD ends with its headers."""
        if not self.wrote_header:
            self.write(b"")
        if self.request.command != "HEAD":
            super().finish()

    def _is_last(self) -> bool:
        return self.channel.server.parking.lot.is_closing and len(self.channel.requests) <= 1

    def _hand_over(self, answer: Answer, request_id: str | None) -> None:
        self.complete = True
        self.status = answer.status
        self.response_headers = [*answer.headers, *([(REQUEST_ID, request_id)] if request_id else ())]
        self.content_length = len(answer.body)
        header = self.build_response_header()
        self.wrote_header = True
        # In one piece: it is one system call less, and one packet.
        self.channel.write_soon(header + answer.body if self.has_body else header)


class RefusalTask(ErrorTask):
    """waitress' own answer to what never becomes a request, with the headers that all others have."""

    def execute(self) -> None:
        """Write it."""
        self.response_headers.extend(HEADERS.items())
        super().execute()


class Calm:
    """The server as a channel has it: the loop is woken only if it has something to do for the channel.

    waitress wakes it after each answer. But it hears of the next request anyway, as long as no more wait than it
    reads ahead.
    """

    def __init__(self, server: Any, channel: Any) -> None:
        self.listener = server
        self._channel = channel

    def __getattr__(self, name: str) -> Any:
        return getattr(self.listener, name)

    def pull_trigger(self) -> None:
        """Wake the loop if it has to write or to close, or to read again."""
        if wants_loop(self._channel) or len(self._channel.requests) >= self.listener.adj.channel_request_lookahead:
            self.listener.pull_trigger()


class ParkingChannel(HTTPChannel):
    """A connection whose requests may be parked. ``server.parking`` has the lot and those set aside."""

    task_class = ParkingTask
    error_task_class = RefusalTask

    #: Whether it is out of waitress' map.
    aside = False

    #: Whether its client has hung up while it was set aside, which waitress is now to find out.
    is_lost = False

    #: Whether its first request is parked; a hint, for only the lot knows.
    is_parked = False

    requests: Sequence[Any] = ()

    def __init__(self, server: Any, *arguments: Any, **options: Any) -> None:
        super().__init__(server, *arguments, **options)
        self.server = Calm(server, self)

    def service(self) -> None:
        """Execute one request, in a thread of the server."""
        request, parking = self.requests[0], self.server.parking
        place: Place | None = getattr(request, _PLACE, None)
        if place is not None:
            self.is_parked = place.ran = False
            place.answer = None
        has_parked = False
        try:
            super().service()
        except Parked:
            has_parked = True
        finally:
            self._settle(parking, request, has_parked=has_parked)

    def _settle(self, parking: Any, request: Any, *, has_parked: bool) -> None:
        place: Place | None = getattr(request, _PLACE, None)
        if place is not None and has_parked:
            self.is_parked = True
            parking.lot.park(place)
            if not self.aside:
                parking.aside.ring()
            return
        if place is not None and place.group is not None:
            parking.lot.end(place)
        if self.aside:
            parking.aside.hand_back(self)

    def write_soon(self, data: Any) -> int:
        """Write; what the client does not take at once is sent by the loop, which has to know of it."""
        written: int = super().write_soon(data)
        if self.aside and self.total_outbufs_len:
            self.server.parking.aside.hand_back(self)
        return written

    def readable(self) -> bool:
        """Tell whether to read on; called in every round. Quiet connections take their leave here."""
        if self.total_outbufs_len or self.close_when_flushed or self.will_close:
            return False
        aside = self.server.parking.aside
        is_quiet = self.is_parked or self.last_activity < aside.quiet_since
        if is_quiet and not self.is_lost and aside.set_aside(self):
            return False
        readable: bool = super().readable()
        return readable

    def del_channel(self, map: dict[int, Any] | None = None) -> None:  # noqa: A002 - waitress' name
        """Drop all that is known of the connection, which is about to be closed."""
        parking = self.server.parking
        if self._fileno is not None:
            parking.aside.forget(self, self._fileno)
        leave_lot(self)
        super().del_channel(map)
        if isinstance(self.server, Calm):
            self.server = self.server.listener  # lest the garbage collector has to find both


def leave_lot(channel: ParkingChannel) -> bool:
    """Give up the place of a channel whose client has gone; tell whether it was parked."""
    for request in channel.requests[:1]:
        place: Place | None = getattr(request, _PLACE, None)
        return place is not None and place.lot.leave(place)
    return False


def noting(app: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """Return the application with an ear for answers that others wait for."""

    def noted(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        place: Place | None = environ.get(PARK)
        if place is None or not place.followers:
            return app(environ, start_response)
        head: list[Any] = []

        def noting_response(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Any:
            head[:] = status, list(headers)
            return start_response(status, headers, *exc_info)

        body = app(environ, noting_response)
        if isinstance(body, list) and head and _is_shared(*head):
            shared = [header for header in head[1] if header[0] != REQUEST_ID]
            place.answer = Answer(head[0], shared, b"".join(body))
        return body

    return noted


def _is_shared(status: str, headers: list[tuple[str, str]]) -> bool:
    """Tell whether an answer is for all who ask the same; a cookie is for one."""
    return status.startswith(SHARED) and all(name.lower() != "set-cookie" for name, _ in headers)
