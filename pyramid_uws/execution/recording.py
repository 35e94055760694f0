"""What becomes of the journal of a transaction: it is counted, written down, and told to listeners."""

import errno
from collections.abc import Callable

from pyramid.exceptions import ConfigurationError

from pyramid_uws.observing.activity import SERVER, Subject
from pyramid_uws.observing.appending import LineFile
from pyramid_uws.observing.audit import Act, Audit
from pyramid_uws.observing.numbers import Numbers
from pyramid_uws.settings import Settings
from pyramid_uws.uws.phases import FINAL

from .writer import Journal, PhaseChanged


def open_audit(settings: Settings) -> Audit:
    """Return the audit log of a site; what is wrong with the file is told now, but for a disk that is full."""
    if settings.audit is None:
        return Audit(None)
    settings.var.mkdir(mode=0o700, parents=True, exist_ok=True)  # an operator may come before the first start
    file = LineFile(settings.var / settings.audit, size=settings.audit_size, keep=settings.audit_keep)
    try:
        file.check()
    except OSError as problem:
        if problem.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise ConfigurationError(
                f"setting uws.audit = {settings.audit}: the file cannot be written ({problem.strerror})"
            ) from problem
    return Audit(file)


class Recorder:
    """Takes journals, in the writer's thread, after the commit and before anybody is answered."""

    def __init__(self, numbers: Numbers, audit: Audit, announce: Callable[[list[PhaseChanged]], None]) -> None:
        self._numbers = numbers
        self._audit = audit
        self._announce = announce

    def record(self, journal: Journal) -> None:
        """Do all three."""
        changes = [entry for entry in journal if isinstance(entry, PhaseChanged)]
        acts = [entry for entry in journal if isinstance(entry, Act)]
        for change in changes:
            self._numbers.changed(change)
        for act in acts:
            if act.event == "uploaded":
                self._numbers.uploaded(act.facts["bytes"])
        acts += [_ended(change) for change in changes if change.after in FINAL]
        if acts:
            self._audit.write(acts)
        if changes:
            self._announce(changes)


def _ended(change: PhaseChanged) -> Act:
    """Return what is written down of the end of a job, which the server brings about."""
    facts: dict[str, object] = {"phase": change.after, "error": change.failure}
    if change.ran is not None:
        facts["milliseconds"] = change.ran // 1000
    subject = Subject(change.service, change.job_id, change.owner, change.runid)
    return Act("ended", subject, SERVER, facts)
