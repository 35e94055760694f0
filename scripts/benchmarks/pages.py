"""Pages for people, beside the XML of the same URLs: by one client, in turns."""

import itertools
from collections.abc import Iterator

from .bench import ARCHIVE, Bench, job_ids
from .client import drive, get
from .samples import Figure, Sample, compare
from .scenarios import CpuTime
from .servers import Site

#: What a browser says that it takes.
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

#: Name of the case and path; {job} is each time the next of many jobs.
CASES = {
    "a job": f"{ARCHIVE}/{{polled}}",
    "a job, each time another": f"{ARCHIVE}/{{job}}",
    "a list, LAST=50": f"{ARCHIVE}?LAST=50",
    "a list": ARCHIVE,
}


def measure_pages(bench: Bench) -> None:
    """GET a job and job lists as a browser does; ratios are of the server's time, to the XML of the same URL."""
    settings = {"uws.dispatcher": "none", "uws.includes": "benchmarks.site"}
    for size in bench.options.sizes[-1:]:
        with bench.site("pages", bench.database(size), settings=settings) as site:
            ids = job_ids(site, 1000)
            for case, path in CASES.items():
                paths = [path.format(job=job_id, polled=ids[0]) for job_id in ids]
                _measure(bench, site, f"{case}, {size:,} jobs", paths)


def _measure(bench: Bench, site: Site, case: str, paths: list[str]) -> None:
    def ask(requests: Iterator[bytes], seconds: float) -> Sample:
        return drive(site.port, requests, 1, seconds)

    pages, documents = (
        itertools.cycle([get(path, **headers) for path in paths]) for headers in ({"Accept": BROWSER}, {})
    )
    for requests in (pages, documents):
        ask(requests, bench.options.seconds)
    cpu = CpuTime()
    sample, _, _ = compare(
        cpu.measured("cpu_us", site, lambda: ask(pages, bench.options.seconds)),
        cpu.measured("xml_cpu_us", site, lambda: ask(documents, bench.options.seconds)),
        bench.options.rounds,
    )
    spent = cpu.per_request()
    figure = Figure.of("pages", case, sample, **spent, **site.state())
    figure.ratio, figure.against = spent["cpu_us"] / spent["xml_cpu_us"], "processor time of the XML"
    bench.add(figure)
