"""What the dispatcher has the writer do for it: many changes are handed over at once, then waited for."""

import logging
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from typing import TypeVar

from pyramid_uws.exceptions import Overloaded, UWSError

from .changes import hand_over
from .writer import Change, Writer

log = logging.getLogger(__name__)

T = TypeVar("T")


class Errands:
    """Changes on their way; ``refused`` tells whether the database could not be written for one of them."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.refused = False

    def values(self, changes: Iterable[Change[T]]) -> Iterator[T | None]:
        """Hand over all the changes at once; what is returned waits for the value of each."""
        return map(self.value_of, [hand_over(self.writer, change) for change in changes])

    def value_of(self, future: Future[T]) -> T | None:
        """Return what a change of a job has come to; None if it could not be made."""
        try:
            return future.result()
        except Overloaded:
            self.refused = True
        except UWSError as problem:
            log.info("a job has changed meanwhile: %s", problem)
        except Exception:  # the edge of a job; the others go on
            log.exception("the change of a job has failed")
        return None
