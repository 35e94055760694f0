"""The files that belong to pages: read once, named by their content, and looked up by name, never by path."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path, PurePosixPath

FOLDER = Path(__file__).with_name("static")

#: The view of the site's root under which they are.
NAME = "static"

#: Ending -> media type; files of other kinds are nobody's business.
MEDIA_TYPES: Mapping[str, str] = {
    ".css": "text/css; charset=UTF-8",
    ".js": "text/javascript; charset=UTF-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=UTF-8",
}


def media_type_of(name: str) -> str:
    """Return the media type of a file."""
    return MEDIA_TYPES[PurePosixPath(name).suffix]


@dataclass(frozen=True)
class Statics:
    """All of them. ``version`` is a hash of their contents, and part of their URLs."""

    version: str
    contents: Mapping[str, bytes]

    def path(self, name: str) -> str:
        """Return the path of a file below the site's root; ``KeyError`` if there is none of that name."""
        self.contents[name]
        return f"{NAME}/{self.version}/{name}"


def read_statics(folder: Path) -> Statics:
    """Read the files of a folder and those below it."""
    found = sorted(path for path in folder.rglob("*") if path.suffix in MEDIA_TYPES)
    contents = {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}
    digest = blake2b(digest_size=8)
    for name, content in contents.items():
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return Statics(digest.hexdigest(), contents)


@cache
def statics() -> Statics:
    """Return the files that come with the package."""
    return read_statics(FOLDER)
