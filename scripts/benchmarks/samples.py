"""Values: the times of many requests, and the figure that becomes a row of the report."""

import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Self


@dataclass
class Sample:
    """How long each of many operations took (s), how long all of them did, and how they were answered."""

    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)

    def __iadd__(self, other: "Sample") -> Self:
        self.latencies += other.latencies
        self.seconds += other.seconds
        self.statuses += other.statuses
        return self

    @property
    def count(self) -> int:
        """How many operations there were."""
        return len(self.latencies)

    @property
    def rate(self) -> float:
        """Operations per second."""
        return self.count / self.seconds if self.seconds else 0.0

    @property
    def errors(self) -> int:
        """How many answers said that something was wrong."""
        return sum(number for status, number in self.statuses.items() if status >= 400)

    def percentile(self, percent: float) -> float:
        """Return the latency (s) that so many percent do not exceed."""
        return percentile(self.latencies, percent)

    @property
    def p50(self) -> float:
        """The median latency in seconds."""
        return self.percentile(50)


def percentile(values: Iterable[float], percent: float) -> float:
    """Return the value that so many percent do not exceed; 0 of none."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(len(ranked) * percent / 100))] if ranked else 0.0


def timed(operation: Callable[[], Any], *, seconds: float = 60.0, count: int = 1_000_000) -> Sample:
    """Repeat the operation, one at a time, until one of the limits is reached."""
    sample = Sample()
    start = time.perf_counter()
    while sample.count < count and time.perf_counter() - start < seconds:
        begun = time.perf_counter()
        operation()
        sample.latencies.append(time.perf_counter() - begun)
    sample.seconds = time.perf_counter() - start
    return sample


@dataclass
class Figure:
    """One row: times in ms, rate per second; ``ratio`` is to the yardstick named ``against``, in this run."""

    scenario: str
    case: str
    count: int = 0
    p50_ms: float | None = None
    p99_ms: float | None = None
    rate: float | None = None
    ratio: float | None = None
    against: str = ""
    errors: int = 0
    more: dict[str, float | int] = field(default_factory=dict)

    @classmethod
    def of(cls, scenario: str, case: str, sample: Sample, **more: float) -> "Figure":
        """Make the row of a sample."""
        return cls(
            scenario,
            case,
            count=sample.count,
            p50_ms=sample.p50 * 1000,
            p99_ms=sample.percentile(99) * 1000,
            rate=sample.rate,
            errors=sample.errors,
            more=dict(more),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return what a line of JSON says."""
        return asdict(self)


def rate_of(sample: Sample) -> float:
    """Return the rate; what most ratios are of."""
    return sample.rate


def median_of(sample: Sample) -> float:
    """Return the median latency."""
    return sample.p50


def compare(
    ours: Callable[[], Sample],
    yardstick: Callable[[], Sample],
    rounds: int,
    measure: Callable[[Sample], float] = rate_of,
) -> tuple[Sample, Sample, float]:
    """Take turns; return all of ours, all of the yardstick's, and the median of the rounds' ratios.

    A round is compared with the mean of the yardstick's rounds before and after it.
    """
    total, reference = Sample(), Sample()
    ratios = []
    before = yardstick()
    for _ in range(rounds):
        sample, after = ours(), yardstick()
        ratios.append(measure(sample) / ((measure(before) + measure(after)) / 2))
        total += sample
        reference += after
        before = after
    return total, reference, statistics.median(ratios)
