"""What is shown of the site and kept about it, and who sees it."""

from ipaddress import ip_network
from pathlib import Path

from .converters import choice, read_count, read_flag, read_path, read_size
from .keys import Key


def read_optional_path(text: str) -> Path | None:
    """Read a path; nothing is none."""
    return read_path(text) if text else None


def read_readers(text: str) -> tuple[str, ...]:
    """Read names of users and groups, and addresses and networks, separated by blanks."""
    for word in text.split():
        if word[0].isdigit() or "/" in word or word.count(":") > 1:
            ip_network(word)
    return tuple(text.split())


OBSERVING: tuple[Key, ...] = (
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
)
