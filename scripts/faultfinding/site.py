"""The server under test, with a disk, a clock and a backup of its own."""

import random
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from tests.support import processes
from tests.support.anatomy import jobs_of
from tests.support.disks import SmallDisk
from tests.support.http import http
from tests.support.server import Server

from .ledger import Known, Ledger
from .load import ALLOWED, Load

CLOCK = Path(__file__).with_name("clock")

SERVICE = "witness"
SECTIONS = {
    f"uws:service:{SERVICE}": {
        "core": "tests.support.fault_cores:witness",
        "parameters": "tests.support.fault_cores:PARAMETERS_WITNESS",
        "execution_duration": str(ALLOWED),
    }
}
SETTINGS = {"uws.grace": "0.3", "uws.max_running": "6"}


class SteppedServer(Server):
    """A server whose time of day can be set."""

    @property
    def clock(self) -> Path:
        """The file that says by how many seconds its clock is off."""
        return self.folder / "clock"

    def _environment(self) -> dict[str, str]:
        environment = super()._environment()
        paths = f"{CLOCK}:{environment['PYTHONPATH']}"
        return environment | {"PYTHONPATH": paths, "UWS_TEST_CLOCK": str(self.clock)}


@dataclass(frozen=True)
class Backup:
    """A copy of the database, what was known when it was begun, and when it was complete."""

    folder: Path
    known: dict[str, Known]
    copied: float


class Site:
    """All that faults strike: processes, disk, clock, database; and the clients."""

    def __init__(
        self, server: SteppedServer, disk: SmallDisk | None, ledger: Ledger, chance: random.Random
    ) -> None:
        self.server = server
        self.disk = disk
        self.ledger = ledger
        self.chance = chance
        self.diaries = server.folder / "diaries"
        self.diaries.mkdir()
        self.offset = self.latest = 0  # of the clock, in seconds: now, and at most
        self.started = self.now()  # when the server was started last, by its clock
        self._backup: Backup | None = None
        self._load: Load | None = None

    @property
    def joblist(self) -> str:
        """The URL of the job list."""
        return self.server.joblist(SERVICE)

    # Clients

    def work(self) -> None:
        """Let clients work."""
        self._load = Load(self.ledger, self.joblist, str(self.diaries), self.chance)

    def rest(self) -> None:
        """Let clients end."""
        if self._load is not None:
            self._load.stop()
            self._load = None

    # The clock

    def step(self, seconds: int) -> None:
        """Set the clock forward, or back."""
        self.offset += seconds
        self.latest = max(self.latest, self.offset)
        draft = self.server.clock.with_suffix(".new")
        draft.write_text(str(self.offset))
        draft.replace(self.server.clock)

    def now(self) -> int:
        """Return what time it is on the site, in µs."""
        return time.time_ns() // 1000 + self.offset * 1_000_000

    # Processes

    def kill_web(self) -> None:
        """Kill the web process; what is at work has to end well without it."""
        self.server.kill()
        at_work = jobs_of(self.server, "uws-core")
        self.ledger.survive({job_id for job_id in at_work.values() if (self.diaries / job_id).exists()})

    def kill_everything(self) -> None:
        """Kill all processes of the site."""
        processes.kill_all(self.server.mark, self.server.folder)
        self.server.kill()  # which is dead, and is buried
        self.ledger.harm()

    def start(self) -> None:
        """Start the server if it does not run."""
        if not self.server.is_running:
            self.started = self.now()
            self.server.start()

    # The database

    def back_up(self) -> None:
        """Copy the database file and its index as they are, in the midst of all the work."""
        known = self.ledger.snapshot()
        folder = self.server.folder / "backup"
        folder.mkdir(exist_ok=True)
        for path in self._database():
            shutil.copy(path, folder)
        self._backup = Backup(folder, known, time.monotonic())

    def restore(self) -> bool:
        """Kill the server and put the copy in the place of the database; False if there is no copy."""
        backup = self._backup
        if backup is None:
            return False
        if self.server.is_running:
            self.kill_web()
        self.rest()
        with_index = self.chance.random() < 0.5  # without, the index that is there is newer than the file
        for path in self._database():
            copy = backup.folder / path.name
            if copy.exists() and (with_index or path.suffix == ".fs"):
                shutil.copy(copy, path)
        newer = self.ledger.go_back(backup.known, backup.copied)
        self.start()
        self.gone(newer)
        self.work()
        return True

    def gone(self, jobs: list[Known]) -> None:
        """Check that jobs newer than the backup are told to be unknown."""
        for job in jobs:
            status = http.get(job.url).status_code
            if status != 404:
                self.ledger.find("broken", f"{job.url} is newer than the database and was answered {status}")

    def _database(self) -> list[Path]:
        return [path for path in (self.server.var / "uws.fs", self.server.var / "uws.fs.index") if path.exists()]
