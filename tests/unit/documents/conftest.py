"""Jobs to write documents about: one by hand, and any that Hypothesis can think of."""

from dataclasses import dataclass

import pytest
from hypothesis import strategies as st
from lxml import etree

from pyramid_uws.uws.phases import PHASES

LATEST = 253_402_300_799_999_999  # the last µs of the year 9999

# Whatever a str can hold, lone surrogates included, and often what XML finds hard.
TEXTS = st.text(st.one_of(st.sampled_from("\0\x08\t\n\r &<>\"'];\x7f\x85\u2028\ud800\ufffe"), st.characters()))
INSTANTS = st.integers(0, LATEST)


@dataclass(frozen=True, kw_only=True)
class Job:
    job_id: str = "0h3kabc"
    runid: str | None = None
    owner: str | None = None
    phase: str = "PENDING"
    quote: int | None = None
    created: int = 1767323045678901  # 2026-01-02T03:04:05.678901Z
    started: int | None = None
    ended: int | None = None
    execution_duration: int = 3600
    destruction: int | None = None
    parameters: tuple = ()
    references: tuple = ()
    results: tuple = ()
    error: tuple | None = None
    info: tuple = ()


@pytest.fixture(scope="session")
def make_job():
    return Job


@pytest.fixture(scope="session")
def texts():
    return TEXTS


@pytest.fixture(scope="session")
def instants():
    return INSTANTS


@pytest.fixture(scope="session")
def jobs():
    """A strategy for jobs in any phase, with any texts."""
    sizes = st.integers(0, 2**63 - 1)
    return st.builds(
        Job,
        job_id=TEXTS,
        runid=st.none() | TEXTS,
        owner=st.none() | TEXTS,
        phase=st.sampled_from(PHASES),
        quote=st.none() | INSTANTS,
        created=INSTANTS,
        started=st.none() | INSTANTS,
        ended=st.none() | INSTANTS,
        execution_duration=st.integers(0, 2**31 - 1),
        destruction=st.none() | INSTANTS,
        parameters=_tuples(TEXTS, TEXTS),
        references=_tuples(TEXTS, TEXTS, sizes, TEXTS),
        results=_tuples(TEXTS, TEXTS, sizes, st.just("") | st.just("ab" * 32)),
        error=st.none() | st.tuples(st.sampled_from(["fatal", "transient"]), TEXTS, st.booleans()),
        info=_tuples(TEXTS, TEXTS),
    )


def _tuples(*parts):
    return st.lists(st.tuples(*parts), max_size=3).map(tuple)


@pytest.fixture(scope="session")
def carried():
    """What XML 1.0 can carry of a text, by the letter of its production [2]."""

    def is_char(character):
        code = ord(character)
        return (
            code in {0x9, 0xA, 0xD}
            or 0x20 <= code <= 0xD7FF
            or 0xE000 <= code <= 0xFFFD
            or 0x10000 <= code <= 0x10FFFF
        )

    def carried(text):
        return "".join(character if is_char(character) else "\ufffd" for character in text)

    return carried


@pytest.fixture(scope="session")
def parse():
    """Read a document as a client gets it: encoded."""
    return lambda text: etree.fromstring(text.encode("utf-8"))
