"""The running site: database, writer, watcher, result store and dispatcher, opened and closed together."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

from pyramid.exceptions import ConfigurationError
from ZODB.FileStorage import FileStorage

from pyramid_uws.admin.actions import Actions
from pyramid_uws.admin.control import ControlSocket
from pyramid_uws.databases import close_databases, open_databases
from pyramid_uws.definition import Definitions, ServiceDefinition
from pyramid_uws.execution.announcer import Announcer
from pyramid_uws.execution.choosing import Chooser
from pyramid_uws.execution.dispatcher import Dispatcher
from pyramid_uws.execution.limiting import Limiter
from pyramid_uws.execution.neighbours import Neighbours, slots_of
from pyramid_uws.execution.outlook import Outlook
from pyramid_uws.execution.recording import Recorder, open_audit
from pyramid_uws.execution.store import ResultStore
from pyramid_uws.execution.survey import Surveyor
from pyramid_uws.execution.watcher import Watcher
from pyramid_uws.execution.worker_system import WorkerSystem
from pyramid_uws.execution.writer import Writer
from pyramid_uws.observing.logs import RecentErrors
from pyramid_uws.observing.numbers import Numbers
from pyramid_uws.previews import Previews
from pyramid_uws.settings import Settings
from pyramid_uws.snapshot import Snapshots
from pyramid_uws.tree import Renderer, match_tree
from pyramid_uws.uws.instants import now
from pyramid_uws.views.rates import Buckets
from pyramid_uws.views.respond import DocumentCache
from pyramid_uws.views.waiting import WaitingRoom

_role: ContextVar[str] = ContextVar("role", default="serving")


@contextmanager
def only_visiting() -> Iterator[None]:
    """Have sites that are made in the block start no jobs and open no control socket: ``uws-admin`` does so."""
    token = _role.set("visiting")
    try:
        yield
    finally:
        _role.reset(token)


@contextmanager
def only_describing() -> Iterator[None]:
    """Have no site made in the block, so that no database is opened: what is configured is all that is wanted."""
    token = _role.set("describing")
    try:
        yield
    finally:
        _role.reset(token)


def is_wanted() -> bool:
    """Tell whether an application that is made now is to have a site."""
    return _role.get() != "describing"


@contextmanager
def working_alone() -> Iterator[None]:
    """Have sites that are made in the block start jobs and nothing else: ``uws-worker`` does so."""
    token = _role.set("working")
    try:
        yield
    finally:
        _role.reset(token)


class Site:
    """What the views, the control socket and ``uws-admin`` work with; in the registry as ``registry.uws``."""

    def __init__(
        self,
        settings: Settings,
        definitions: Definitions,
        renderers: Mapping[str, Callable[[], Renderer]],
        attributes: Mapping[str, Callable[[Any, str], Any]],
        notify: Callable[[Any], None],
    ) -> None:
        self.settings = settings
        self.definitions: Definitions = {
            name: _within(definition, settings) for name, definition in definitions.items()
        }
        self.attributes = attributes
        self.rights = {name: definition.rights for name, definition in definitions.items()}
        self.started = now()
        _make_private(settings)
        self.audit = open_audit(settings)
        self.database = open_databases(settings.storage, settings.archive_uri)
        self.store = ResultStore(settings.results)
        self.announcer = Announcer(notify)
        self.numbers = Numbers()
        self.errors = RecentErrors()
        self.counts_requests = bool(settings.metrics or settings.metrics_token)
        recorder = Recorder(self.numbers, self.audit, self.announcer.announce)
        self.writer = Writer(self.database, recorder.record, self.numbers)
        self.watcher = Watcher(self.database)
        self.documents = DocumentCache()
        self.previews = Previews()
        self.snapshots = Snapshots(self)
        self.limiter = Limiter(settings, self.definitions)
        self.waiting_room = WaitingRoom(settings.waiters)
        self.buckets = Buckets()
        self.dispatcher: Dispatcher | None = None
        self.control: ControlSocket | None = None
        role = _role.get()
        if role == "serving":
            self.control = ControlSocket(settings.socket, Actions(self, serving=True).perform)
        if role == "working" or (role == "serving" and settings.dispatcher == "embedded"):
            self.dispatcher = self._make_dispatcher(beating=role == "working")
        slots = 0 if self.dispatcher is None else slots_of(settings)
        chooser = Chooser(self.definitions, self.limiter, slots)
        self.outlook = Outlook(chooser, self.limiter, slots)
        self.surveyor = Surveyor(self, chooser)
        self._renderers = renderers
        self._open = False

    def _make_dispatcher(self, *, beating: bool) -> Dispatcher:
        neighbours = None
        if not isinstance(self.database.storage, FileStorage):  # which nobody else can open
            neighbours = Neighbours(self.settings, self.database, self.writer, self.watcher, beating=beating)
        return Dispatcher(self.settings, self.definitions, self.database, self.writer, self.store, neighbours)

    def open(self) -> None:
        """Match the tree to the definitions and begin to work."""
        self._open = True
        self.errors.listen()
        self.announcer.start()
        self.writer.start()
        wanted = {
            name: {renderer: self._renderers[renderer] for renderer in definition.renderers}
            for name, definition in self.definitions.items()
        }
        self.writer.do(lambda root, _journal: match_tree(root, wanted))
        if self.dispatcher is not None:
            self.dispatcher.start()
        if self.control is not None:
            self.control.open()

    def close(self) -> None:
        """End everything, in the order in which it depends on each other; a second time does nothing."""
        if not self._open:
            return
        self._open = False
        if self.control is not None:
            self.control.close()
        if self.dispatcher is not None:
            self.dispatcher.stop()
        self.writer.stop()
        self.announcer.stop()
        self.watcher.close()
        close_databases(self.database)
        self.audit.close()
        self.errors.leave()

    def wake(self) -> None:
        """Tell the dispatcher that there may be something to do."""
        if self.dispatcher is not None:
            self.dispatcher.wake()

    def worker_system(self, service: str, renderer: str) -> WorkerSystem:
        """Return the worker system of a service's renderer, also of a service that is gone."""
        definition = self.definitions.get(service)
        kind = (definition.worker_system if definition else None) or WorkerSystem
        style = getattr(self._renderers.get(renderer), "parameter_style", Renderer.parameter_style)
        system: WorkerSystem = kind(
            service,
            renderer,
            definition,
            writer=self.writer,
            store=self.store,
            wake=self.wake,
            limiter=self.limiter,
            style=style,
            fetching=self.settings.fetching,
            late=bool(getattr(self._renderers.get(renderer), "value_labels", False)),
        )
        return system


def _within(definition: ServiceDefinition, settings: Settings) -> ServiceDefinition:
    """Return the definition with what the site allows at most."""
    limits = [limit for limit in (definition.limits.max_upload, settings.max_upload) if limit]
    return replace(definition, limits=replace(definition.limits, max_upload=min(limits, default=0)))


def _make_private(settings: Settings) -> None:
    for name in ("var", "results", "work"):
        folder = getattr(settings, name)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as problem:
            raise ConfigurationError(
                f"setting uws.{name}: the folder {folder} cannot be made ({problem.strerror})"
            ) from problem
