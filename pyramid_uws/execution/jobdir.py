"""The directory of one attempt to run a job: all that dispatcher, keeper and core know of each other.

==================  ====================  ===================================================================
``job.json``        dispatcher            what is to be run, :class:`JobSpec`
``keeper.json``     keeper or dispatcher  who keeps the attempt, created once; empty: it is void
``progress``        core                  how far it is, see :mod:`.progress`
``log``             keeper                what the core said on stdout, stderr and with ``job.log``, bounded
``scratch/``        core                  where it works
``uploads/``        core                  uploads that were fetched
``results/``        core                  finished results by id; names with a dot in front are being written
``results.jsonl``   core                  a line for every finished result
``outcome.json``    keeper                how it ended, :class:`Outcome`; nothing happens in here after that
==================  ====================  ===================================================================

May import ``commands``, ``parameters``, ``uws`` and :mod:`.processes`, :mod:`.files`, :mod:`.progress` of this
folder.
"""

import dataclasses
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from pyramid_uws.commands import Command
from pyramid_uws.parameters import Parameter
from pyramid_uws.parameters.hosts import Fetching
from pyramid_uws.uws.limits import Limits

from .files import Reserved, create_whole, remove_tree
from .processes import Identity
from .progress import read_progress

#: A finished result: id, media type, size in bytes, SHA-256.
FinishedResult = tuple[str, str, int, str]

#: How large an outcome can become, in bytes.
OUTCOME_ROOM = 65536


