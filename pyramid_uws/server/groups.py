"""Who waits for what: places that are answered alike form a group, groups that watch the same key a subject.

Nothing here takes a lock; the lot calls it under its own.
"""

from collections.abc import Callable, Hashable, Iterator
from functools import partial

from .place import Changes, Place

Places = dict[Place, None]


class Group:
    """Places that are answered alike. ``changes`` counts those of their key since the group was formed."""

    __slots__ = ("alike", "changes", "parked", "size", "subject")

    def __init__(self, subject: "Subject", alike: Hashable) -> None:
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


class Subject:
    """A key that is watched, and the groups that watch it."""

    __slots__ = ("changes", "groups", "key", "ring")

    def __init__(self, key: bytes, changes: Changes, ring: Callable[[], None]) -> None:
        self.key = key
        self.changes = changes
        self.ring = ring
        self.groups: dict[Hashable, Group] = {}


class Groups:
    """All groups. ``note`` is called with the key of a subject when that has changed, in any thread."""

    def __init__(self, note: Callable[[bytes], None]) -> None:
        self._note = note
        self._subjects: dict[bytes, Subject] = {}
        self._size = 0

    def __len__(self) -> int:
        """Return how many places belong to a group."""
        return self._size

    def __iter__(self) -> Iterator[Group]:
        for subject in self._subjects.values():
            yield from subject.groups.values()

    def of(self, key: bytes) -> Iterator[Group]:
        """Yield the groups that watch a key."""
        subject = self._subjects.get(key)
        if subject is not None:
            yield from subject.groups.values()

    def join(self, place: Place, changes: Changes, key: bytes, alike: Hashable) -> Group:
        """Let the place belong to a group, which is formed if need be."""
        subject = self._subjects.get(key)
        if subject is None:
            subject = self._subjects[key] = Subject(key, changes, partial(self._note, key))
            changes.subscribe(key, subject.ring)
        group = subject.groups.get(alike)
        if group is None:
            group = subject.groups[alike] = Group(subject, alike)
        place.group = group
        group.size += 1
        self._size += 1
        return group

    def leave(self, place: Place) -> None:
        """Let the place belong to its group no more; the last one gives up the key."""
        group = place.group
        assert group is not None, "nobody leaves twice"
        place.group = place.channel = None  # the calendar may keep the place for a while, but not its connection
        group.size -= 1
        self._size -= 1
        if group.size == 0:
            subject = group.subject
            del subject.groups[group.alike]
            if not subject.groups:
                del self._subjects[subject.key]
                subject.changes.unsubscribe(subject.key, subject.ring)
