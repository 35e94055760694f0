"""The ini keys under ``uws.``: one table of name, converter, default and meaning, read once at start."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from pyramid.exceptions import ConfigurationError
from pyramid.settings import falsey, truthy

from pyramid_uws.parameters.hosts import Fetching, read_hosts
from pyramid_uws.uws.quotas import ANONYMOUS, IN_BYTES, KEYS, Said, read_subject
from pyramid_uws.uws.rights import USERS

PREFIX = "uws."

#: What becomes of running jobs when the server is stopped.
ON_STOP = ("requeue", "error", "leave")

#: Less would declare workers dead that are only busy, in seconds.
SHORTEST_TIMEOUT = 5.0

NOTHING: Mapping[str, Any] = MappingProxyType({})

_WEB = re.compile(r"https?://[^\s<>\"?#]+", re.ASCII)
_WORKER = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,59}", re.ASCII)


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


class Key(NamedTuple):
    """One ini key without its prefix. A default may use the values read before it."""

    name: str
    convert: Callable[[str], Any]
    default: str
    meaning: str


class UnreadableLine(ValueError):
    """A line of a value that has several cannot be read."""

    def __init__(self, line: str, reason: str) -> None:
        super().__init__(reason)
        self.line = line


def read_flag(text: str) -> bool:
    """Read true or false, in Pyramid's spellings."""
    folded = text.strip().lower()
    if folded in truthy:
        return True
    if folded in falsey:
        return False
    raise ValueError("expected true or false")


def read_count(text: str) -> int:
    """Read a whole number that is not negative."""
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise ValueError("expected a whole number that is not negative")
    return int(text)


_SIZE = re.compile(r"(\d{1,18}) ?([kMGT]?)B?", re.ASCII | re.IGNORECASE)


def read_size(text: str) -> int:
    """Read a number of bytes, such as 4096, 64k, 512 MB or 2G; the units are powers of 1024."""
    found = _SIZE.fullmatch(text)
    if found is None:
        raise ValueError("expected a number of bytes, such as 4096, 64k, 512M or 2G")
    return int(found[1]) * int(1024 ** " KMGT".index(found[2].upper() or " "))


def read_quota(key: str, text: str) -> int:
    """Read the value of a quota: a number, or a size in bytes; 0 is no limit."""
    return (read_size if key in IN_BYTES else read_count)(text)


def quotas_of(key: str) -> Callable[[str], Mapping[str, int]]:
    """Return a converter for quotas of a kind: one value for all, or whose it is before each."""

    def convert(text: str) -> Mapping[str, int]:
        found: dict[str, int] = {}
        for item in text.split():
            name, equals, value = item.rpartition("=")
            for subject in (read_subject(name),) if equals else (ANONYMOUS, USERS):
                if subject in found:
                    raise ValueError(f"{name or 'a value for all'} is there twice")
                found[subject] = read_quota(key, value)
        return MappingProxyType(found)

    return convert


def read_integer(text: str) -> int:
    """Read a whole number."""
    if not re.fullmatch(r"[+-]?\d{1,18}", text, re.ASCII):
        raise ValueError("expected a whole number")
    return int(text)


