"""The root of the tree and the services below it."""

from collections.abc import Callable, Iterator, Mapping
from math import inf
from types import MappingProxyType
from typing import Any

from BTrees.OOBTree import OOBTree
from persistent import Persistent
from zope.interface import implementer

from pyramid_uws.interfaces import IRoot, IService
from pyramid_uws.uws.rights import Rights

from .accounts import WEIGHTLESS, Account, QuotaBook, Weight
from .attributes import STANDARD_ATTRIBUTES
from .heartbeat import Heartbeat
from .indexes import IndexTree
from .pace import Pace
from .renderer import Renderer
from .rights import ACL, PUBLIC, service_acl

#: The rights to a service that says nothing about them.
_USUAL = Rights()


class Gate(Persistent):
    """What has to be done by one worker at a time is done through here: two who pass at once conflict."""

    passed: int = 0


@implementer(IRoot)
class Root(Persistent):
    """The site. Its children are services, by name."""

    __name__ = ""
    __parent__ = None
    __acl__ = PUBLIC

    # Which attributes a job has is code, not state: the volatile mapping is handed over with each opening
    # of the tree and never stored.
    _v_attributes: Mapping[str, Callable[..., Any]] = STANDARD_ATTRIBUTES

    # Likewise who may do what: service's name -> rights, for those that say something about it.
    _v_rights: Mapping[str, Rights] = MappingProxyType({})

    #: Worker's name -> :class:`Heartbeat`; made for the first of them.
    workers: OOBTree | None = None

    #: Service's name -> :class:`Pace`, likewise.
    paces: OOBTree | None = None

    #: Made for the first who passes it.
    gate: Gate | None = None

    #: Who pays for jobs -> :class:`Account`, while there are some; None where an earlier version counted none.
    accounts: IndexTree | None = None

    #: What operators have said of quotas; None likewise.
    quotas: QuotaBook | None = None

    def __init__(self) -> None:
        self.services = OOBTree()
        self.accounts = IndexTree()
        self.quotas = QuotaBook()

    def __getitem__(self, name: str) -> "Service":
        service: Service = self.services[name]
        return service

    def __iter__(self) -> Iterator["Service"]:
        return iter(self.services.values())

    @property
    def attributes(self) -> Mapping[str, Callable[..., Any]]:
        """Attribute name -> factory, called with job and name; what :class:`Job` makes its children from."""
        return self._v_attributes

    def rights(self, service: str) -> Rights:
        """Return who may do what with a service."""
        return self._v_rights.get(service, _USUAL)

    def offer(self, attributes: Mapping[str, Callable[..., Any]], rights: Mapping[str, Rights]) -> None:
        """Let jobs have these attributes, and people these rights, for as long as this copy of the root lives."""
        self._v_attributes = attributes
        self._v_rights = rights

    def heartbeats(self) -> Iterator[Heartbeat]:
        """Yield the heartbeats of all workers, by name."""
        return iter(() if self.workers is None else self.workers.values())

    def heartbeat(self, name: str) -> Heartbeat:
        """Return the heartbeat of that worker, made if it is not there."""
        if self.workers is None:
            self.workers = OOBTree()
        if name not in self.workers:
            self.workers[name] = Heartbeat(name)
        found: Heartbeat = self.workers[name]
        return found

    def mean_duration(self, service: str) -> float:
        """Return how long the service's jobs have run of late (µs); infinity if none has ended yet."""
        pace = None if self.paces is None else self.paces.get(service)
        return inf if pace is None else float(pace.mean)

    def learn(self, service: str, started: int, ended: int) -> None:
        """Have a job of the service count that ran from one instant (µs) to another."""
        if self.paces is None:
            self.paces = OOBTree()
        if service not in self.paces:
            self.paces[service] = Pace()
        self.paces[service].learn(started, ended)

    def pass_gate(self) -> None:
        """Conflict with every other transaction in which this is called."""
        if self.gate is None:
            self.gate = Gate()
        self.gate.passed += 1

    def account(self, payer: str) -> Account | None:
        """Return the account of somebody; None if they have nothing here."""
        return None if self.accounts is None else self.accounts.get(payer)

    def weight(self, payer: str) -> Weight:
        """Return what somebody has here."""
        account = self.account(payer)
        return WEIGHTLESS if account is None else account.weight

    def know(self, payer: str, groups: tuple[str, ...]) -> None:
        """Note in which groups somebody is who has just made a job."""
        account = self.account(payer)
        if account is not None and account.groups != groups:
            account.groups = groups

    def count(self, payer: str, jobs: int, octets: int) -> None:
        """Count more, or less, of what somebody has; of jobs for which nobody pays, nothing."""
        if not payer or not (jobs or octets) or self.accounts is None:
            return
        account = self.accounts.get(payer)
        if account is None:
            account = self.accounts[payer] = Account()
        account.change(jobs, octets)
        if not account.jobs:
            del self.accounts[payer]

    def add(self, name: str) -> "Service":
        """Return the service of that name, made if it is not there."""
        if name not in self.services:
            self.services[name] = Service(name, self)
        return self[name]


@implementer(IService)
class Service(Persistent):
    """A service. Its children are renderers, by name or by alias."""

    def __init__(self, name: str, root: Root) -> None:
        self.__name__ = name
        self.__parent__ = root
        self.renderers = OOBTree()

    @property
    def rights(self) -> Rights:
        """Who may do what with the service."""
        return self.__parent__.rights(self.__name__)

    @property
    def __acl__(self) -> ACL:
        return service_acl(self.rights)

    def __getitem__(self, name: str) -> Renderer:
        for renderer in self:
            if name == renderer.__name__ or name in renderer.aliases:
                return renderer
        raise KeyError(name)

    def __iter__(self) -> Iterator[Renderer]:
        """Yield the renderers; those whose class is gone from the site stay in the database, unseen."""
        return (renderer for renderer in self.renderers.values() if isinstance(renderer, Renderer))

    def add(self, name: str, factory: Callable[[], Renderer]) -> Renderer:
        """Return the renderer of that name, made by the factory if it is not there."""
        if name not in self.renderers:
            renderer = factory()
            renderer.__name__ = name
            renderer.__parent__ = self
            self.renderers[name] = renderer
        return self[name]
