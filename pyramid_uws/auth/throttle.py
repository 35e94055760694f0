"""Failures by address and by user: after too many, there is no other try for a while."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from pyramid_uws.exceptions import TooMany
from pyramid_uws.uws.quotas import network_of

#: So many keys are remembered; those that failed longest ago are forgotten first.
MOST_KEYS = 10_000


class Throttle:
    """Counts failures for each key; they are forgotten ``window`` seconds after the first of them."""

    def __init__(self, most: int, window: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._window = window
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def check(self, *keys: str) -> None:
        """Refuse whoever has failed too often."""
        with self._lock:
            left = max(map(self._left, keys))
        if left > 0:
            raise TooMany("There were too many wrong passwords; try again later.", int(left) + 1)

    def fail(self, *keys: str) -> None:
        """Note a failure."""
        with self._lock:
            for key in keys:
                count, since = self._failures.pop(key, (0, 0.0))
                if self._clock() - since > self._window:
                    count, since = 0, self._clock()
                self._failures[key] = (count + 1, since)
            while len(self._failures) > MOST_KEYS:
                self._failures.popitem(last=False)

    def _left(self, key: str) -> float:
        """Return for how many seconds a key is refused."""
        count, since = self._failures.get(key, (0, 0.0))
        return since + self._window - self._clock() if count >= self._most else 0.0


def key_of_address(address: str) -> str:
    """Return what counts as one address: of IPv6, the network that is given to one customer."""
    return f"address {network_of(address)}"
