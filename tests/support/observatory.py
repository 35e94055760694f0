"""An archive whose pieces are our own: what an operator may replace of a datalink service."""

from dataclasses import dataclass
from pathlib import Path

from pyramid_uws.datalink import NoOverlap, NotFound
from pyramid_uws.documents.datalink import Link
from pyramid_uws.exceptions import CoreError

from .server import PROJECT

#: What `Datalink` takes to have all of it from here.
PIECES = {
    "descriptor": f"{__name__}:Shelf",
    "access": f"{__name__}:may_see",
    "links": (f"{__name__}:plate",),
    "parameters": f"{__name__}:nothing_to_choose",
    "format": f"{__name__}:text",
    "estimate": f"{__name__}:a_line",
    "function": f"{__name__}:copy_out",
}

DEMO = str(PROJECT / "pyramid_uws/demo/observations")

_OWN = {f"datalink_{key}": value if isinstance(value, str) else " ".join(value) for key, value in PIECES.items()}

#: Sections of an ini file: the demo's service; the same data under limits; pieces of our own, twice.
SECTIONS = {
    "uws:service:observations": {
        "datalink_descriptor": "pyramid_uws.demo.observed:observations",
        "examples": "pyramid_uws.demo.observed:EXAMPLES",
    },
    "uws:service:few": {
        "datalink_folder": DEMO,
        "datalink_max_ids": "2",
        "datalink_max_results": "4",
        "datalink_max_sync": "20k",
    },
    "uws:service:plates": _OWN,
    "uws:service:listed": _OWN | {"datalink_descriptor": f"{__name__}:ListedShelf"},
}


@dataclass(frozen=True)
class Plate:
    """A photographic plate."""

    id: str
    kind: str = "image"
    path: Path = Path("/nonexistent")
    title: str = "A plate"
    credits: str = "The observatory"
    licence: str = ""
    media_type: str = "text/x-plate"
    size: int = 6
    circle: tuple | None = None
    footprint: tuple | None = None
    band: tuple | None = None
    time: tuple | None = None
    pol: tuple = ()
    axes: tuple = ()


class Shelf:
    """Finds plates; some ids bring trouble."""

    def __call__(self, id):  # noqa: A002 - the name that the room uses
        if id == "lost":
            raise NotFound(id)
        if id == "wet":
            raise OSError("the shelf is under water")
        if id == "cursed":
            raise RuntimeError("nobody foresaw this")
        return Plate(id)


class ListedShelf(Shelf):
    """Names what it has, troubles included."""

    def __iter__(self):
        return iter(["a", "lost", "wet", "cursed", "secret", "b"])


def may_see(observation, user):
    return observation.id != "secret" or user == "alice"


def plate(observation, offer):
    yield Link(
        id=observation.id,
        access_url=f"{offer.links}/plate",
        description="The plate",
        semantics="#this",
        **offer.rights,
    )


def nothing_to_choose(observation):
    return ()


def text(observation, cut, wish):
    return wish or "text/x-plate"


def a_line(observation, cut):
    return 6


def copy_out(observation, cut, file, media_type, history, progress):
    progress(0.5)
    if cut.shape == ("circle", (0.0, 0.0, 0.0)):
        raise NoOverlap("there is a hole.")
    if cut.shape == ("circle", (0.0, 0.0, 1.0)):
        raise CoreError("The light is on.", transient=True)
    if cut.shape == ("circle", (0.0, 0.0, 2.0)):
        raise MemoryError
    file.write("\n".join([observation.id, str(cut), *history]).encode())
