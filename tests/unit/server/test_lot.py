"""The parking lot, with stand-ins for connections, threads and the loop."""

import time

import pytest

from pyramid_uws.server.calendar import UNTIDY
from pyramid_uws.server.lot import Lot
from pyramid_uws.server.place import Answer, Parked, Place

ANSWER = Answer("200 OK", [("Content-Type", "text/xml")], b"<job/>")
SOON = 0.02
NEVER = 1000.0


class Channel:
    """A connection of which one request is looked at."""

    def __init__(self, lot, name):
        self.name = name
        self.connected = True
        self.place = Place(lot, self)

    def __repr__(self):
        return self.name


class Changes:
    """Who tells of changes, and who wants to know."""

    def __init__(self):
        self.rings = []

    def subscribe(self, key, ring):
        self.rings.append((key, ring))

    def unsubscribe(self, key, ring):
        self.rings.remove((key, ring))

    def change(self, key):
        for subscribed, ring in list(self.rings):
            if subscribed == key:
                ring()


class World:
    """A lot and all around it; ``run`` and ``park`` are what a thread of the server does with a channel."""

    def __init__(self, **options):
        self.changes = Changes()
        self.woken = []
        self.errands = []
        self.rung = self.couriers = 0
        self.lot = Lot(
            **{"limit": 100, "at_once": 100} | options,
            run=self.woken.append,
            ring=self.ring,
            give=self.call,
            call=self.errands.append,
        )
        self.number = 0

    def ring(self):
        self.rung += 1

    def call(self):
        self.couriers += 1

    def channel(self):
        self.number += 1
        return Channel(self.lot, f"channel {self.number}")

    def park(self, *channels, key=b"job", alike="same", until=NEVER):
        """Have requests look, find nothing, and park."""
        for channel in channels:
            self.look(channel, key, alike)
            self.give_up(channel, until)

    def look(self, channel, key=b"job", alike="same"):
        channel.place.answer = None
        channel.place.ran = True
        channel.place.watch(self.changes, key, alike)

    def give_up(self, channel, until=NEVER):
        with pytest.raises(Parked):
            channel.place.park(time.monotonic() + until)
        self.lot.park(channel.place)

    def parked(self, count, **options):
        channels = [self.channel() for _ in range(count)]
        self.park(*channels, **options)
        return channels

    def change(self, key=b"job"):
        self.changes.change(key)
        self.lot.tend()

    def answer(self, channel, answer=ANSWER):
        channel.place.ran = True
        channel.place.answer = answer
        self.lot.end(channel.place)

    def take_woken(self):
        taken, self.woken[:] = list(self.woken), []
        return taken

    def gifts(self):
        """Return what a courier hands over: channel and answer."""
        found = []
        while (channel := self.lot.next_gift()) is not None:
            found.append((channel, channel.place.given))
        return found


@pytest.fixture
def world():
    return World()


class TestWaking:
    def test_nobody_is_run_without_a_reason(self, world):
        world.parked(3)

        world.lot.tend()

        assert world.take_woken() == []
        assert len(world.lot) == 3

    def test_a_change_wakes_who_waits_for_it(self, world):
        (channel,) = world.parked(1)
        world.parked(1, key=b"another job")

        world.change()

        assert world.take_woken() == [channel]
        assert channel.place.free

    def test_a_change_before_one_has_looked_is_no_reason(self, world):
        world.parked(1)
        world.change()
        channel = world.channel()

        world.park(channel)

        assert channel not in world.take_woken()

    def test_a_change_while_one_looks_is_not_missed(self, world):
        channel = world.channel()

        world.look(channel)
        world.change()
        world.give_up(channel)

        assert world.take_woken() == [channel]

    def test_a_change_noted_while_one_looks_and_read_after_he_has_parked_is_not_missed_either(self, world):
        channel = world.channel()

        world.look(channel)
        world.changes.change(b"job")
        world.give_up(channel)
        world.lot.tend()

        assert world.take_woken() == [channel]

    def test_the_loop_is_told_of_changes_and_no_lock_is_needed_for_that(self, world):
        world.parked(1)

        with world.lot._lock:
            world.changes.change(b"job")

        assert world.rung == 1

    def test_one_key_is_subscribed_once_and_given_up_with_the_last_who_wants_it(self, world):
        channels = world.parked(2) + world.parked(1, alike="other")
        assert [key for key, _ in world.changes.rings] == [b"job"]

        world.change()
        for channel in channels:
            world.answer(channel, None)

        assert world.changes.rings == []
        assert len(world.lot) == 0

    def test_who_parks_without_having_watched_is_a_mistake(self, world):
        with pytest.raises(RuntimeError, match="watch"):
            world.channel().place.park(NEVER)

    def test_a_late_ring_for_what_nobody_wants_any_more_does_no_harm(self, world):
        world.parked(1)
        ((_, ring),) = world.changes.rings
        world.change()
        world.answer(*world.take_woken())

        ring()
        world.lot.tend()

        assert world.take_woken() == []


