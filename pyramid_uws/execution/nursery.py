"""The fork servers of a site: services that preload alike share one, so none waits for another's imports."""

from collections.abc import Sequence

from pyramid_uws.definition import Definitions, ServiceDefinition

from .forkserver import ForkServer
from .jobdir import JobDirectory
from .processes import Identity


class Nurseries:
    """Fork servers by what they preload; ``environment`` names further variables that jobs are to have."""

    def __init__(self, definitions: Definitions, environment: Sequence[str] = ()) -> None:
        modules: dict[str | None, set[str]] = {}
        for definition in definitions.values():
            modules.setdefault(definition.preload, set()).add(definition.core.partition(":")[0])
        self._servers = {
            preload: ForkServer(sorted(names), [preload] if preload else [], environment=environment)
            for preload, names in modules.items()
        }

    def start(self) -> None:
        """Start them all, without waiting for their imports."""
        for server in self._servers.values():
            server.start()

    def ready(self, definition: ServiceDefinition) -> bool:
        """Tell whether the service's fork server has imported what it needs, or never will."""
        return self._servers[definition.preload].ready()

    def all_ready(self) -> bool:
        """Tell whether nobody need wait for imports."""
        return all(server.trouble or server.ready() for server in self._servers.values())

    def launch(self, definition: ServiceDefinition, directory: JobDirectory) -> Identity:
        """Start the attempt in the directory; ``OSError`` if that fails."""
        return self._servers[definition.preload].launch(directory.path)

    def close(self) -> None:
        """End the fork servers; jobs go on."""
        for server in self._servers.values():
            server.close()
