"""Lines to copy: how programs get at a job and its results, with its own URL, quoted for whoever reads them."""

import shlex
from dataclasses import dataclass
from typing import Final

from pyramid_uws.documents.state import ResultEntry
from pyramid_uws.uws import phases

#: What STILTS and TOPCAT read as tables.
_TABLES: Final = ("votable", "fits", "csv", "parquet", "tab-separated", "ecsv")
_NO_TABLES: Final = ("image/",)

_LONG: Final = 60


@dataclass(frozen=True)
class CodeLines:
    """What to type into one program."""

    label: str
    text: str
    note: str = ""


def code_lines(url: str, phase: str, results: list[ResultEntry], *, is_owned: bool) -> list[CodeLines]:
    """Return how the job at a URL is used from a shell, Python, STILTS and TOPCAT."""
    return [
        CodeLines("curl", _curl(url, phase, results, is_owned=is_owned), _WHO if is_owned else ""),
        CodeLines("Python, with pyvo", _pyvo(url, phase, is_owned=is_owned)),
        *_tables(results, is_owned=is_owned),
    ]


_WHO: Final = "TOKEN is a personal token, or use your name: -u NAME."


def _curl(url: str, phase: str, results: list[ResultEntry], *, is_owned: bool) -> str:
    curl = 'curl -s -H "Authorization: Bearer $TOKEN"' if is_owned else "curl -s"
    lines = [f"{curl} {shlex.quote(url)}"]
    if phase in phases.RUNNABLE:
        lines.append(f"{curl} -d PHASE=RUN {shlex.quote(f'{url}/phase')}")
    if phase in phases.BLOCKING:
        lines.append(f"{curl} {shlex.quote(f'{url}?WAIT={_LONG}')}")
    lines += [f"{curl} -O -J {shlex.quote(result.href)}" for result in results[:5]]
    if len(results) > 1:
        lines.append(f"{curl} -O -J {shlex.quote(f'{url}/results?RESPONSEFORMAT=zip')}")
    return "\n".join(lines)


def _pyvo(url: str, phase: str, *, is_owned: bool) -> str:
    lines = ["from pyvo.dal.tap import AsyncTAPJob"]
    session = ""
    if is_owned:
        lines = [
            "import os",
            "import requests",
            *lines,
            "session = requests.Session()",
            'session.headers["Authorization"] = "Bearer " + os.environ["TOKEN"]',
        ]
        session = ", session=session"
    lines.append(f"job = AsyncTAPJob({url!r}{session})")
    if phase in phases.RUNNABLE:
        lines.append("job.run()")
    if phase in phases.ACTIVE:
        lines.append("job.wait()")
    lines += ["job.raise_if_error()", "for result in job.results:", "    print(result.id_, result.href)"]
    return "\n".join(lines)


def _tables(results: list[ResultEntry], *, is_owned: bool) -> list[CodeLines]:
    table = next((result for result in results if _is_table(result.media_type)), None)
    if table is None:
        return []
    note = "They send no token: use a signed link to the result." if is_owned else ""
    href = shlex.quote(table.href)
    lines = (f"stilts tpipe in={href} cmd=stats", f"topcat {href}")
    return [CodeLines("STILTS and TOPCAT", "\n".join(lines), note)]


def _is_table(media_type: str) -> bool:
    kind = media_type.lower()
    return any(name in kind for name in _TABLES) and not kind.startswith(_NO_TABLES)
