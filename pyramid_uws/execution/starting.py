"""Starting an attempt: its directory is made, and its fork server is asked for a keeper."""

import logging
import time

from pyramid_uws.definition import Definitions
from pyramid_uws.settings import Settings

from .arriving import files_of, to_fetch
from .changes import Claimed
from .forkserver import LaunchFailed
from .harvesting import trouble
from .home import Home
from .jobdir import JobDirectory, JobSpec
from .neighbours import Neighbours
from .nursery import Nurseries
from .processes import end_everything
from .runs import Harvest, Run
from .store import ResultStore

log = logging.getLogger(__name__)


class Starter:
    """Starts attempts of the site's jobs in the home of a dispatcher."""

    def __init__(
        self,
        settings: Settings,
        definitions: Definitions,
        store: ResultStore,
        home: Home,
        nurseries: Nurseries,
        neighbours: Neighbours | None,
    ) -> None:
        self._settings = settings
        self._definitions = definitions
        self._store = store
        self._home = home
        self._nurseries = nurseries
        self._neighbours = neighbours

    def start(self, claimed: Claimed) -> Run | Harvest:
        """Start the attempt for which a job was claimed; if that cannot be done, return how it has ended."""
        address = claimed.address
        directory = self._home.directory(address.job_id, claimed.attempt)
        try:
            directory.create(self._spec(claimed))
            keeper = self._nurseries.launch(self._definitions[address.service], directory)
        except Exception as problem:  # noqa: BLE001 - the edge of a job: it is claimed, and has to end
            return self._given_up(claimed, directory, problem)
        return Run(
            address,
            claimed.attempt,
            directory,
            keeper,
            claimed.duration,
            time.monotonic(),
            claimed.failures,
            claimed.subject,
        )

    def _given_up(self, claimed: Claimed, directory: JobDirectory, problem: Exception) -> Harvest:
        address = claimed.address
        surprise = not isinstance(problem, LaunchFailed)
        log.error("job %s of %s: %s", address.job_id, address.service, problem, exc_info=surprise)
        end_everything(None, directory.marker)
        ending = trouble("The job could not be started", problem)
        return Harvest(address, claimed.attempt, directory, ending, subject=claimed.subject)

    def _spec(self, claimed: Claimed) -> JobSpec:
        definition = self._definitions[claimed.address.service]
        job_id, files = claimed.address.job_id, files_of(claimed.references)
        lease = self._neighbours.lease if self._neighbours else None
        return JobSpec(
            job_id=job_id,
            attempt=claimed.attempt,
            service=definition.name,
            core=definition.core,
            command=definition.command,
            declarations=definition.parameters,
            parameters=claimed.parameters,
            style=claimed.style,
            uploads={name: str(self._store.reference(job_id, file)) for name, file in files.items()},
            to_fetch=to_fetch(definition, claimed.parameters),
            fetching=self._settings.fetching,
            owner=claimed.owner,
            groups=claimed.groups,
            runid=claimed.runid,
            duration=claimed.duration,
            grace=self._settings.grace,
            limits=claimed.limits,
            options=definition.options,
            url=claimed.url,
            value_labels=claimed.value_labels,
            lease=str(lease.path) if lease else "",
        )
