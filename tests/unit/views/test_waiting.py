from concurrent.futures import ThreadPoolExecutor

import pytest

from pyramid_uws.settings import read_settings
from pyramid_uws.views.waiting import WaitingRoom


@pytest.mark.spec("U-114")
@pytest.mark.parametrize(("limit", "threads", "places"), [(0, 16, 8), (0, 5, 2), (0, 1, 1), (3, 16, 3), (3, 2, 3)])
def test_there_are_as_many_places_as_set_or_as_half_the_threads(limit, threads, places):
    room = WaitingRoom(limit)

    assert [room.enter(threads) for _ in range(places)] == [True] * places
    assert not room.enter(threads)


def test_who_leaves_makes_room_for_the_next():
    room = WaitingRoom(1)
    room.enter(1)

    room.leave()

    assert room.enter(1)
    assert not room.enter(1)


def test_many_who_come_at_once_get_no_more_than_there_is():
    room = WaitingRoom(10)

    with ThreadPoolExecutor(32) as pool:
        entered = sum(pool.map(lambda _: room.enter(0), range(1000)))

    assert entered == 10


@pytest.mark.spec("U-109", "C-23")
def test_a_site_holds_requests_no_longer_than_proxies_do_unless_told_otherwise():
    assert read_settings({}).max_wait <= 60
