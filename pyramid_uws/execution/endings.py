"""How an attempt ended, and what that means for the job: every way to end has one phase and one sentence."""

import signal
from dataclasses import dataclass

from pyramid_uws.uws import phases

from .jobdir import Outcome

#: Why the dispatcher asked an attempt to end.
ABORT = "abort"
STOP = "stop"
OVERDUE = "overdue"


# Signals that the kernel sends to a program for what it has done itself.
_CRASHES = frozenset(
    {
        signal.SIGABRT,
        signal.SIGBUS,
        signal.SIGFPE,
        signal.SIGILL,
        signal.SIGSEGV,
        signal.SIGSYS,
        signal.SIGTRAP,
        signal.SIGXCPU,
        signal.SIGXFSZ,
    }
)


@dataclass(frozen=True)
class Ending:
    """The phase to enter, and what is told: (type, message, detail) of an error, a reason for jobInfo.

    ``blames_client`` says that an error is in what the client has sent.
    """

    phase: str
    failure: tuple[str, str, str] | None = None
    reason: str | None = None
    blames_client: bool = False


#: What a client asked for.
ABORTED = Ending(phases.ABORTED, reason="Aborted on request.")

#: What nobody waits for any more.
ABANDONED = Ending(phases.ABORTED, reason="The client has gone.")

#: An attempt that never came to life.
VOID = Ending(phases.QUEUED, reason="The server went down before the job had started; it is queued again.")


def lost(on_stop: str) -> Ending:
    """Return the ending of an attempt whose worker is dead, or could not say for too long that it lives."""
    if on_stop == "requeue":
        return Ending(phases.QUEUED, reason="The worker that ran the job was lost; the job is run again.")
    return Ending(phases.ERROR, ("transient", "The worker that ran the job was lost; run it again.", ""))


def judge(outcome: Outcome | None, asked: str | None, *, duration: int, on_stop: str, show_detail: bool) -> Ending:
    """Return the ending of an attempt.

    ``outcome`` is None when the attempt's processes vanished without a word; ``asked`` is why the dispatcher
    asked it to end, if it did; ``duration`` the execution duration in seconds.
    """
    if asked == ABORT:
        return ABORTED
    if outcome is not None and outcome.ended == "returned":
        return Ending(phases.COMPLETED)
    if outcome is not None and (outcome.ended == "raised" or outcome.limit):
        detail = outcome.traceback if show_detail else ""
        kind = "transient" if outcome.transient else "fatal"
        failure = (kind, outcome.message or "The core failed without a word.", detail)
        return Ending(phases.ERROR, failure, blames_client=outcome.blames_client and not outcome.transient)
    if asked == OVERDUE or (outcome is not None and outcome.ended == "timeout"):
        sentence = f"The job was ended because its execution duration of {duration} s was used up."
        return Ending(phases.ABORTED, ("transient", sentence, ""), sentence)
    if asked == STOP:
        return _stopped(on_stop)
    return lost(on_stop) if _is_forsaken(outcome) else Ending(phases.ERROR, _died(outcome))


def _is_forsaken(outcome: Outcome | None) -> bool:
    return outcome is not None and outcome.ended == "forsaken"


def _stopped(on_stop: str) -> Ending:
    if on_stop == "requeue":
        return Ending(phases.QUEUED, reason="The server was stopped while the job ran; it is run again.")
    return Ending(phases.ERROR, ("transient", "The server was stopped while the job ran; run it again.", ""))


def _died(outcome: Outcome | None) -> tuple[str, str, str]:
    if outcome is None:
        return "transient", "The job's process vanished: it was killed, or the machine went down.", ""
    if outcome.ended == "exited":
        return "fatal", f"The core ended its process with exit status {outcome.status}.", ""
    if outcome.ended == "signalled":
        return (*_killed(outcome.signal or 0, ran_out=outcome.memory_ran_out), "")
    return "transient", "The job was ended by somebody outside the server.", ""


def _killed(number: int, *, ran_out: bool) -> tuple[str, str]:
    """Return type and sentence: a program that crashes would do so again, one that was killed may not."""
    if number == signal.SIGKILL and ran_out:
        return "transient", "The job was killed because the machine ran out of memory."
    if number in _CRASHES:
        return "fatal", f"The core crashed: signal {number} ({signal.strsignal(number)})."
    return "transient", f"The job's process was killed by signal {number}."