class TestScouts:
    def test_one_looks_for_all_who_are_alike(self, world):
        channels = world.parked(5)
        others = world.parked(2, alike="other")

        world.change()

        assert world.take_woken() == [channels[0], others[0]]

    def test_his_answer_is_everybodys(self, world):
        channels = world.parked(5)

        world.change()
        world.answer(channels[0])

        assert world.couriers == 1
        assert dict(world.gifts()) == dict.fromkeys(channels[1:], ANSWER)
        assert world.take_woken() == [channels[0]]
        assert len(world.lot) == 0

    def test_if_there_is_nothing_new_all_stay_parked(self, world):
        channels = world.parked(5)

        world.change()
        world.park(channels[0])

        assert world.take_woken() == [channels[0]]
        assert len(world.lot) == 5
        world.change()
        (scout,) = world.take_woken()
        world.answer(scout)
        assert len(world.gifts()) == 4

    def test_if_there_is_another_change_meanwhile_he_looks_again_for_all(self, world):
        channels = world.parked(3)
        world.change()
        world.take_woken()

        world.look(channels[0])
        world.change()
        world.give_up(channels[0])
        world.answer(*world.take_woken())

        assert {channel for channel, _ in world.gifts()} == set(channels[1:])

    def test_who_parked_meanwhile_sends_a_scout_of_his_own(self, world):
        channels = world.parked(2)
        world.change()
        assert world.take_woken() == [channels[0]]
        newcomers = world.parked(2)

        world.change()

        assert world.take_woken() == [newcomers[0]]
        world.park(channels[0], newcomers[0])
        assert len(world.lot) == 4
        world.change()
        world.answer(*world.take_woken())
        assert len(world.gifts()) == 3

    def test_if_his_client_has_gone_before_he_is_run_the_next_one_is_sent(self, world):
        channels = world.parked(3)
        world.change()
        world.take_woken()

        channels[0].place.ran = False
        world.lot.end(channels[0].place)

        assert world.take_woken() == [channels[1]]
        world.answer(channels[1])
        assert dict(world.gifts()) == {channels[2]: ANSWER}

    def test_if_his_client_goes_while_he_looks_the_next_one_is_sent(self, world):
        channels = world.parked(3)
        world.change()
        world.take_woken()

        world.look(channels[0])
        channels[0].connected = False
        world.give_up(channels[0])

        assert world.take_woken() == [channels[1]]
        assert len(world.lot) == 2

    def test_if_his_answer_cannot_be_shared_everybody_looks_for_himself(self, world):
        channels = world.parked(3)
        world.change()

        world.answer(channels[0], None)

        assert world.take_woken() == channels
        assert world.gifts() == []

    def test_a_courier_is_called_once_for_all_that_is_to_be_handed_over(self, world):
        one, *_ = world.parked(3)
        two, *_ = world.parked(3, alike="other")
        world.change()

        world.answer(one)
        world.answer(two)

        assert world.couriers == 1
        assert len(world.gifts()) == 4
        three, *_ = world.parked(2)
        world.change()
        world.answer(three)
        assert world.couriers == 2


