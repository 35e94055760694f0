"""How many requests there are in a minute, for each who asks. Each web process counts those that it gets."""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from pyramid.request import Request

from pyramid_uws.exceptions import TooMany
from pyramid_uws.snapshot import root_factory
from pyramid_uws.tree import Root
from pyramid_uws.uws.quotas import Payer, Quotas

from .parked import PARK
from .payers import nobody_at, payer_of

#: So many are remembered; those who have asked longest ago are forgotten first.
MOST_KEYS: Final = 50_000

MINUTE: Final = 60.0

#: Less than this (s) is no time to wait, but the rounding of numbers.
_NOTHING: Final = 1e-6


class Buckets:
    """A bucket for each who asks, of as many requests as there may be in a minute; it fills evenly.

    What is kept of one is when it will be full again. Who is not known has a full one, so to forget a full one
    loses nothing.
    """

    def __init__(self, most: int = MOST_KEYS, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def take(self, key: str, per_minute: int) -> float:
        """Take one request out; return 0.0, or after how many seconds there will be one."""
        pause = MINUTE / per_minute
        with self._lock:
            now = self._clock()
            before = max(self._full_at.pop(key, now), now)
            wait = before + pause - now - MINUTE
            self._full_at[key] = before if wait > _NOTHING else before + pause
            if len(self._full_at) > self._most:
                self._full_at.popitem(last=False)
        return wait if wait > _NOTHING else 0.0

    def left(self, key: str, per_minute: int) -> int:
        """Return how many requests are in a bucket."""
        now = self._clock()
        missing = max(self._full_at.get(key, now) - now, 0.0)
        return max(int((MINUTE - missing) * per_minute / MINUTE + _NOTHING), 0)


def counting_root_factory(request: Request) -> Root:
    """Return the root for traversal, unless whoever asks has asked too often of late.

    A request that is parked and run again counts once.
    """
    root = root_factory(request)
    quotas = request.registry.uws.limiter.quotas.table(root)
    if "requests" in quotas.keys and not _ran_before(request):
        refusal = _count(request, quotas, payer_of(request))
        if refusal is not None:
            raise refusal
    return root


def count_stranger(request: Request) -> TooMany | None:
    """Count a request whose credentials are refused, for its address; return what is said if these are too many.

    It does not come as far as the tree: the quotas are those that were seen there last.
    """
    quotas = request.registry.uws.limiter.quotas.latest
    return _count(request, quotas, nobody_at(request)) if "requests" in quotas.keys else None


def _ran_before(request: Request) -> bool:
    place = request.environ.get(PARK)
    return place is not None and place.memory is not None


def _count(request: Request, quotas: Quotas, payer: Payer) -> TooMany | None:
    most = quotas.of(payer).requests
    wait = request.registry.uws.buckets.take(payer.name, most) if most else 0.0
    if not wait:
        return None
    return TooMany(
        f"These are too many requests of {payer.shown}: there may be {most} in a minute (quota requests).",
        math.ceil(wait),
    )