def read_seconds(text: str) -> float:
    """Read a number of seconds that is not negative."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < 1e9:
        raise ValueError("expected a number of seconds that is not negative")
    return number


def read_worker(text: str) -> str:
    """Read the name of a worker, which names a folder, too."""
    if text and not _WORKER.fullmatch(text):
        raise ValueError("expected at most 60 letters, digits, dots, hyphens and underscores, a letter first")
    return text


def read_timeout(text: str) -> float:
    """Read after how many seconds a worker counts as dead."""
    seconds = read_seconds(text)
    if seconds < SHORTEST_TIMEOUT:
        raise ValueError(f"expected at least {SHORTEST_TIMEOUT:g} seconds")
    return seconds


def read_url(text: str) -> str:
    """Read a URL of the web, without the slash at its end."""
    if text and not _WEB.fullmatch(text):
        raise ValueError("expected a URL such as https://vo.example.org/uws")
    return text.rstrip("/")


def read_names(text: str) -> tuple[str, ...]:
    """Read names separated by blanks or line ends."""
    return tuple(text.split())


def read_own_hosts(text: str) -> tuple[str, ...]:
    """Read names of hosts, likewise; their case means nothing."""
    return read_names(text.lower())


def choice(*options: str) -> Callable[[str], str]:
    """Return a converter that takes one of the options."""

    def convert(text: str) -> str:
        if text not in options:
            raise ValueError(f"expected one of {', '.join(filter(None, options))}")
        return text

    return convert


def read_path(text: str) -> Path:
    """Read a path, made absolute."""
    return Path(text).expanduser().absolute()


def read_optional_path(text: str) -> Path | None:
    """Read a path likewise; nothing is none."""
    return read_path(text) if text else None


def read_readers(text: str) -> tuple[str, ...]:
    """Read names of users and groups, and addresses and networks, separated by blanks."""
    for word in text.split():
        if word[0].isdigit() or "/" in word or word.count(":") > 1:
            ip_network(word)
    return tuple(text.split())


TABLE: tuple[Key, ...] = (
    Key("var", read_path, "var", "Folder for everything the server keeps; made if missing, private to its user."),
    Key("storage", str, "file://{var}/uws.fs", "The ZODB storage, as a zodburi."),
    Key(
        "archive.uri",
        str,
        "",
        "A ZODB storage for archived jobs, as a zodburi; without it they stay in the other one.",
    ),
    Key("results", read_path, "{var}/results", "Folder for results and uploaded files, one folder a job."),
    Key("work", read_path, "{var}/work", "Folder in which jobs run; best on the same file system as the results."),
    Key(
        "dispatcher",
        choice("embedded", "none"),
        "embedded",
        "Whether this process starts jobs (`embedded`) or only takes them (`none`): `uws-worker` starts "
        "them then, and does so whatever this says.",
    ),
    Key(
        "worker",
        read_worker,
        "",
        "The name of whoever starts jobs; those on one host that share `uws.work` need different ones, and have "
        "each a folder of that name there. Without it, a name is made up and kept in `uws.work`.",
    ),
    Key(
        "worker_timeout",
        read_timeout,
        "60",
        "Seconds without a heartbeat after which a `uws-worker` counts as dead and others take its jobs. It ends "
        "them itself before that, if it cannot reach the database.",
    ),
    Key("max_running", read_count, "0", "Jobs that run at once on this host; 0: as many as it has cores."),
    Key(
        "max_running_per_owner",
        read_count,
        "0",
        "Jobs of one owner that run at once, on all hosts; 0: no limit of this kind. All callers who have not "
        "logged in count as one owner.",
    ),
    Key(
        "max_queued",
        read_count,
        "0",
        "Jobs that wait in the queues of all services; 0: no limit of this kind. Beyond it, jobs are refused, or "
        "held, as `when_full` of their service says.",
    ),
    Key("max_queued_per_owner", read_count, "0", "Likewise, jobs of one owner that wait."),
    Key(
        "on_stop",
        choice(*ON_STOP),
        "requeue",
        "When the server is stopped, running jobs are ended and queued again (`requeue`), ended with a transient "
        "error (`error`), or left running to be adopted by the next start (`leave`). A service may say otherwise.",
    ),
    Key("grace", read_seconds, "0.5", "Seconds between asking the processes of a job to end and killing them."),
    Key(
        "environment",
        read_names,
        "",
        "Names of environment variables that jobs are to have, separated by blanks; `*` stands for any text. "
        "Of the server's environment they have nothing else but PATH, LD_LIBRARY_PATH, PYTHONPATH, PYTHONHOME, "
        "LANG, LANGUAGE, LC_*, TZ and the numbers of threads (OMP_NUM_THREADS and its kin); HOME and TMPDIR are "
        "the job's folder.",
    ),
    Key("max_wait", read_count, "60", "The longest a request with WAIT is held, in seconds."),
    Key(
        "waiters",
        read_count,
        "0",
        "Requests with WAIT held at once where the server cannot park them, each in a thread; more are answered "
        "early. 0: half the threads.",
    ),
    Key(
        "max_body",
        read_size,
        "104857600",
        "The largest request body taken, in bytes; files in it are streamed to disk.",
    ),
    Key(
        "max_upload",
        read_size,
        "{max_body}",
        "The largest file that is sent along, or fetched for an upload, in bytes (`100M`); 0: unlimited. Services "
        "may have lower limits.",
    ),
    Key("upload_urls", read_flag, "true", "Whether uploads may be given by URL, to be fetched by the job."),
    Key(
        "upload_hosts",
        read_hosts,
        "",
        "From where uploads may be fetched besides public addresses: names of hosts, addresses, and networks such "
        "as `10.0.0.0/8`, separated by blanks. Private, loopback and other special addresses are refused "
        "otherwise.",
    ),
    Key("upload_timeout", read_seconds, "300", "Seconds for fetching all uploads of a job; 0: unlimited."),
    Key(
        "quota.jobs",
        quotas_of("jobs"),
        "",
        "How many jobs somebody may have here, such as `200`, or `anonymous=20 users=200 group:astro=1000`; 0 is "
        "no limit. See [quotas](quotas.md) for this and the next ones.",
    ),
    Key("quota.running", quotas_of("running"), "", "Likewise, how many of them may run at once; the others wait."),
    Key("quota.queued", quotas_of("queued"), "", "Likewise, how many of them may wait in the queue."),
    Key(
        "quota.storage",
        quotas_of("storage"),
        "",
        "Likewise, how much their results and uploads may take, in bytes (`anonymous=1G users=50G`).",
    ),
    Key("quota.upload", quotas_of("upload"), "", "Likewise, the largest file that is sent or fetched, in bytes."),
    Key("quota.requests", quotas_of("requests"), "", "Likewise, how many requests there may be in a minute."),
    Key(
        "min_free",
        read_size,
        "100M",
        "How much room is to be left on the disks of `var`, `results` and `work`, in bytes (`100M`): with less, "
        "`availability` says that the site is not available.",
    ),
    Key(
        "list_anonymous",
        read_flag,
        "false",
        "Whether anonymous callers see the jobs that nobody owns in job lists. If not, such a job is known only "
        "to those who know its URL.",
    ),
    Key("development", read_flag, "false", "Whether error documents show the traceback of a failed core."),
    Key(
        "operator_page",
        choice("admins", "loopback"),
        "admins",
        "Who sees [the operator's page](pages.md#the-operators-page): those whom `uws.auth.admins` names "
        "(`admins`); or whoever asks from the very machine, too (`loopback`): never behind a proxy on that "
        "machine.",
    ),
    Key(
        "audit",
        lambda text: Path(text).expanduser() if text else None,
        "",
        "The [audit log](observing.md#the-audit-log), a file to which lines of JSON are appended: who did what to "
        "which job. A path that is not absolute begins in `uws.var`. Without it, no such log is written.",
    ),
    Key(
        "audit.size",
        read_size,
        "100M",
        "How large it may be (`100M`) before it is put aside, as `.1`, and begun anew; 0: others see to that.",
    ),
    Key("audit.keep", read_count, "10", "How many of those that were put aside are kept."),
    Key(
        "metrics",
        read_readers,
        "",
        "Who may read [/metrics](observing.md#metrics): `admins`, names of users, `group:NAME`, addresses, and "
        "networks such as `10.0.0.0/8`, separated by blanks. Without this and the next one there is no such page.",
    ),
    Key(
        "metrics.token",
        read_optional_path,
        "",
        "A file with a token by which they are read, too: `Authorization: Bearer …`.",
    ),
    Key(
        "hosts",
        read_own_hosts,
        "",
        "Names of hosts under which the site may be asked for, without ports, separated by blanks; a request for "
        "another is refused, so that nobody is given URLs that begin with a name somebody has made up. Without "
        "any, all names that can be one will do.",
    ),
    Key("title", str, "Asynchronous services", "What the site calls itself."),
    Key(
        "url",
        read_url,
        "",
        "Where the site is for the world, such as `https://vo.example.org/uws`: for "
        "[registry records](registry.md). All else that has URLs in it has those by which the client has come.",
    ),
    Key(
        "registry.authority", str, "", "The authority of the services' IVOA identifiers, such as `org.example.vo`."
    ),
    Key("registry.publisher", str, "", "Who publishes the services, for registry records."),
    Key("registry.contact_name", str, "", "Whom to ask about them."),
    Key("registry.contact_email", str, "", "Where."),
    Key(
        "includes",
        read_names,
        "",
        "Packages to be included after pyramid_uws itself, which may use its directives; separated by blanks.",
    ),
)


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


def is_about_authentication(key: str) -> bool:
    """Tell whether a key is one of those that :mod:`pyramid_uws.auth.keys` reads."""
    return f"{key}.".startswith(f"{PREFIX}auth.")


def convert_section(
    table: tuple[Key, ...], given: Mapping[str, str], prefix: str, before: Mapping[str, Any] = NOTHING
) -> dict[str, Any]:
    """Convert the given texts by the table; unknown keys and unreadable values are errors.

    Defaults may use values read ``before``.
    """
    known = {key.name for key in table}
    for name in given:
        if name not in known:
            raise ConfigurationError(f"unknown setting {prefix}{name}; known are {', '.join(sorted(known))}")
    values: dict[str, Any] = {}
    for key in table:
        text = given.get(key.name, key.default.format_map({**before, **values})).strip()
        try:
            values[key.name] = key.convert(text)
        except ValueError as problem:
            shown = problem.line if isinstance(problem, UnreadableLine) else text
            raise ConfigurationError(f"setting {prefix}{key.name} = {shown}: {problem}") from problem
    return values