class TestTime:
    def test_whose_time_is_up_is_run_for_the_last_time(self, world):
        (channel,) = world.parked(1, until=SOON)
        world.parked(1)

        pause = world.lot.tend()
        assert 0 < pause <= SOON
        time.sleep(pause)
        world.lot.tend()

        assert world.take_woken() == [channel]
        assert not channel.place.free

    def test_the_next_time_is_that_of_the_first(self, world):
        world.parked(1, until=50)
        world.parked(1, until=20)

        assert 19 < world.lot.tend() <= 20

    def test_without_anybody_there_is_no_time(self, world):
        assert world.lot.tend() is None

    def test_it_is_kept_through_all_runs(self, world):
        (channel,) = world.parked(1, until=30)

        world.change()
        world.park(channel, until=30)

        assert len(world.lot._calendar) == 1

    def test_those_whose_time_is_up_together_send_one_scout_and_leave_the_others_alone(self, world):
        late = world.parked(3, until=SOON)
        world.parked(2, until=NEVER)

        time.sleep(SOON)
        world.lot.tend()
        (scout,) = world.take_woken()
        world.answer(scout)

        assert {scout, *(channel for channel, _ in world.gifts())} == set(late)
        assert len(world.lot) == 2

    def test_who_parks_too_late_is_run_for_the_last_time(self, world):
        channel = world.channel()

        world.park(channel, until=-1)

        assert world.take_woken() == [channel]
        assert not channel.place.free

    def test_a_scout_whose_time_is_up_answers_for_nobody_else(self, world):
        channels = world.parked(3)
        world.change()
        world.take_woken()

        world.park(channels[0], until=-1)
        world.answer(*world.take_woken())

        assert world.gifts() == []
        assert len(world.lot) == 2
        world.change()
        assert len(world.take_woken()) == 1

    def test_a_scout_whose_time_is_up_and_who_missed_a_change_is_followed_by_another(self, world):
        channels = world.parked(3)
        world.change()
        world.take_woken()

        world.look(channels[0])
        world.change()
        world.give_up(channels[0], until=-1)

        assert set(world.take_woken()) == {channels[0], channels[1]}

    def test_whose_time_is_up_while_he_follows_a_scout_is_not_forgotten(self, world):
        (scout,), (follower,) = world.parked(1), world.parked(1, until=SOON)
        world.change()
        assert world.take_woken() == [scout]

        time.sleep(SOON)
        world.lot.tend()
        assert world.take_woken() == []
        world.park(scout)
        time.sleep(world.lot.tend())
        world.lot.tend()

        assert world.take_woken() == [follower]
        assert not follower.place.free

    def test_the_calendar_does_not_grow_with_those_who_have_left(self, world):
        for _ in range(2 * UNTIDY):
            world.parked(1)
            world.change()
            world.answer(*world.take_woken())

        assert len(world.lot._calendar) <= UNTIDY + 1

    def test_who_has_left_holds_no_connection(self, world):
        (channel,) = world.parked(1)

        world.lot.leave(channel.place)

        assert channel.place.channel is None


class TestLeaving:
    def test_whose_client_has_gone_is_forgotten(self, world):
        one, two = world.parked(2)

        assert world.lot.leave(one.place)

        world.change()
        assert world.take_woken() == [two]
        assert len(world.lot) == 1

    def test_who_is_being_run_is_not_the_lots_business(self, world):
        (channel,) = world.parked(1)
        world.change()

        assert not world.lot.leave(channel.place)
        assert not world.lot.leave(world.channel().place)

    def test_one_may_leave_while_a_scout_is_out_or_its_answer_on_the_way(self, world):
        channels = world.parked(4)
        world.change()

        assert world.lot.leave(channels[1].place)
        world.answer(channels[0])
        assert world.lot.leave(channels[2].place)

        assert [channel for channel, _ in world.gifts()] == [channels[3]]
        assert len(world.lot) == 0

    def test_one_may_leave_after_a_scout_has_come_back(self, world):
        channels = world.parked(4)
        world.change()
        newcomers = world.parked(1)
        world.park(channels[0])

        assert all(world.lot.leave(channel.place) for channel in channels + newcomers)

        assert len(world.lot) == 0
        assert world.changes.rings == []

    def test_all_who_follow_may_have_left(self, world):
        channels = world.parked(2)
        world.change()
        world.lot.leave(channels[1].place)

        world.answer(channels[0])

        assert world.couriers == 0


