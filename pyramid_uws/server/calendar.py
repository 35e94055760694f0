"""When whose time is up. Nothing here takes a lock; the lot calls it under its own."""

import heapq
import itertools

from .place import Place

#: How long until a place is looked at again whose time came while it was being run (s).
LATER = 0.05

#: The calendar is tidied when it holds so many entries more than twice the places there are.
UNTIDY = 1000


class Calendar:
    """Places by their time. One that has left is dropped when its time comes, or at the next tidying."""

    def __init__(self) -> None:
        self._entries: list[tuple[float, int, Place]] = []
        self._numbers = itertools.count()

    def __len__(self) -> int:
        return len(self._entries)

    def note(self, place: Place) -> None:
        """Take note of a place's time, once."""
        if not place.is_timed:
            place.is_timed = True
            self._enter(place.until, place)

    def take_late(self, now: float) -> list[Place]:
        """Return the parked places whose time is up; those on their way are looked at again later."""
        late = []
        while self._entries and self._entries[0][0] <= now:
            _, _, place = heapq.heappop(self._entries)
            if place.group is None:
                continue
            if place.among is place.group.parked:
                late.append(place)
            else:
                self._enter(now + LATER, place)
        return late

    def pause(self, now: float) -> float | None:
        """Return the seconds until somebody's time is up, None if nobody is here."""
        return max(0.0, self._entries[0][0] - now) if self._entries else None

    def tidy(self, count: int) -> None:
        """Drop those who have left, if there are many of them beside the ``count`` who have not."""
        if len(self._entries) > UNTIDY + 2 * count:
            self._entries = [entry for entry in self._entries if entry[2].group is not None]
            heapq.heapify(self._entries)

    def _enter(self, instant: float, place: Place) -> None:
        heapq.heappush(self._entries, (instant, next(self._numbers), place))
