"""Users as pieces and cores of a site see them: a name, and the groups that are known with it."""

from collections.abc import Iterable
from typing import Self


class User(str):
    """The name of somebody who has logged in, with the ``groups`` that the request told, or that of a job.

    It is a text like any other, and equal to one of the same name, whatever their groups.
    """

    __slots__ = ("groups",)

    groups: frozenset[str]

    def __new__(cls, name: str, groups: Iterable[str] = ()) -> Self:
        """Make one of a name."""
        user = super().__new__(cls, name)
        user.groups = frozenset(groups)
        return user
