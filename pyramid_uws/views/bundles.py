"""All results of a job in one stream: a ZIP or a tar file, written while it is sent.

Nothing is compressed: pictures, FITS and Parquet gain little by it, and the length is known beforehand. Entries of
a ZIP carry their checksum behind them, and have 64 bits for sizes and places where they need them.
"""

import io
import mimetypes
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from types import MappingProxyType

from pyramid.request import Request
from pyramid.response import Response

from pyramid_uws.exceptions import BadValue
from pyramid_uws.execution.store import ResultStore
from pyramid_uws.tree import Job
from pyramid_uws.uws.control import single

from .forms import read_query

CHUNK = 256 * 1024

#: Media types of the Virtual Observatory that the system's tables do not know.
_EXTENSIONS = MappingProxyType(
    {
        "application/x-votable+xml": ".vot",
        "application/fits": ".fits",
        "image/fits": ".fits",
        "application/vnd.apache.parquet": ".parquet",
        "text/tab-separated-values": ".tsv",
    }
)


@dataclass(frozen=True)
class Entry:
    """A result on its way into a bundle; ``size`` in bytes."""

    name: str
    path: Path
    size: int

    def chunks(self) -> Iterator[bytes]:
        """Yield the content; ``EOFError`` if it is gone or shorter than it was, as when the job is deleted."""
        left = self.size
        try:
            with self.path.open("rb") as file:
                while left and (chunk := file.read(min(CHUNK, left))):
                    left -= len(chunk)
                    yield chunk
        except FileNotFoundError:
            pass
        if left:
            raise EOFError(f"the result {self.name} is gone; the rest of the answer is not sent")


@dataclass(frozen=True)
class Bundle:
    """A way to bundle: length and content for entries and the time (s since 1970, UTC) they are to carry."""

    media_type: str
    extension: str
    length: Callable[[list[Entry]], int]
    pieces: Callable[[list[Entry], int], Iterator[bytes]]


def file_name(result_id: str, media_type: str) -> str:
    """Return under which name a result is to be saved: the id, with an extension that tells its type."""
    if "." in result_id:
        return result_id
    bare = media_type.partition(";")[0].strip().lower()
    return result_id + (_EXTENSIONS.get(bare) or mimetypes.guess_extension(bare) or "")


def wanted_bundle(request: Request) -> Bundle | None:
    """Return the bundle that RESPONSEFORMAT or Accept asks for, None if it is the list that is wanted."""
    asked = single(read_query(request), "RESPONSEFORMAT")
    if asked is not None:
        for bundle in BUNDLES:
            if asked.strip().lower() in {bundle.media_type, bundle.extension.lstrip(".")}:
                return bundle
        raise BadValue("RESPONSEFORMAT", asked, "results come together as zip or tar")
    named = (request.environ.get("HTTP_ACCEPT") or "").lower()
    offers = [bundle.media_type for bundle in BUNDLES if bundle.media_type in named]
    if not offers or request.accept.parsed is None:
        return None
    ranked = request.accept.acceptable_offers([*offers, "text/xml", "application/json"])
    return next((bundle for bundle in BUNDLES if ranked and bundle.media_type == ranked[0][0]), None)


def bundled(request: Request, job: Job, bundle: Bundle) -> Response:
    """Answer with all results of the job. Nothing of the database is needed while it is sent."""
    entries = list(_entries(request.registry.uws.store, job))
    ended = 0 if job.ended is None else job.ended // 1_000_000
    response = Response(app_iter=bundle.pieces(entries, ended), conditional_response=True)
    response.headers["Content-Type"] = bundle.media_type
    response.content_length = bundle.length(entries)
    response.content_disposition = f'attachment; filename="{job.job_id}{bundle.extension}"'
    response.vary = ("Accept",)
    said = (bundle.media_type, ended, job.results)
    response.etag = blake2b(repr(said).encode(), digest_size=12).hexdigest()
    return response


def _entries(store: ResultStore, job: Job) -> Iterator[Entry]:
    """Yield the job's results under names of their own, all in a folder that is called as the job."""
    folder = store.folder(job.job_id) / "results"
    taken: set[str] = set()
    for result_id, media_type, size, _ in job.results:
        name = file_name(result_id, media_type)
        name = f"{len(taken)}-{name}" if name in taken else name
        taken.add(name)
        yield Entry(f"{job.job_id}/{name}", folder / result_id, size)


# ZIP


class _Sink(io.RawIOBase):
    """Takes what is written, to be passed on."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # zipfile writes bytes
        self._written.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        """Return what was written since the last time."""
        taken, self._written = b"".join(self._written), []
        return taken


def _zip_pieces(entries: Iterable[Entry], instant: int) -> Iterator[bytes]:
    sink = _Sink()
    date = datetime.fromtimestamp(max(instant, 315_532_800), UTC).timetuple()[:6]  # ZIP begins with 1980
    with zipfile.ZipFile(sink, "w") as archive:
        for entry in entries:
            info = zipfile.ZipInfo(entry.name, date)
            info.external_attr = 0o644 << 16
            with archive.open(info, "w", force_zip64=entry.size > zipfile.ZIP64_LIMIT) as target:
                for chunk in entry.chunks():
                    target.write(chunk)
                    yield sink.take()
    yield sink.take()


def _zip_length(entries: Iterable[Entry]) -> int:
    """Return how long a ZIP becomes (APPNOTE.TXT 6.3, sections 4.3.6 to 4.3.16)."""
    offset = directory = count = 0
    for count, entry in enumerate(entries, 1):  # noqa: B007 - the last one is used
        is_large = entry.size > zipfile.ZIP64_LIMIT
        wide = 2 * is_large + (offset > zipfile.ZIP64_LIMIT)
        directory += 46 + len(entry.name) + (4 + 8 * wide if wide else 0)
        offset += 30 + len(entry.name) + entry.size + (20 + 24 if is_large else 16)
    is_long = max(offset, directory) > zipfile.ZIP64_LIMIT or count > zipfile.ZIP_FILECOUNT_LIMIT
    return offset + directory + 22 + (76 if is_long else 0)


# tar


def _tar_header(entry: Entry, instant: int) -> bytes:
    info = tarfile.TarInfo(entry.name)
    info.size, info.mtime, info.mode = entry.size, instant, 0o644
    return info.tobuf(tarfile.PAX_FORMAT)


def _padding(size: int) -> int:
    return -size % tarfile.BLOCKSIZE


def _tar_pieces(entries: Iterable[Entry], instant: int) -> Iterator[bytes]:
    for entry in entries:
        yield _tar_header(entry, instant)
        yield from entry.chunks()
        yield bytes(_padding(entry.size))
    yield bytes(2 * tarfile.BLOCKSIZE)


def _tar_length(entries: Iterable[Entry]) -> int:
    blocks = (len(_tar_header(entry, 0)) + entry.size + _padding(entry.size) for entry in entries)
    return sum(blocks) + 2 * tarfile.BLOCKSIZE


BUNDLES = (
    Bundle("application/zip", ".zip", _zip_length, _zip_pieces),
    Bundle("application/x-tar", ".tar", _tar_length, _tar_pieces),
)
