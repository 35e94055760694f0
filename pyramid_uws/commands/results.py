"""What a program leaves: which of its files are results, by patterns; which id each has."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import count

from pyramid_uws.uws.results import MEDIA_TYPE, RESULT_ID

_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+", re.ASCII)
_WILD = re.compile(r"[*?\[]")


@dataclass(frozen=True)
class ResultRule:
    """Files that are results: a pattern below the job's folder, their media type; an id, or that of the name.

    At least one such file is promised unless the rule is ``optional``. In a pattern ``*`` and ``?`` stand for
    anything within a name, ``[a-z]`` for one character, ``**`` for any number of folders; names that begin with
    a dot have to be asked for.
    """

    glob: str
    media_type: str
    id: str = ""
    optional: bool = False

    def __post_init__(self) -> None:
        """Refuse what no file could match, or what no result could have."""
        parts = self.glob.split("/")
        if self.glob.startswith("/") or not {"", ".", ".."}.isdisjoint(parts) or "\0" in self.glob:
            raise ValueError(f"{self.glob!r} is no pattern of files within the job's folder, such as plots/*.png")
        for part in parts:
            if ("**" in part and part != "**") or parts[-1] == "**":
                raise ValueError(f"{self.glob}: ** stands for folders, between slashes, as in **/*.png")
            if "[" in re.sub(r"\[!?+\]?+[^\]]*\]", "", part):
                raise ValueError(f"{self.glob}: [ without ] behind it")
        if not MEDIA_TYPE.fullmatch(self.media_type):
            raise ValueError(f"{self.media_type!r} is not a media type such as text/plain")
        check_id(self.id or "x")

    def matches(self, path: str) -> bool:
        """Tell whether a file, by its path below the job's folder, is meant."""
        return _matches(path.split("/"), self.glob.split("/"))

    def id_of(self, path: str, taken: Collection[str]) -> str:
        """Return the id for such a file that is not taken yet."""
        wanted = self.id or safe_id(path.rpartition("/")[2])
        names = (wanted if number == 1 else f"{wanted[:90]}-{number}" for number in count(1))
        return next(name for name in names if name not in taken)


def _matches(path: Sequence[str], glob: Sequence[str]) -> bool:
    """Go along the path, and note how far along the pattern one may be."""
    places = _with_skips({0}, glob)
    for name in path:
        reached = set()
        for place in places - {len(glob)}:
            if name.startswith(".") and not glob[place].startswith("."):
                continue
            if glob[place] == "**":
                reached.add(place)
            elif fnmatchcase(name, glob[place]):
                reached.add(place + 1)
        places = _with_skips(reached, glob)
    return len(glob) in places


def _with_skips(places: set[int], glob: Sequence[str]) -> set[int]:
    """Add the places behind each ``**``, which may stand for nothing."""
    for place, part in enumerate(glob):
        if part == "**" and place in places:
            places.add(place + 1)
    return places


def check_id(result_id: str) -> None:
    """Refuse what cannot be the id of a result."""
    if not RESULT_ID.fullmatch(result_id):
        raise ValueError(
            f"{result_id!r} cannot be the id of a result: it takes up to 100 letters, digits and _ . -, "
            "a letter or digit first"
        )


def safe_id(name: str) -> str:
    """Return an id made of a file's name, whatever that holds."""
    return _UNSAFE.sub("_", name).lstrip("_.-")[:100] or "result"


@dataclass(frozen=True)
class Found:
    """A file that is a result: its path below the job's folder, its id and media type."""

    path: str
    id: str
    media_type: str


def choose(rules: Iterable[ResultRule], paths: Iterable[str], taken: Iterable[str] = ()) -> list[Found]:
    """Return the results among some files, the rules one after the other; a file is the first one's that matches.

    ``taken`` are ids that are not free.
    """
    ids, left, found = set(taken), sorted(paths), []
    for rule in rules:
        matching = [path for path in left if rule.matches(path)]
        left = [path for path in left if path not in set(matching)]
        for path in matching:
            found.append(Found(path, rule.id_of(path, ids), rule.media_type))
            ids.add(found[-1].id)
    return found