class TestLostClients:
    """What the application has asked for in that case is done by a thread, once."""

    def test_who_is_parked(self, world):
        (channel,) = world.parked(1)
        channel.place.if_lost = lambda: "lost"

        world.lot.leave(channel.place)
        world.lot.leave(channel.place)

        assert [errand() for errand in world.errands] == ["lost"]

    def test_who_was_being_run_when_it_happened(self, world):
        channel = world.channel()
        channel.place.if_lost = lambda: "lost"
        world.look(channel)

        assert not world.lot.leave(channel.place)
        assert world.errands == []
        channel.connected = False
        world.give_up(channel)

        assert [errand() for errand in world.errands] == ["lost"]

    def test_who_was_to_be_run_and_was_not_any_more(self, world):
        (channel,) = world.parked(1)
        channel.place.if_lost = lambda: "lost"
        world.change()
        channel.place.ran = False

        world.lot.end(channel.place)

        assert [errand() for errand in world.errands] == ["lost"]

    def test_not_who_was_answered(self, world):
        (channel,) = world.parked(1)
        channel.place.if_lost = lambda: "lost"
        world.change()

        world.answer(channel)

        assert world.errands == []

    def test_not_who_has_asked_for_nothing(self, world):
        (channel,) = world.parked(1)

        world.lot.leave(channel.place)

        assert world.errands == []


class TestRoom:
    def test_no_more_are_parked_than_there_is_room_for(self):
        world = World(limit=2)
        world.parked(2)

        assert not world.channel().place.free

    def test_who_is_parked_already_has_room_when_he_looks_again(self):
        world = World(limit=1)
        (channel,) = world.parked(1)

        world.change()

        assert channel.place.free

    def test_who_leaves_makes_room(self):
        world = World(limit=1)
        (channel,) = world.parked(1)
        world.lot.leave(channel.place)

        assert world.channel().place.free

    def test_no_more_are_run_again_at_once_than_is_good_for_the_others(self):
        world = World(at_once=2)
        channels = [channel for n in range(5) for channel in world.parked(1, alike=n)]

        world.change()
        assert world.take_woken() == channels[:2]
        world.answer(channels[0])
        assert world.take_woken() == channels[2:3]
        world.park(channels[1], alike=1)
        assert world.take_woken() == channels[3:4]

    def test_first_runs_do_not_count(self):
        world = World(at_once=1)
        (channel,) = world.parked(1)
        other = world.channel()
        world.look(other)
        world.lot.end(other.place)

        world.change()

        assert world.take_woken() == [channel]


class TestTheEnd:
    def test_everybody_is_run_for_the_last_time(self, world):
        channels = world.parked(3) + world.parked(2, alike="other")

        world.lot.close()
        world.lot.tend()
        scouts = world.take_woken()
        assert not any(scout.place.free for scout in scouts)
        for scout in scouts:
            world.answer(scout)

        assert {*scouts, *(channel for channel, _ in world.gifts())} == set(channels)
        assert len(world.lot) == 0

    def test_nobody_is_parked_any_more(self, world):
        world.lot.close()

        assert not world.channel().place.free

    def test_who_parks_all_the_same_is_run_at_once(self, world):
        channel = world.channel()
        world.look(channel)
        world.lot.close()

        world.give_up(channel)

        assert world.take_woken() == [channel]
        assert not channel.place.free

    def test_those_who_follow_a_scout_are_not_parked_again(self, world):
        channels = world.parked(3)
        world.change()
        world.take_woken()
        world.look(channels[0])

        world.lot.close()
        world.give_up(channels[0])

        assert set(world.take_woken()) == {channels[0], channels[1]}
        world.answer(channels[1])
        assert dict(world.gifts()) == {channels[2]: ANSWER}
