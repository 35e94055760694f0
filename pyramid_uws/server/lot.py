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

**Who runs what.** Threads that commit leave a note (:meth:`Lot.note`) and ring; the loop's thread calls
:meth:`Lot.tend`, which reads the notes and the calendar; the threads of the server park and end. At most
``at_once`` places are run again at a time, so that ordinary requests find a free thread.
"""

import heapq
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterable
from functools import partial
from typing import Any

from .place import Answer, Changes, Place

Places = dict[Place, None]

#: How long until a place is looked at again whose time came while it was being run (s).
LATER = 0.05

#: The calendar is tidied when it holds more entries than this, and most of them are outdated.
CALENDAR = 1000


class Subject:
    """A key that is watched, and those who watch it."""

    __slots__ = ("changes", "groups", "key", "ring")

    def __init__(self, key: bytes, changes: Changes, ring: Callable[[], None]) -> None:
        self.key = key
        self.changes = changes
        self.ring = ring
        self.groups: dict[Hashable, Group] = {}


class Group:
    """Places that are answered alike."""

    __slots__ = ("alike", "changes", "parked", "size", "subject")

    def __init__(self, subject: Subject, alike: Hashable) -> None:
        self.subject = subject
        self.alike = alike
        self.changes = 0
        self.parked: Places = {}
        self.size = 0

    def take_all(self) -> Places:
        """Take out all that are parked."""
        places, self.parked = self.parked, {}
        return places

    def put_back(self, places: Places) -> None:
        """Park these, too; the smaller number moves to the greater, so that this costs little."""
        if len(places) > len(self.parked):
            places, self.parked = self.parked, places
        self.parked.update(places)
        for place in places:
            place.among = self.parked


class Lot:
    """All places. ``run`` hands a channel to the threads, ``ring`` wakes the loop, ``give`` starts a courier."""

    def __init__(
        self,
        *,
        limit: int,
        at_once: int,
        run: Callable[[Any], None],
        ring: Callable[[], None],
        give: Callable[[], None],
    ) -> None:
        self.is_closing = False
        self._limit = limit
        self._at_once = at_once
        self._run = run
        self._ring = ring
        self._give = give
        self._lock = threading.Lock()
        self._subjects: dict[bytes, Subject] = {}
        self._count = 0
        self._notes: deque[bytes] = deque()
        self._ready: deque[Place] = deque()
        self._running = 0
        self._mail: deque[tuple[Answer, Places]] = deque()
        self._courier_is_out = False
        self._calendar: list[tuple[float, int, Place]] = []
        self._numbers = itertools.count()

    def __len__(self) -> int:
        """Return how many requests are parked, or are run and will be parked if there is nothing to tell."""
        return self._count

    def has_room_for(self, place: Place) -> bool:
        """Tell whether the place may be parked."""
        return not self.is_closing and (place.group is not None or self._count < self._limit)

    # In the threads of the server

    def watch(self, place: Place, changes: Changes, key: bytes, alike: Hashable) -> None:
        """Let the place belong to those who watch the key; in a later run it does so already."""
        with self._lock:
            group = place.group
            if group is None:
                group = place.group = self._group(changes, key, alike)
                group.size += 1
                self._count += 1
            place.seen = group.changes

    def park(self, place: Place) -> None:
        """Keep a place whose run was thrown away, until there is a reason for the next one."""
        with self._lock:
            self._land(place)
            group = place.group
            assert group is not None, "a place that parks watches something"
            followers, place.followers = place.followers, {}
            if not place.channel.connected:
                self._leave_group(place)
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
                self._note_time(place)
            go = self._next()
        self._start(go)

    def end(self, place: Place) -> None:
        """Let a place go that was answered, or whose client has gone."""
        with self._lock:
            self._land(place)
            followers, place.followers = place.followers, {}
            self._leave_group(place)
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
                self._leave_group(place)
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
            self._call_time(now)
            self._tidy_calendar()
            go = self._next()
            pause = max(0.0, self._calendar[0][0] - now) if self._calendar else None
        self._start(go)
        return pause

    def leave(self, place: Place) -> bool:
        """Forget a place whose client has gone; tell whether it was parked, and so nobody else's business."""
        with self._lock:
            if place.among is None:
                return False
            del place.among[place]
            place.among = None
            self._leave_group(place)
            return True

    def close(self) -> None:
        """Have everybody answered, and nobody parked any more."""
        with self._lock:
            self.is_closing = True
            for subject in self._subjects.values():
                for group in subject.groups.values():
                    self._send(group.take_all())
        self._ring()

    # Groups (all that follows holds the lock)

    def _group(self, changes: Changes, key: bytes, alike: Hashable) -> Group:
        subject = self._subjects.get(key)
        if subject is None:
            subject = self._subjects[key] = Subject(key, changes, partial(self.note, key))
            changes.subscribe(key, subject.ring)
        group = subject.groups.get(alike)
        if group is None:
            group = subject.groups[alike] = Group(subject, alike)
        return group

    def _leave_group(self, place: Place) -> None:
        group = place.group
        assert group is not None, "nobody leaves twice"
        place.group = place.channel = None  # the calendar may keep the place for a while, but not its connection
        group.size -= 1
        self._count -= 1
        if group.size == 0:
            subject = group.subject
            del subject.groups[group.alike]
            if not subject.groups:
                del self._subjects[subject.key]
                subject.changes.unsubscribe(subject.key, subject.ring)

    # Reasons to be run again

    def _change(self, key: bytes) -> None:
        subject = self._subjects.get(key)
        if subject is not None:
            for group in subject.groups.values():
                group.changes += 1
                self._send(group.take_all())

    def _follow_up(self, group: Group, scout: Place, followers: Places) -> None:
        """Let the followers of a scout that has seen nothing new park again, or send the next one."""
        if scout.seen == group.changes and not self.is_closing:
            group.put_back(followers)
        else:
            self._send(followers)

    def _note_time(self, place: Place) -> None:
        if not place.is_timed:
            place.is_timed = True
            heapq.heappush(self._calendar, (place.until, next(self._numbers), place))

    def _call_time(self, now: float) -> None:
        """Send those whose time is up, each group together."""
        late: dict[Group, Places] = {}
        while self._calendar and self._calendar[0][0] <= now:
            _, _, place = heapq.heappop(self._calendar)
            group = place.group
            if group is None:
                continue
            if place.among is not group.parked:  # on its way, or following one who is
                heapq.heappush(self._calendar, (now + LATER, next(self._numbers), place))
                continue
            del group.parked[place]
            place.last_call = True
            place.among = late.setdefault(group, {})
            place.among[place] = None
        for places in late.values():
            self._send(places)

    def _tidy_calendar(self) -> None:
        if len(self._calendar) > CALENDAR + 2 * self._count:
            self._calendar = [entry for entry in self._calendar if entry[2].group is not None]
            heapq.heapify(self._calendar)

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

    def _start(self, channels: Iterable[Any]) -> None:
        for channel in channels:
            self._run(channel)

    def _land(self, place: Place) -> None:
        if place.resumed:
            place.resumed = False
            self._running -= 1
