"""How a service is called from programs: texts to copy, with the URLs of this very site."""

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

#: Names and texts of parameters, as they are sent.
Pairs = tuple[tuple[str, str], ...]

#: What would make of a table something else than pyvo and STILTS read.
_FORMAT = "RESPONSEFORMAT"


@dataclass(frozen=True)
class Call:
    """An endpoint, and what to send there."""

    url: str
    pairs: Pairs

    @property
    def without_format(self) -> "Call":
        """The call whose answer is a VOTable."""
        return Call(self.url, tuple(pair for pair in self.pairs if pair[0].upper() != _FORMAT))

    @property
    def query_url(self) -> str:
        """All of it as one URL."""
        return f"{self.url}?{urlencode(self.pairs)}"


@dataclass(frozen=True)
class Calls:
    """The endpoints of a service, as far as it has them: for jobs, for answers at once, and for links.

    ``tables`` tells whether the answers at once are tables, unless something else is asked for.
    """

    job: Call | None = None
    once: Call | None = None
    links: Call | None = None
    tables: bool = False


@dataclass(frozen=True)
class Snippet:
    """A text to copy: for which program, what it does, and in what it is written."""

    program: str
    title: str
    text: str


def snippets(calls: Calls) -> list[Snippet]:
    """Return what can be copied, program by program."""
    return [*_curl(calls), *_python(calls), *_stilts(calls)]


def _curl(calls: Calls) -> Iterator[Snippet]:
    if calls.job is not None:
        run = Call(calls.job.url, (*calls.job.pairs, ("PHASE", "RUN")))
        yield Snippet(
            "curl",
            "a job",
            f"""\
JOB=$(curl -s -o /dev/null -w '%{{redirect_url}}' {_words(run)})
curl -s -o /dev/null "$JOB?WAIT=60&PHASE=QUEUED"  # until it has begun
curl -s "$JOB?WAIT=60"  # until it has ended: its phase, and links to its results""",
        )
    if calls.once is not None:
        yield Snippet("curl", "an answer at once", f"curl -O -J {_words(calls.once)}")
    if calls.links is not None:
        yield Snippet("curl", "the links of an observation", f"curl -s {_words(calls.links)}")


def _python(calls: Calls) -> Iterator[Snippet]:
    if calls.job is not None:
        yield Snippet(
            "pyvo",
            "a job",
            f"""\
import requests
from pyvo.dal.tap import AsyncTAPJob

wish = {_mapping(calls.job)}
created = requests.post({_text(calls.job.url)}, data=wish)
created.raise_for_status()
job = AsyncTAPJob(created.url)  # requests has followed the redirect to the job
job.run().wait()
job.raise_if_error()
for result in job.results:
    print(result.id_, result.href)""",
        )
    if calls.once is not None and calls.tables:
        yield Snippet(
            "pyvo",
            "a table at once",
            f"""\
from pyvo.dal import DALService

wish = {_mapping(calls.once.without_format)}
found = DALService({_text(calls.once.url)}).search(**wish)
print(found.to_table())""",
        )
    if calls.links is not None:
        yield Snippet(
            "pyvo",
            "the links of an observation",
            f"""\
from pyvo.dal.adhoc import DatalinkResults

for link in DatalinkResults.from_result_url({_text(calls.links.query_url)}):
    print(link.semantics, link.access_url)""",
        )


def _stilts(calls: Calls) -> Iterator[Snippet]:
    if calls.once is not None and calls.tables:
        url = shlex.quote(calls.once.without_format.query_url)
        yield Snippet("STILTS", "a table at once", f"stilts tpipe in={url} ifmt=votable ofmt=ascii")
    if calls.links is not None:
        url = shlex.quote(calls.links.query_url)
        yield Snippet("STILTS", "the links of an observation", f"stilts tpipe in={url} ifmt=votable ofmt=ascii")
    if calls.job is not None:
        yield Snippet(
            "STILTS",
            "a table that a job has made: with the job of curl, and one of its results for NAME",
            'stilts tpipe in="$JOB/results/NAME" ofmt=ascii',
        )


def _words(call: Call) -> str:
    """Return URL and parameters as words of a command line, one parameter in a line."""
    words = [shlex.quote(call.url)]
    words += [f"--data-urlencode {shlex.quote(f'{name}={text}')}" for name, text in call.pairs]
    return " \\\n    ".join(words)


def _mapping(call: Call) -> str:
    """Return the parameters as a literal of Python."""
    texts: dict[str, list[str]] = {}
    for name, text in call.pairs:
        texts.setdefault(name, []).append(text)
    items = [f"{_text(name)}: {_text(found[0] if len(found) == 1 else found)}" for name, found in texts.items()]
    return "{" + ", ".join(items) + "}"


def _text(value: str | list[str]) -> str:
    """Return a text, or a list of some, as a literal of Python."""
    return json.dumps(value, ensure_ascii=False)
