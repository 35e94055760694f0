"""Whatever happens, in any order: nobody is lost in the lot, nobody stays parked who has missed a change."""

import time
from types import SimpleNamespace

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pyramid_uws.server.lot import Lot
from pyramid_uws.server.place import Answer, Place
from tests.support.examples import examples

KEYS = st.sampled_from([b"one", b"two"])
ANSWER = Answer("200 OK", [], b"")
NEVER = 1e6


class LotMachine(RuleBasedStateMachine):
    """``woken`` holds the channels handed to threads; ``looking`` those whose run is under way."""

    def __init__(self):
        super().__init__()
        self.rings = {}
        self.versions = {b"one": 0, b"two": 0}
        self.woken, self.looking, self.open = [], [], []
        self.answered = 0
        self.lot = Lot(
            limit=1000,
            at_once=2,
            run=self.woken.append,
            ring=lambda: None,
            give=lambda: None,
            call=lambda function: function(),
        )

    def subscribe(self, key, ring):
        assert key not in self.rings
        self.rings[key] = ring

    def unsubscribe(self, key, ring):
        assert self.rings.pop(key) is ring

    def look(self, channel):
        """Begin a run: watch, then see the present version."""
        channel.place.ran = True
        channel.place.answer = None
        channel.place.watch(self, channel.key, channel.alike)
        channel.version = self.versions[channel.key]
        self.looking.append(channel)

    def close(self, channel):
        self.open.remove(channel)
        self.answered += 1

    @rule(key=KEYS, alike=st.integers(0, 1))
    def somebody_comes_and_looks(self, key, alike):
        channel = SimpleNamespace(key=key, alike=alike, connected=True)
        channel.place = Place(self.lot, channel)
        self.open.append(channel)
        self.look(channel)

    @rule(key=KEYS)
    def something_changes(self, key):
        self.versions[key] += 1
        if key in self.rings:
            self.rings[key]()

    @rule()
    def the_loop_goes_round(self):
        self.lot.tend()

    @precondition(lambda self: self.woken)
    @rule()
    def a_thread_runs_who_was_woken(self):
        self.look(self.woken.pop(0))

    @precondition(lambda self: self.woken)
    @rule()
    def the_client_of_one_who_was_woken_has_gone(self):
        channel = self.woken.pop(0)
        channel.place.ran = False
        self.lot.end(channel.place)
        self.close(channel)

    @precondition(lambda self: self.looking)
    @rule(index=st.integers(0, 5), is_late=st.booleans())
    def somebody_parks(self, index, is_late):
        channel = self.looking.pop(index % len(self.looking))
        if channel.place.last_call:
            self.lot.end(channel.place)
            self.close(channel)
            return
        for follower in channel.place.followers:
            follower.channel.version = channel.version  # he has looked on behalf of all
        channel.place.until = time.monotonic() + (-1 if is_late else NEVER)
        self.lot.park(channel.place)

    @precondition(lambda self: self.looking)
    @rule(index=st.integers(0, 5), is_shared=st.booleans())
    def somebody_answers(self, index, is_shared):
        channel = self.looking.pop(index % len(self.looking))
        channel.place.answer = ANSWER if is_shared else None
        self.lot.end(channel.place)
        self.close(channel)

    @precondition(lambda self: self.looking)
    @rule(index=st.integers(0, 5))
    def a_client_goes_while_it_is_run(self, index):
        channel = self.looking.pop(index % len(self.looking))
        channel.connected = False
        channel.place.until = NEVER
        self.lot.park(channel.place)
        self.close(channel)

    @precondition(lambda self: self.open)
    @rule(index=st.integers(0, 20))
    def a_client_goes_while_it_is_parked(self, index):
        channel = self.open[index % len(self.open)]
        if self.lot.leave(channel.place):
            channel.connected = False
            self.close(channel)

    @rule()
    def a_courier_goes_his_round(self):
        while (channel := self.lot.next_gift()) is not None:
            assert channel.place.given is ANSWER
            self.close(channel)

    @invariant()
    def everybody_is_counted(self):
        assert len(self.lot) == len(self.open)

    @invariant()
    def no_more_are_run_again_than_may(self):
        assert self.lot._running <= 2

    def teardown(self):
        """Let everything come to rest."""
        while self.woken or self.looking or self.lot._notes or self.lot._mail:
            while self.looking:
                self.somebody_parks(0, is_late=False)
            while self.woken:
                self.a_thread_runs_who_was_woken()
            self.lot.tend()
            self.a_courier_goes_his_round()
        for channel in self.open:
            assert channel.place.among is channel.place.group.parked
            assert channel.place in channel.place.among
            assert channel.version == self.versions[channel.key], "a change was missed"
        self.everybody_is_told_at_last()

    def everybody_is_told_at_last(self):
        self.lot.close()
        self.lot.tend()
        while self.open:
            assert self.woken
            for channel in self.woken[:]:
                self.woken.remove(channel)
                self.look(channel)
                assert not channel.place.free
                self.looking.remove(channel)
                channel.place.answer = ANSWER
                self.lot.end(channel.place)
                self.close(channel)
            self.a_courier_goes_his_round()
        assert not self.rings
        assert len(self.lot) == 0


TestLot = LotMachine.TestCase
TestLot.settings = examples(60, stateful_step_count=40)
