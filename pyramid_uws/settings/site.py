"""The settings of the site: all its keys in one table, read once at start into a frozen object."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyramid.exceptions import ConfigurationError

from pyramid_uws.parameters.hosts import Fetching
from pyramid_uws.uws.quotas import KEYS, Said

from .converters import read_names
from .identity import IDENTITY
from .incoming import INCOMING
from .keys import PREFIX, Key, convert_section, is_about_authentication
from .observing import OBSERVING
from .places import PLACES
from .quotas import QUOTAS
from .running import RUNNING

#: The keys in the order in which they are read and shown, which is that of the fields of :class:`Settings`.
TABLE: tuple[Key, ...] = (
    *PLACES,
    *RUNNING,
    *INCOMING,
    *QUOTAS,
    *OBSERVING,
    *IDENTITY,
    Key(
        "includes",
        read_names,
        "",
        "Packages to be included after pyramid_uws itself, which may use its directives; separated by blanks.",
    ),
)


@dataclass(frozen=True)
class Settings:
    """The site's settings; each is explained in :data:`TABLE`."""

    var: Path
    storage: str
    archive_uri: str
    results: Path
    work: Path
    dispatcher: str
    worker: str
    worker_timeout: float
    max_running: int
    max_running_per_owner: int
    max_queued: int
    max_queued_per_owner: int
    on_stop: str
    grace: float
    environment: tuple[str, ...]
    max_wait: int
    waiters: int
    max_body: int
    max_upload: int
    upload_urls: bool
    upload_hosts: tuple[str, ...]
    upload_timeout: float
    quota_jobs: Mapping[str, int]
    quota_running: Mapping[str, int]
    quota_queued: Mapping[str, int]
    quota_storage: Mapping[str, int]
    quota_upload: Mapping[str, int]
    quota_requests: Mapping[str, int]
    min_free: int
    list_anonymous: bool
    development: bool
    operator_page: str
    audit: Path | None
    audit_size: int
    audit_keep: int
    metrics: tuple[str, ...]
    metrics_token: Path | None
    hosts: tuple[str, ...]
    title: str
    url: str
    registry_authority: str
    registry_publisher: str
    registry_contact_name: str
    registry_contact_email: str
    includes: tuple[str, ...]

    @property
    def fetching(self) -> Fetching:
        """How uploads are fetched."""
        return Fetching(enabled=self.upload_urls, hosts=self.upload_hosts, timeout=self.upload_timeout)

    @property
    def quotas(self) -> Said:
        """What is said of quotas: whose -> key -> value."""
        said: dict[str, dict[str, int]] = {}
        for key in KEYS:
            for name, value in getattr(self, f"quota_{key}").items():
                said.setdefault(name, {})[key] = value
        return said

    @property
    def socket(self) -> Path:
        """Where ``uws-admin`` reaches the running server."""
        return self.var / "uws.socket"


def read_settings(ini: Mapping[str, Any]) -> Settings:
    """Read the site's settings; a ``ConfigurationError`` names the key, the value and what was expected."""
    given = {
        key[len(PREFIX) :]: str(value)
        for key, value in ini.items()
        if key.startswith(PREFIX) and not is_about_authentication(key)
    }
    for key in TABLE:
        if key.name in ini:
            raise ConfigurationError(f"unknown setting {key.name}; write {PREFIX}{key.name} = {ini[key.name]}")
    values = convert_section(TABLE, given, PREFIX)
    return Settings(**{name.replace(".", "_"): value for name, value in values.items()})
