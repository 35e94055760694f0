"""Connections set aside, with real sockets and stand-ins for channels."""

import select
import socket
import time

import pytest

from pyramid_uws.server.aside import QUIET, Aside


class Channel:
    """What is wanted of a channel; the client's end of the connection is ``client``."""

    def __init__(self, sockets, *, requests=()):
        self.socket, self.client = socket.socketpair()
        self.fd = self.socket.fileno()
        self.requests = list(requests)
        self.total_outbufs_len = 0
        self.close_when_flushed = self.will_close = False
        self.aside = self.is_lost = False
        self.last_activity = time.time()
        self.done = []
        self.around = None
        sockets[self.fd] = self

    def handle_close(self):
        self.done.append("closed")
        self.around.forget(self, self.fd)
        self.socket.close()

    def handle_read_event(self):
        self.done.append("read")

    def handle_write_event(self):
        self.done.append("written")


@pytest.fixture
def sockets():
    return {}


@pytest.fixture
def parked():
    """Channels whose request is parked."""
    return []


@pytest.fixture
def aside(sockets, parked):
    aside = Aside(sockets, parked.__contains__, limit=3, idle_timeout=60)
    yield aside
    aside.close()


@pytest.fixture
def make(sockets, aside):
    made = []

    def make(**options):
        channel = Channel(sockets, **options)
        channel.around = aside
        made.append(channel)
        return channel

    yield make
    for channel in made:
        aside.forget(channel, channel.fd)
        channel.client.close()
        channel.socket.close()


def events(aside):
    """See to what has happened, if anything has."""
    if select.select([aside.socket.fileno()], [], [], 0)[0]:
        aside.handle_read()


def test_one_set_aside_is_out_of_the_map(aside, sockets, make):
    channel = make()

    assert aside.set_aside(channel)

    assert channel not in sockets.values()
    assert channel.aside


def test_one_that_speaks_comes_back_and_is_read(aside, sockets, make):
    channel = make()
    aside.set_aside(channel)

    channel.client.send(b"x")
    events(aside)

    assert sockets[channel.fd] is channel
    assert channel.done == ["read"]
    assert not channel.aside


def test_what_one_with_a_request_sends_stays_where_it_is(aside, make):
    channel = make(requests=["GET"])
    aside.set_aside(channel)

    channel.client.send(b"x")
    events(aside)

    assert channel.aside
    assert channel.done == []


def test_a_parked_one_whose_client_has_gone_is_closed(aside, make, parked):
    channel = make(requests=["GET"])
    parked.append(channel)
    aside.set_aside(channel)

    channel.client.close()
    events(aside)

    assert channel.done == ["closed"]
    assert aside.channels == {}


def test_a_busy_one_whose_client_has_gone_comes_back_to_stay(aside, sockets, make):
    channel = make(requests=["GET"])
    aside.set_aside(channel)

    channel.client.close()
    events(aside)

    assert sockets[channel.fd] is channel
    assert channel.is_lost
    assert channel.done == []


def test_one_without_room_in_the_kernel_stays_in_the_map(aside, sockets, make):
    channel = make()
    aside.set_aside(channel)

    sockets[channel.fd] = again = make()
    again.socket.close()
    again.socket = channel.socket  # known to the kernel already

    assert not aside.set_aside(again)
    assert not again.aside


@pytest.mark.parametrize("change", [{"total_outbufs_len": 5}, {"close_when_flushed": True}, {"requests": ["GET"]}])
def test_one_whose_state_changes_at_that_moment_comes_back(aside, sockets, make, change, monkeypatch):
    """As when a thread has looked for the mark just before it was set."""
    channel = make()
    register = aside._events

    def meanwhile(**options):
        vars(channel).update(change)
        return register(**options)

    monkeypatch.setattr(aside, "_events", meanwhile)

    assert not aside.set_aside(channel)
    assert sockets[channel.fd] is channel
    assert not channel.aside


class TestHandedBack:
    def test_with_something_to_write_it_comes_back(self, aside, sockets, make):
        channel = make(requests=["GET"])
        aside.set_aside(channel)
        channel.total_outbufs_len = 5

        aside.hand_back(channel)
        events(aside)
        aside.tidy()

        assert sockets[channel.fd] is channel
        assert channel.done == []

    def test_one_that_is_to_be_closed_is_closed(self, aside, make):
        channel = make(requests=["GET"])
        aside.set_aside(channel)
        channel.close_when_flushed, channel.requests = True, []

        aside.hand_back(channel)
        aside.tidy()

        assert channel.done == ["written"]

    def test_one_that_was_answered_stays_aside_and_is_heard_again(self, aside, make):
        channel = make(requests=["GET"])
        aside.set_aside(channel)
        channel.client.send(b"x")
        channel.requests.clear()

        aside.hand_back(channel)
        aside.tidy()
        assert channel.aside
        events(aside)

        assert channel.done == ["read"]

    def test_one_with_another_request_goes_on_being_busy(self, aside, make):
        channel = make(requests=["GET", "GET"])
        aside.set_aside(channel)
        channel.requests.pop()

        aside.hand_back(channel)
        aside.tidy()
        channel.client.send(b"x")
        events(aside)

        assert channel.aside
        assert channel.done == []

    def test_one_that_is_back_already_is_left_alone(self, aside, make):
        channel = make()

        aside.hand_back(channel)
        aside.tidy()

        assert channel.done == []

    def test_the_loop_is_woken(self, aside, make):
        aside.hand_back(make())

        assert select.select([aside.socket.fileno()], [], [], 0)[0]
        events(aside)
        assert not select.select([aside.socket.fileno()], [], [], 0)[0]


class TestIdle:
    def test_one_idle_for_long_is_closed(self, aside, make):
        channel, other = make(), make()
        aside.set_aside(channel)
        aside.set_aside(other)
        channel.last_activity -= 61

        aside.tidy()

        assert channel.done == ["closed"]
        assert other.done == []

    def test_one_that_waits_for_long_is_not(self, aside, make):
        channel = make(requests=["GET"])
        aside.set_aside(channel)
        channel.last_activity -= 61

        aside.tidy()

        assert channel.done == []

    def test_of_too_many_those_idle_for_longest_are_closed(self, aside, make):
        waiting, *idle = [make(requests=["GET"]), make(), make(), make(), make()]
        for channel in (waiting, *idle):
            aside.set_aside(channel)

        aside.tidy()

        assert [channel.done for channel in idle] == [["closed"], ["closed"], [], []]
        assert waiting.done == []


def test_quiet_is_what_was_silent_for_a_moment(aside):
    before = time.time()

    aside.tidy()

    assert before - QUIET <= aside.quiet_since <= time.time() - QUIET


def test_all_are_closed_at_the_end(aside, make):
    channel = make()
    aside.set_aside(channel)

    aside.close()
    aside.ring()

    assert channel.done == ["closed"]


def test_it_never_writes(aside):
    assert aside.readable()
    assert not aside.writable()


def test_the_loop_goes_round_while_more_and_more_are_handed_back(aside, make):
    class Restless(list):
        """Requests of which there is another whenever one looks."""

        def __bool__(self):
            aside.hand_back(channel)
            return True

    channel = make(requests=["one"])
    aside.set_aside(channel)
    channel.requests = Restless()
    aside.hand_back(channel)

    aside.tidy()

    assert len(aside._handed_back) == 1
