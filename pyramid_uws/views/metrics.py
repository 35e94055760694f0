"""The numbers of this process and of the database, in the form of Prometheus; there if ``uws.metrics`` is set.

This is the one module that needs the package prometheus_client. It holds no numbers itself: they are taken from
where they are when somebody asks.
"""

import shutil
from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from pyramid.httpexceptions import HTTPForbidden
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

from pyramid_uws.interfaces import IRoot
from pyramid_uws.observing.numbers import Histogram
from pyramid_uws.settings import read_settings
from pyramid_uws.tree import Root, job_renderers
from pyramid_uws.uws.phases import ACTIVE, PHASES

from .health import alive
from .parked import PARK
from .resources import add_resource_views
from .scraping import may_read, read_token


def show(context: Root, request: Request) -> Response:
    """GET /metrics, for those who may."""
    if not may_read(request):
        raise HTTPForbidden
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(context, request))
    ProcessCollector(registry=registry)
    return Response(generate_latest(registry), headerlist=[("Content-Type", CONTENT_TYPE_LATEST)])


# What


class _Collector:
    """What is told once."""

    def __init__(self, root: Root, request: Request) -> None:
        self._root = root
        self._request = request
        self._site = request.registry.uws

    def collect(self) -> Iterator[Metric]:
        yield from self._of_the_database()
        yield from self._of_the_machine()
        with self._site.numbers.lock:
            found = [*self._of_jobs(), *self._of_commits(), *self._of_requests()]
        yield from found
        yield from self._of_complaints()

    def _of_the_database(self) -> Iterator[Metric]:
        """From indexes: jobs in phases that are final have none, and are counted when they come to their end."""
        jobs = GaugeMetricFamily(
            "uws_jobs",
            "Jobs in the database, in phases that may change.",
            labels=["service", "renderer", "phase"],
        )
        for renderer in job_renderers(self._root):
            for phase in PHASES:
                if phase in ACTIVE:
                    names = [renderer.__parent__.__name__, renderer.__name__, phase]
                    jobs.add_metric(names, renderer.joblist.count_in(phase))
        yield jobs
        hearts = list(self._root.heartbeats())
        timeout = self._site.settings.worker_timeout
        workers = sum(alive([heart], timeout) for heart in hearts)
        yield GaugeMetricFamily("uws_workers_alive", "Workers whose heartbeats are recent.", workers)

    def _of_the_machine(self) -> Iterator[Metric]:
        free = GaugeMetricFamily("uws_disk_free_bytes", "Room on the disks of the site.", labels=["folder"])
        for name in ("var", "results", "work"):
            free.add_metric([name], shutil.disk_usage(getattr(self._site.settings, name)).free)
        yield free
        place = self._request.environ.get(PARK)
        parked = self._site.waiting_room.waiting if place is None else place.parked
        yield GaugeMetricFamily("uws_parked_requests", "Requests that wait for a change of a job.", parked)

    def _of_jobs(self) -> Iterator[Metric]:
        numbers = self._site.numbers
        created = CounterMetricFamily("uws_jobs_made", "Jobs that clients have made.", labels=["service"])
        for service, number in numbers.created.items():
            created.add_metric([service], number)
        ended = CounterMetricFamily("uws_jobs_ended", "Jobs that have ended.", labels=["service", "phase"])
        for names, number in numbers.ended.items():
            ended.add_metric(list(names), number)
        failed = CounterMetricFamily("uws_jobs_failed", "Jobs that have failed.", labels=["service", "kind"])
        for names, number in numbers.failed.items():
            failed.add_metric(list(names), number)
        yield from (created, ended, failed)
        yield _family("uws_queue_wait_seconds", "From QUEUED to the first start.", "service", numbers.waits)
        yield _family("uws_run_seconds", "From the start of the last attempt to its end.", "service", numbers.runs)
        yield CounterMetricFamily("uws_uploads", "Files that were sent along.", numbers.uploads)
        yield CounterMetricFamily("uws_upload_bytes", "Bytes of them.", numbers.upload_bytes)

    def _of_commits(self) -> Iterator[Metric]:
        numbers = self._site.numbers
        commits = HistogramMetricFamily("uws_commit_seconds", "Transactions, with their repetitions.")
        commits.add_metric([], *_buckets(numbers.commits))
        yield commits
        yield CounterMetricFamily("uws_commits_failed", "Transactions that failed.", numbers.failed_commits)

    def _of_requests(self) -> Iterator[Metric]:
        numbers = self._site.numbers
        requests = CounterMetricFamily("uws_requests", "Requests answered.", labels=["method", "status"])
        for (method, status), number in numbers.requests.items():
            requests.add_metric([method, str(status)], number)
        yield requests
        text = "Work on answers, without the time for which requests were parked."
        yield _family("uws_request_seconds", text, "view", numbers.durations)

    def _of_complaints(self) -> Iterator[Metric]:
        logged = CounterMetricFamily("uws_log_records", "Warnings and errors in the log.", labels=["level"])
        for level, number in dict(self._site.errors.counts).items():
            logged.add_metric([level], number)
        yield logged


def _family(name: str, text: str, label: str, histograms: dict[str, Histogram]) -> HistogramMetricFamily:
    family = HistogramMetricFamily(name, text, labels=[label])
    for value, histogram in histograms.items():
        family.add_metric([value], *_buckets(histogram))
    return family


def _buckets(histogram: Histogram) -> tuple[list[tuple[str, float]], float]:
    """Return the buckets as Prometheus has them, each with all that is below, and the sum."""
    seen, buckets = 0, []
    for bound, number in zip((*histogram.bounds, float("inf")), histogram.counts, strict=True):
        seen += number
        buckets.append(("+Inf" if bound == float("inf") else str(bound), float(seen)))
    return buckets, histogram.total


def includeme(config: Any) -> None:
    """Register the view; a token that cannot be used is told of now."""
    token = read_settings(config.registry.settings).metrics_token
    if token is not None:
        read_token(token)
    add_resource_views(config, IRoot, {"GET": show}, name="metrics", permission=NO_PERMISSION_REQUIRED)