@dataclass(frozen=True, kw_only=True)
class JobSpec:
    """What is to be run.

    ``uploads`` are files by name; ``to_fetch`` URLs by name, of uploads that ``fetching`` tells how to get.
    ``style`` is how conditions are written. ``duration`` is in seconds, 0 is unlimited; ``grace`` is in seconds.
    ``groups`` are those of the owner. ``limits`` are the service's, ``command`` is what its core runs if it has
    one, ``options`` what its definition tells the core, plain values by name. ``url`` is where the job is found.
    ``value_labels`` tell with what messages of bad values begin, by the name of the error.
    ``lease`` is the file that says how long the attempt may go on without its worker (see :mod:`.lease`); without
    it there is no such limit.
    """

    job_id: str
    attempt: int
    service: str
    core: str
    declarations: tuple[Parameter, ...] = ()
    parameters: tuple[tuple[str, str], ...] = ()
    style: str = "dali"
    uploads: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    to_fetch: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    fetching: Fetching = field(default_factory=Fetching)
    owner: str | None = None
    groups: tuple[str, ...] = ()
    runid: str | None = None
    duration: int = 0
    grace: float = 5.0
    lease: str = ""
    limits: Limits = field(default_factory=Limits)
    command: Command | None = None
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    url: str = ""
    value_labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def name(self) -> str:
        """The name of the attempt's directory."""
        return f"{self.job_id}.{self.attempt}"

    def to_json(self) -> str:
        """Write the spec."""
        fields = {item.name: getattr(self, item.name) for item in dataclasses.fields(self)}
        fields["declarations"] = [parameter.to_plain() for parameter in self.declarations]
        for name in ("uploads", "to_fetch", "options", "value_labels"):
            fields[name] = dict(fields[name])
        fields["fetching"] = dataclasses.asdict(self.fetching)
        fields["limits"] = dataclasses.asdict(self.limits)
        fields["command"] = None if self.command is None else self.command.to_plain()
        return json.dumps(fields)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what :meth:`to_json` has written."""
        fields = json.loads(text)
        fields["declarations"] = tuple(map(Parameter.from_plain, fields["declarations"]))
        fields["parameters"] = _with_tuples(fields["parameters"])
        fields["groups"] = tuple(fields.get("groups", ()))
        fields["limits"] = Limits(**fields.get("limits", {}))
        command = fields.get("command")
        fields["command"] = None if command is None else Command.from_plain(command)
        fetching = fields.get("fetching", {})
        fields["fetching"] = Fetching(**{name: _with_tuples(value) for name, value in fetching.items()})
        return cls(**fields)


def _with_tuples(value: Any) -> Any:
    """Make tuples of JSON's lists: no value of a parameter is a list."""
    return tuple(map(_with_tuples, value)) if isinstance(value, list) else value


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How an attempt ended.

    ``ended`` tells the way: the core ``returned`` or ``raised`` (then with the error's type, a sentence and the
    traceback); its process ``exited`` by itself with a ``status``, or was ``signalled``; it was ended because
    of a ``timeout``, or ``terminated`` because somebody asked its keeper for it, or ``forsaken`` because its
    worker's lease was over, or it ``exceeded`` a limit. Only those that returned have no message. ``limit`` names
    the limit that was met, whatever the way; ``transient`` says that the core thinks the reason may pass,
    ``blames_client`` that it is in what the client has sent;
    ``memory_ran_out`` that the kernel killed processes for want of memory meanwhile. ``started`` and ``finished``
    are in µs, ``max_rss`` (of the largest process) in bytes; ``left_over`` counts processes that could not be
    ended.
    """

    ended: str
    started: int
    finished: int
    status: int | None = None
    signal: int | None = None
    error_type: str = ""
    message: str = ""
    traceback: str = ""
    limit: str = ""
    transient: bool = False
    blames_client: bool = False
    memory_ran_out: bool = False
    cpu_seconds: float = 0.0
    max_rss: int = 0
    left_over: int = 0


class JobDirectory:
    """An attempt's directory; it need not exist (yet, or any more)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.marker = path.name
        self.log = path / "log"
        self.progress_file = path / "progress"
        self.scratch = path / "scratch"
        self.results_folder = path / "results"
        self.uploads_folder = path / "uploads"
        self._spec = path / "job.json"
        self._keeper = path / "keeper.json"
        self._result_list = path / "results.jsonl"
        self._outcome = path / "outcome.json"

    # The dispatcher's side

    def create(self, spec: JobSpec) -> None:
        """Make the directory; an attempt is made only once."""
        self.path.mkdir(mode=0o700, parents=True)
        self.scratch.mkdir(mode=0o700)
        self.results_folder.mkdir(mode=0o700)
        self._spec.write_text(spec.to_json(), encoding="utf-8")

    def void(self) -> bool:
        """Make sure that nobody starts to run the attempt; False if somebody has."""
        try:
            self._keeper.touch(mode=0o600, exist_ok=False)
        except FileExistsError:
            return self._keeper.stat().st_size == 0
        return True

    def keeper(self) -> Identity | None:
        """Return the process that keeps or has kept the attempt; None if there is none, or nobody knows."""
        try:
            return Identity(**json.loads(self._keeper.read_bytes()))
        except (FileNotFoundError, ValueError, TypeError):  # not yet, void, or spoilt by a power cut
            return None

    def progress(self) -> tuple[float, str] | None:
        """Return how far the core says it is: a fraction, and what it is doing."""
        return read_progress(self.progress_file)

    def outcome(self) -> Outcome | None:
        """Return how the attempt ended; None while it lasts, and for ever if its keeper was killed.

        What cannot be read any more is lost, too.
        """
        # A keeper may be of another version than who reads: it outlives upgrades.
        known = {item.name for item in dataclasses.fields(Outcome)}
        try:
            said = json.loads(self._outcome.read_text(encoding="utf-8"))
            return Outcome(**{name: value for name, value in said.items() if name in known})
        except (FileNotFoundError, ValueError, TypeError, AttributeError):
            return None

    def results(self) -> tuple[FinishedResult, ...]:
        """Return the finished results, in the order in which they were."""
        try:
            lines = self._result_list.read_bytes().splitlines()
        except FileNotFoundError:
            return ()
        found = {}
        for line in lines:
            try:
                result_id, media_type, size, sha256 = json.loads(line)
            except (ValueError, TypeError):  # a line that did not fit on the disk, or a blank one
                continue
            found[result_id] = (result_id, media_type, size, sha256)
        return tuple(found.values())

    def remove(self) -> None:
        """Remove the directory with all that is in it. The keeper must have ended."""
        remove_tree(self.path)

    # The keeper's and the core's side

    def spec(self) -> JobSpec:
        """Return what is to be run."""
        return JobSpec.from_json(self._spec.read_text(encoding="utf-8"))

    def claim(self, identity: Identity) -> bool:
        """Become the keeper; False if there is one, or the attempt is void."""
        return create_whole(self._keeper, json.dumps(dataclasses.asdict(identity)).encode())

    def reserve_outcome(self) -> Reserved:
        """Take the room for the outcome."""
        return Reserved(self._outcome, OUTCOME_ROOM)

    def list_result(self, result: FinishedResult) -> None:
        """Note a finished result durably."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        descriptor = os.open(self._result_list, flags, 0o600)
        try:
            # The newline in front ends a line that did not fit on the disk before.
            line = b"\n%s\n" % json.dumps(result).encode()
            if os.write(descriptor, line) < len(line):
                raise OSError(f"the disk is full: {self._result_list}")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
