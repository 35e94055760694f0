"""Job ids: a newest-first time prefix and 65 random bits, in a URL-safe alphabet.

Sorted as text, ids run from the newest job to the oldest, so that one BTree keyed by id is the look-up, the
newest-first order and the index of creation times.
"""

import re
import secrets
from base64 import b32hexencode

_ALPHABET = "0123456789abcdefghijklmnopqrstuv"
_TIME_CHARS = 11  # 55 bits of µs: enough until the year 3111
_RANDOM_CHARS = 13  # 65 bits
_LATEST: int = 32**_TIME_CHARS - 1
_ID = re.compile(f"[{_ALPHABET}]{{{_TIME_CHARS + _RANDOM_CHARS}}}")


def new_id(created: int) -> str:
    """Make an id for a job created at that instant (µs); nobody can guess it."""
    number = _left(created) << 5 * _RANDOM_CHARS | secrets.randbits(5 * _RANDOM_CHARS)
    return b32hexencode(number.to_bytes(15)).decode().lower()


def time_prefix(created: int) -> str:
    """Return what the ids of all jobs created at that instant (µs) begin with."""
    return b32hexencode((_left(created) << 5 * _RANDOM_CHARS).to_bytes(15)).decode().lower()[:_TIME_CHARS]


def _left(created: int) -> int:
    return _LATEST - min(max(created, 0), _LATEST)


def created_at(job_id: str) -> int:
    """Return the instant (µs) at which the job of that id was created."""
    return _LATEST - int(job_id[:_TIME_CHARS], 32)


def is_id(text: str) -> bool:
    """Tell whether the text has the form of a job id."""
    return _ID.fullmatch(text) is not None
