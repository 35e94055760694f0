"""How much one owner may have here; what the values mean is in :mod:`pyramid_uws.uws.quotas`."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from pyramid_uws.uws.quotas import ANONYMOUS, IN_BYTES, read_subject
from pyramid_uws.uws.rights import USERS

from .converters import read_count, read_size
from .keys import Key


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


QUOTAS: tuple[Key, ...] = (
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
)
