"""Control parameters: what a request asks of UWS itself, parsed once into immutable values.

Names are case-insensitive, values are not (DALI 1.1, section 4.1). Functions take ``(name, text)`` pairs or
one text, and raise :class:`BadValue` with the name and the value.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pyramid_uws.exceptions import BadValue

from .ids import is_id
from .instants import parse_instant
from .jobfilter import JobFilter
from .limits import LONGEST
from .phases import PHASES

Pairs = Sequence[tuple[str, str]]

#: Never kept as parameters of a job.
CONTROL_NAMES = frozenset(
    {"PHASE", "ACTION", "WAIT", "DESTRUCTION", "EXECUTIONDURATION", "RUNID", "AUTHENTICATE", "DACHS_AUTHENTICATE"}
)

LONGEST_RUNID = 64

_WHOLE = re.compile(r"[+-]?\d{1,99}", re.ASCII)
_XML_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Control:
    """What a POST asks of UWS; None where it did not ask. ``destruction`` in µs, the duration in seconds."""

    phase: str | None = None
    action: str | None = None
    destruction: int | None = None
    execution_duration: int | None = None
    runid: str | None = None


@dataclass(frozen=True)
class Wait:
    """A wish to wait: ``seconds`` None means as long as the server allows; ``phases`` empty means any."""

    seconds: int | None
    phases: frozenset[str]


def is_parameter(name: str) -> bool:
    """Tell whether a job may keep a parameter of this name, at a URL that ends in it.

    No control parameter may; nor may what leads elsewhere on the way to that URL.
    """
    leads_elsewhere = name in {"", ".", ".."} or "/" in name or name.startswith("@@")
    return not leads_elsewhere and name.upper() not in CONTROL_NAMES


def split(pairs: Pairs) -> tuple[Pairs, Pairs]:
    """Return the control parameters among the pairs, and those that a job may keep."""
    control = [pair for pair in pairs if pair[0].upper() in CONTROL_NAMES]
    return control, [pair for pair in pairs if is_parameter(pair[0])]


def read_control(pairs: Pairs, instant: int) -> Control:
    """Read the control parameters among the pairs; empty ones count as absent. ``instant`` is now, in µs."""
    destruction = single(pairs, "DESTRUCTION")
    duration = single(pairs, "EXECUTIONDURATION")
    runid = single(pairs, "RUNID")
    return Control(
        phase=single(pairs, "PHASE"),
        action=single(pairs, "ACTION"),
        destruction=None if destruction is None else read_destruction(destruction, instant),
        execution_duration=None if duration is None else read_duration(duration),
        runid=None if runid is None else read_runid(runid),
    )


def given(pairs: Iterable[tuple[str, str]], name: str) -> list[str]:
    """Return the values given under a name, in order, empty and repeated ones dropped."""
    return list(dict.fromkeys(text for key, text in pairs if key.upper() == name and text))


def single(pairs: Iterable[tuple[str, str]], name: str) -> str | None:
    """Return the one value given under a name, None if there is none."""
    texts = given(pairs, name)
    if len(texts) > 1:
        raise BadValue(name, texts, "this parameter takes one value")
    return texts[0] if texts else None


def read_destruction(text: str, instant: int) -> int:
    """Read a destruction time (µs); a past one would delete by accident and is refused."""
    wish = _instant("DESTRUCTION", text)
    if wish <= instant:
        raise BadValue(
            "DESTRUCTION", text, "the destruction time must lie in the future; DELETE removes a job now"
        )
    return wish


def read_duration(text: str) -> int:
    """Read an execution duration in whole seconds; 0 asks for unlimited."""
    number = int(text.strip()) if _WHOLE.fullmatch(text.strip()) else -1
    if not 0 <= number <= LONGEST:
        raise BadValue("EXECUTIONDURATION", text, f"expected a whole number of seconds from 0 to {LONGEST}")
    return number


def read_whole(name: str, text: str, most: int, of: str = "") -> int:
    """Read a whole number from 1 to ``most``, with ``of`` what it counts."""
    number = int(text) if _WHOLE.fullmatch(text) else 0
    if not 0 < number <= most:
        raise BadValue(name, text, f"expected a whole number {of and f'of {of} '}from 1 to {most}")
    return number


def read_runid(text: str) -> str:
    """Take a run id as it is, if it can be given back in XML."""
    if len(text) > LONGEST_RUNID:
        raise BadValue("RUNID", text, f"a run id has at most {LONGEST_RUNID} characters")
    if _XML_ILLEGAL.search(text):
        raise BadValue("RUNID", text, "a run id has no control characters")
    return text


def read_wait(pairs: Pairs) -> Wait | None:
    """Read WAIT and the PHASE beside it (UWS 1.1, section 2.2.1.2); None if there is no WAIT."""
    text = single(pairs, "WAIT")
    if text is None:
        return None
    if not _WHOLE.fullmatch(text.strip()):
        raise BadValue("WAIT", text, "expected a whole number of seconds, or -1")
    seconds = int(text.strip())
    return Wait(None if seconds < 0 else seconds, _phases(pairs))


def read_filter(pairs: Pairs) -> JobFilter:
    """Read the filters of a job list (UWS 1.1, section 2.2.2.1), and the two that are our own."""
    after = single(pairs, "AFTER")
    older = single(pairs, "OLDER")
    if older is not None and not is_id(older):
        raise BadValue("OLDER", older, "expected the id of a job, behind which the list is to begin")
    return JobFilter(
        phases=_phases(pairs),
        after=None if after is None else _instant("AFTER", after),
        last=read_last(pairs),
        runid=single(pairs, "RUNID"),
        older=older,
    )


def read_last(pairs: Pairs) -> int | None:
    """Read LAST, how many are wanted; None if it is not given."""
    last = single(pairs, "LAST")
    if last is not None and (not _WHOLE.fullmatch(last.strip()) or int(last.strip()) < 1):
        raise BadValue("LAST", last, "expected a whole number greater than 0")
    return None if last is None else int(last.strip())


def _phases(pairs: Pairs) -> frozenset[str]:
    for phase in given(pairs, "PHASE"):
        if phase not in PHASES:
            raise BadValue("PHASE", phase, f"expected one of {', '.join(PHASES)}")
    return frozenset(given(pairs, "PHASE"))


def _instant(name: str, text: str) -> int:
    try:
        return parse_instant(text)
    except ValueError as problem:
        raise BadValue(name, text, str(problem)) from problem
