"""What all scenarios share: the options, the folder, the databases, the yardstick server, and the figures."""

import contextlib
import functools
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from . import filling, yardsticks
from .client import Client, get
from .samples import Figure, Sample
from .servers import Hello, Site

#: The list of the filled databases' jobs.
ARCHIVE = f"/{filling.SERVICE}/async"

#: In databases of at least this size, so many of the jobs are one owner's.
OWNED = 10_000
OWNED_FROM = 100_000

_ID = re.compile(rb'<uws:jobref id="([^"]+)"')


@dataclass(frozen=True)
class Options:
    """How much is measured; a round is one turn of ours or of the yardstick's."""

    rounds: int = 11
    seconds: float = 0.6
    sizes: tuple[int, ...] = (1_000, 10_000, 100_000)
    waiters: tuple[int, ...] = (100, 1_000, 5_000, 10_000)
    threads: int = 32
    queued: int = 200
    starts: int = 5
    soak: float = 600.0


class Bench:
    """One run. To be entered; everything that was started or made is gone at the end of the block."""

    def __init__(self, options: Options, folder: Path | None, show: Callable[[Figure], None]) -> None:
        self.options = options
        self.figures: list[Figure] = []
        self._show = show
        self._parent = folder
        self._numbers: dict[str, int] = {}
        self._databases: dict[int, Path] = {}
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        self.folder = Path(
            self._stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-", dir=self._parent))
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def add(self, figure: Figure) -> None:
        """Take a figure into the report."""
        self.figures.append(figure)
        self._show(figure)

    def hello(self, clients: int, seconds: float | None = None) -> Sample:
        """Ask the plain application for a round."""
        return yardsticks.hello(self.hello_server, clients, seconds or self.options.seconds)

    @functools.cached_property
    def hello_server(self) -> Hello:
        """The plain application, started when it is first needed."""
        server = self._stack.enter_context(Hello(self.folder / "hello"))
        yardsticks.hello(server, 4, 0.5)
        return server

    @contextlib.contextmanager
    def site(
        self,
        name: str,
        storage: Path | None = None,
        *,
        threads: int | None = None,
        settings: Mapping[str, str] | None = None,
        server_settings: Mapping[str, str] | None = None,
    ) -> Iterator[Site]:
        """Run a server of that name; a second one of the same name has a folder of its own."""
        site = Site(
            self.new_folder(name),
            storage,
            threads=threads or self.options.threads,
            settings=settings,
            server_settings=server_settings,
        )
        with site:
            yield site

    def new_folder(self, name: str) -> Path:
        """Make a folder that begins with that name."""
        number = self._numbers[name] = self._numbers.get(name, 0) + 1
        folder = self.folder / f"{name}-{number}"
        folder.mkdir()
        return folder

    def database(self, size: int) -> Path:
        """Return a database with so many jobs, filled at the first use."""
        if size not in self._databases:
            path = self.new_folder(f"database-{size}") / "uws.fs"
            seconds = filling.fill(path, size, owned=OWNED if size >= OWNED_FROM else 0)
            self._databases[size] = path
            more = {"file_mb": path.stat().st_size / 1e6, "bytes_per_job": path.stat().st_size / size}
            self.add(Figure("fill", f"{size:,} jobs", count=size, rate=size / seconds, more=more))
        return self._databases[size]


def job_ids(site: Site, last: int, query: str = "") -> list[str]:
    """Return the ids of the newest jobs of the filled list."""
    with Client(site.port) as client:
        body = client.ask(get(f"{ARCHIVE}?LAST={last}{query}")).body
    return [found.decode() for found in _ID.findall(body)]
