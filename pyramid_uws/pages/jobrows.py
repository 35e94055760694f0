"""The rows of a job list as markup. There are many, so they are written as those of the XML document are, by hand.

Whatever a client or a core has chosen is escaped; ids, phases and numbers are ours.
"""

from typing import Any, NamedTuple

from markupsafe import Markup, escape

from pyramid_uws.documents.state import segment
from pyramid_uws.documents.xml import replace_illegal
from pyramid_uws.uws import phases

from .moments import moment, span_until
from .wording import size


class JobLine(NamedTuple):
    """A job as the list shows it; ``size`` of all its results in bytes, instants in µs.

    ``can_act`` tells whether who is looking may do something with it.
    """

    job_id: str
    href: str
    phase: str
    runid: str | None
    owner: str | None
    created: int
    fraction: float | None
    doing: str
    result_count: int
    size: int
    destruction: int | None
    can_act: bool

    @property
    def name(self) -> str:
        """What the job is called: by its run id, if that can be seen."""
        return self.runid if self.runid and not self.runid.isspace() else self.job_id


def job_line(job: Any, base: str, *, can_act: bool) -> JobLine:
    """Return what the list at a URL shows of a job."""
    fraction, doing = job.progress or (None, "")
    return JobLine(
        job_id=job.job_id,
        href=f"{base}/{segment(job.job_id)}",
        phase=job.phase,
        runid=None if job.runid is None else replace_illegal(job.runid),
        owner=None if job.owner is None else replace_illegal(job.owner),
        created=job.created,
        fraction=fraction if job.phase in phases.ACTIVE else None,
        doing=replace_illegal(doing) if job.phase in phases.ACTIVE else "",
        result_count=len(job.results),
        size=sum(result[2] for result in job.results),
        destruction=None if job.phase == phases.ARCHIVED else job.destruction,
        can_act=can_act,
    )


def job_row(line: JobLine, at: int, *, selects: bool, shows_owner: bool) -> Markup:
    """Write the row of a job; ``at`` is now (µs)."""
    name = escape(line.name)
    owner = f"<td>{escape(line.owner or '')}</td>" if shows_owner else ""
    return Markup(  # nosec B704  # noqa: S704 - what comes from outside is escaped
        f'<tr id="job-{line.job_id}">{_selection(line, name) if selects else ""}'
        f'<th scope="row"><a href="{escape(line.href)}">{name}</a></th>'
        f'<td><span class="badge {line.phase.lower()}">{line.phase}</span></td>{owner}'
        f"<td>{_progress(line)}</td><td>{moment(line.created, at)}</td>"
        f'<td class="number">{_results(line)}</td><td>{span_until(line.destruction, at)}</td></tr>\n'
    )


def _selection(line: JobLine, name: str) -> str:
    if not line.can_act:
        return '<td class="select"></td>'
    box = f'<input type="checkbox" name="JOB" value="{line.job_id}" aria-label="Select {name}">'
    return f'<td class="select">{box}</td>'


def _progress(line: JobLine) -> str:
    if line.fraction is None:
        return ""
    doing = f' <span class="soft small">{escape(line.doing)}</span>' if line.doing else ""
    bar = f'<progress max="1" value="{line.fraction:.4f}" aria-label="Progress"></progress>'
    return f"{bar} {line.fraction:.0%}{doing}"


def _results(line: JobLine) -> str:
    if not line.result_count:
        return ""
    return f'{line.result_count} · <span title="{line.size} bytes">{size(line.size)}</span>'
