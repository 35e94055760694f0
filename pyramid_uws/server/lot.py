"""The parking lot: which requests wait for what, and who is to be run again. It knows no sockets.

**Groups and scouts.** Requests that wait for the same key and are equally alike form a group. When the key
has changed, one of them, the scout, is run again; the others follow what becomes of it:

- it answers: they are given its answer, and the application is not asked again;
- it parks again, for the change was not what they wait for: they stay parked;
- its client has gone: the next one is the scout;
- it answers something that cannot be shared: each is run for himself.

So a flood of changes that nobody waits for costs one run each, and ten thousand who wait for one job cost one
run and ten thousand writes. Those whose time is up together send a scout likewise.

**No change is missed.** A place watches before the application looks. A group counts its changes; a place
that parks with an old count is run again at once.

**Lost clients.** A client may go away while its request is parked. Whatever the application has asked for in that
case (``if_lost``) is called in a thread of the server: it may take its time, which the loop's thread must not.

**Who runs what.** Threads that commit leave a note (:meth:`Lot.note`) and ring; the loop's thread calls
:meth:`Lot.tend`, which reads the notes and the calendar; the threads of the server park and end. At most
``at_once`` places are run again at a time, so that ordinary requests find a free thread.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterable
from typing import Any

from .calendar import Calendar
from .groups import Group, Groups, Places
from .place import Answer, Changes, Place


class Lot:
    """All places.

    ``run`` hands a channel to the threads, ``call`` a function; ``ring`` wakes the loop, ``give`` starts a
    courier.
    """

    def __init__(
        self,
        *,
        limit: int,
        at_once: int,
        run: Callable[[Any], None],
        ring: Callable[[], None],
        give: Callable[[], None],
        call: Callable[[Callable[[], object]], None],
    ) -> None:
        self.is_closing = False
        self._limit = limit
        self._at_once = at_once
        self._run = run
        self._ring = ring
        self._give = give
        self._call = call
        self._lock = threading.Lock()
        self._groups = Groups(self.note)
        self._calendar = Calendar()
        self._notes: deque[bytes] = deque()
        self._ready: deque[Place] = deque()
        self._running = 0
        self._mail: deque[tuple[Answer, Places]] = deque()
        self._courier_is_out = False

    def __len__(self) -> int:
        """Return how many requests are parked, or are run and will be parked if there is nothing to tell."""
        return len(self._groups)

    def has_room_for(self, place: Place) -> bool:
        """Tell whether the place may be parked."""
        return not self.is_closing and (place.group is not None or len(self) < self._limit)

    # In the threads of the server

    def watch(self, place: Place, changes: Changes, key: bytes, alike: Hashable) -> None:
        """Let the place belong to those who watch the key; in a later run it does so already."""
        with self._lock:
            group = place.group or self._groups.join(place, changes, key, alike)
            place.seen = group.changes

    def park(self, place: Place) -> None:
        """Keep a place whose run was thrown away, until there is a reason for the next one."""
        with self._lock:
            self._land(place)
            group = place.group
            assert group is not None, "a place that parks watches something"
            followers, place.followers = place.followers, {}
            is_lost = not place.channel.connected
            if is_lost:
                self._groups.leave(place)
                self._send(followers)
            elif self.is_closing or place.is_late:
                place.last_call = True
                self._send({place: None})
                self._follow_up(group, place, followers)
            elif place.seen != group.changes:
                place.followers = followers
                self._ready.append(place)
            else:
                place.among = followers
                followers[place] = None
                group.put_back(followers)
                self._calendar.note(place)
            go = self._next()
        self._start(go)
        if is_lost:
            self._mourn(place)

    def end(self, place: Place) -> None:
        """Let a place go that was answered, or whose client has gone."""
        with self._lock:
            self._land(place)
            followers, place.followers = place.followers, {}
            self._groups.leave(place)
            if followers and place.answer is not None:
                self._mail.append((place.answer, followers))
            elif followers and not place.ran:
                self._send(followers)
            else:
                self._send_each(followers)
            go = self._next()
            call = bool(self._mail) and not self._courier_is_out
            self._courier_is_out |= call
        self._start(go)
        if call:
            self._give()
        if not place.ran:
            self._mourn(place)

    def next_gift(self) -> Any:
        """Return the channel of a place that now has its answer; None ends the courier's round."""
        with self._lock:
            while self._mail:
                answer, places = self._mail[0]
                if not places:
                    self._mail.popleft()
                    continue
                place, _ = places.popitem()
                place.among = None
                place.given = answer
                channel = place.channel
                self._groups.leave(place)
                return channel
            self._courier_is_out = False
            return None

    # In any thread, under locks of others

    def note(self, key: bytes) -> None:
        """Remember that the key has changed; all else is done by :meth:`tend`."""
        self._notes.append(key)
        self._ring()

    # In the loop's thread

    def tend(self) -> float | None:
        """Let those go who have reason to; return the seconds until somebody's time is up, if anybody waits."""
        now = time.monotonic()
        with self._lock:
            while self._notes:
                self._change(self._notes.popleft())
            self._call_late(now)
            self._calendar.tidy(len(self))
            go = self._next()
            pause = self._calendar.pause(now)
        self._start(go)
        return pause

    def leave(self, place: Place) -> bool:
        """Forget a place whose client has gone; tell whether it was parked, and so nobody else's business."""
        with self._lock:
            if place.among is None:
                return False
            del place.among[place]
            place.among = None
            self._groups.leave(place)
        self._mourn(place)
        return True

    def close(self) -> None:
        """Have everybody answered, and nobody parked any more."""
        with self._lock:
            self.is_closing = True
            for group in self._groups:
                self._send(group.take_all())
        self._ring()

    # Reasons to be run again (all that follows holds the lock)

    def _change(self, key: bytes) -> None:
        for group in self._groups.of(key):
            group.changes += 1
            self._send(group.take_all())

    def _follow_up(self, group: Group, scout: Place, followers: Places) -> None:
        """Let the followers of a scout that has seen nothing new park again, or send the next one."""
        if scout.seen == group.changes and not self.is_closing:
            group.put_back(followers)
        else:
            self._send(followers)

    def _call_late(self, now: float) -> None:
        """Send those whose time is up, each group together."""
        late: dict[Group, Places] = {}
        for place in self._calendar.take_late(now):
            group = place.group
            assert group is not None, "who has left is not called"
            del group.parked[place]
            place.last_call = True
            place.among = late.setdefault(group, {})
            place.among[place] = None
        for places in late.values():
            self._send(places)

    # Running

    def _send(self, places: Places) -> None:
        """Have the first of them look, on behalf of all."""
        if places:
            scout = next(iter(places))
            del places[scout]
            scout.among = None
            scout.followers = places
            self._ready.append(scout)

    def _send_each(self, places: Iterable[Place]) -> None:
        """Have each of them look for himself."""
        for place in places:
            place.among = None
            self._ready.append(place)

    def _next(self) -> list[Any]:
        """Choose those who may be run now."""
        go = []
        while self._ready and self._running < self._at_once:
            place = self._ready.popleft()
            place.resumed = True
            self._running += 1
            go.append(place.channel)
        return go

    def _mourn(self, place: Place) -> None:
        """Have done what is to be done when the client has gone; without the lock."""
        wish, place.if_lost = place.if_lost, None
        if wish is not None:
            self._call(wish)

    def _start(self, channels: Iterable[Any]) -> None:
        for channel in channels:
            self._run(channel)

    def _land(self, place: Place) -> None:
        if place.resumed:
            place.resumed = False
            self._running -= 1
