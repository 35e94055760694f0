"""The words of the command line: the parser of ``uws-admin``, with all its help."""

import argparse
import math
import re
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

from pyramid_uws.uws.instants import parse_instant
from pyramid_uws.uws.phases import PHASES
from pyramid_uws.uws.quotas import KEYS
from pyramid_uws.version import __version__

from .actions import LONGEST_DAYS
from .finding import SHORTEST

_VARIABLE = re.compile(r"([A-Za-z_][\w.-]*)=(.*)", re.ASCII | re.DOTALL)

_NAME = "uws-admin"

_USAGE = f"{_NAME} SITE.INI [NAME=VALUE ...]"

_DESCRIPTION = "Look after a site of pyramid_uws: see what runs, end and remove jobs, keep the database small."

_EPILOG = """\
After the ini file, variables of it may be set as for pserve; give those with which the server was started:

  uws-admin development.ini var=/data/uws status

Looking reads the database itself. Acting is done by the server while it runs, through a socket in the folder
uws.var that only the server's user can open, and by this command while it does not. What acts first lists what
it is about to do and asks at the terminal, unless there is --yes.

A JOB is a job's id, or the beginning or end of one, of at least 6 characters. Times are UTC.

Exit status: 0 it is done, 1 something could not be done, 2 wrong usage.
"""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line; wrong usage ends the program with status 2."""
    first, rest = list(arguments[:1]), list(arguments[1:])
    assignments = list(takewhile(_VARIABLE.fullmatch, rest))
    parser = _parser()
    options, further = parser.parse_known_args([*first, *rest[len(assignments) :]])
    _take_further(parser, options, further)
    options.variables = dict(text.split("=", 1) for text in assignments)
    if not Path(options.ini.partition("#")[0]).is_file():
        parser.error(f"there is no ini file {options.ini}")
    if options.command == "delete":
        _check_delete(parser, options)
    if options.command == "quota" and (options.verb == "set") != bool(options.values) and options.verb != "unset":
        parser.error(f"quota {options.verb} {'wants' if options.verb == 'set' else 'takes no'} KEY=VALUE")
    if options.command in {"user", "token", "quota"} and (options.subject is None) != (options.verb == "list"):
        parser.error(f"{options.command} {options.verb} {'stands alone' if options.subject else 'wants a name'}")
    return options


def _take_further(parser: argparse.ArgumentParser, options: argparse.Namespace, further: Sequence[str]) -> None:
    """Take the jobs that stand behind an option, which argparse leaves over; whatever else is left is wrong."""
    if further and (not hasattr(options, "jobs") or any(text.startswith("-") for text in further)):
        parser.error(f"unrecognized arguments: {' '.join(further)}")
    for text in further:
        try:
            options.jobs.append(_job(text))
        except argparse.ArgumentTypeError as problem:
            parser.error(f"argument JOB: {problem}")


def _check_delete(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    chosen = bool(options.phase or options.service) or options.older_than is not None
    if bool(options.jobs) == chosen:
        parser.error("delete takes either jobs, or --phase, --older-than and --service to choose them")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        _NAME,
        usage=f"{_USAGE} COMMAND [options]",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    parser.add_argument("ini", metavar="SITE.INI", help="the ini file of the site, as for pserve")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for add in (
        _add_status,
        _add_jobs,
        _add_show,
        _add_abort,
        _add_delete,
        _add_reap,
        _add_archive,
        _add_pack,
        _add_record,
    ):
        add(commands)
    for add in (_add_user, _add_token, _add_quota):
        add(commands)
    return parser


def _add(commands: Any, words: str, summary: str, more: str = "") -> argparse.ArgumentParser:
    """Add a command; ``words`` are its name and what stands behind it."""
    parser: argparse.ArgumentParser = commands.add_parser(
        words.partition(" ")[0],
        prog=_NAME,
        usage=f"{_USAGE} {words} [options]",
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}. {more}".strip(),
        allow_abbrev=False,
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error, and what is logged")
    return parser


def _add_acting(commands: Any, words: str, summary: str, more: str = "") -> argparse.ArgumentParser:
    parser = _add(commands, words, summary, more)
    parser.add_argument("--dry-run", action="store_true", help="only list what would be done")
    parser.add_argument("--yes", "-y", action="store_true", help="do not ask for confirmation")
    return parser


def _add_status(commands: Any) -> None:
    _add(
        commands,
        "status",
        "show what runs: server, disks, jobs of each service by phase",
        "Also the length of the queues and since when the oldest job waits, the running jobs with their progress, "
        "the size of the database, the room that results and working folders take, and when the next job is to be "
        "destroyed.",
    )


def _add_jobs(commands: Any) -> None:
    parser = _add(commands, "jobs", "list jobs of all job lists, newest first", "All conditions given must hold.")
    _add_choice(parser)
    owners = parser.add_mutually_exclusive_group()
    owners.add_argument("--owner", metavar="NAME", help="only jobs of this owner; '' for those that nobody owns")
    owners.add_argument("--all", action="store_true", help="jobs of all owners (as without --owner)")
    parser.add_argument("--after", metavar="TIME", type=_instant, help="only jobs created after this UTC time")
    parser.add_argument("--last", metavar="N", type=_positive, help="only the N newest of them")


def _add_choice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--service", metavar="NAME", help="only jobs of this service")
    parser.add_argument(
        "--phase",
        metavar="PHASE",
        type=str.upper,
        choices=PHASES,
        nargs="+",
        action="extend",
        help=f"only jobs in these phases, of {', '.join(PHASES)}; without it, all but the ARCHIVED",
    )


def _add_show(commands: Any) -> None:
    parser = _add(
        commands,
        "show JOB",
        "show everything about one job",
        "Its times, parameters, results with their files, the error with its detail, and where it runs.",
    )
    parser.add_argument("job", metavar="JOB", type=_job, help="id, beginning or end of one")


def _add_abort(commands: Any) -> None:
    parser = _add_acting(
        commands,
        "abort JOB ...",
        "abort jobs",
        "While no server runs, the abort of a job that is EXECUTING is noted, and its processes are ended when "
        "the server starts.",
    )
    parser.add_argument("jobs", metavar="JOB", type=_job, nargs="+", help="id, beginning or end of one")


def _add_delete(commands: Any) -> None:
    parser = _add_acting(
        commands,
        "delete [JOB ...]",
        "delete jobs with all their files, whatever they are doing",
        "Either jobs are named, or chosen by phase, age and service, where all conditions given must hold; a job "
        "that leaves its phase after it was listed is left alone.",
    )
    parser.add_argument("jobs", metavar="JOB", type=_job, nargs="*", help="id, beginning or end of one")
    _add_choice(parser)
    parser.add_argument(
        "--older-than", metavar="DAYS", type=_days, help="only jobs created more than this many days ago"
    )


def _add_reap(commands: Any) -> None:
    _add_acting(
        commands,
        "reap",
        "destroy the jobs whose destruction time has come",
        "They are removed or archived as their service says. A server that runs jobs does this by itself.",
    )


def _add_archive(commands: Any) -> None:
    parser = _add(
        commands,
        "archive",
        "list the archived jobs, newest first, or export them",
        "All conditions given must hold; times are those of creation.",
    )
    parser.add_argument("--service", metavar="NAME", help="only jobs of this service")
    parser.add_argument("--owner", metavar="NAME", help="only jobs of this owner; '' for those that nobody owns")
    parser.add_argument("--since", metavar="TIME", type=_instant, help="only jobs created after this UTC time")
    parser.add_argument("--until", metavar="TIME", type=_instant, help="only jobs created before this UTC time")
    parser.add_argument(
        "--export", metavar="FILE", type=Path, help="write everything about them there, a line of JSON for each"
    )


def _add_pack(commands: Any) -> None:
    parser = _add_acting(
        commands,
        "pack",
        "pack the database",
        "Drops old states of jobs and what is left of deleted ones, and gives the room on disk back; the server "
        "goes on meanwhile. A file storage keeps its file as it was beside it, with .old behind its name, until "
        "it is packed again.",
    )
    parser.add_argument(
        "--days",
        metavar="N",
        type=_days,
        default=1.0,
        help="keep what was current at any time within the last N days (default 1)",
    )


def _add_user(commands: Any) -> None:
    parser = _add(
        commands,
        "user VERB [NAME]",
        "add, list and remove users with a password",
        "VERB is add, passwd, list or remove. The password is asked for at the terminal; without one, it is the "
        "first line of stdin. A server that runs knows of the change at once.",
    )
    parser.add_argument("verb", metavar="VERB", choices=("add", "passwd", "list", "remove"), help="what to do")
    parser.add_argument("subject", metavar="NAME", nargs="?", help="the user, for all but list")
    parser.add_argument("--group", metavar="GROUP", action="append", default=[], help="a group, for add")


def _add_token(commands: Any) -> None:
    parser = _add(
        commands,
        "token VERB [USER | ID]",
        "create, list and revoke personal tokens",
        "VERB is create, list or revoke. A token is shown once, when it is created; only its hash is kept. "
        "revoke takes a token's id.",
    )
    parser.add_argument("verb", metavar="VERB", choices=("create", "list", "revoke"), help="what to do")
    parser.add_argument("subject", metavar="USER | ID", nargs="?", help="whose token, or which")
    parser.add_argument("--note", metavar="TEXT", default="", help="what the token is for")
    parser.add_argument("--days", metavar="N", type=_days, help="how long it is valid; without it, until revoked")


def _add_quota(commands: Any) -> None:
    parser = _add(
        commands,
        "quota VERB [NAME] [KEY=VALUE ... | KEY ...]",
        "set, forget, list and show quotas: how much somebody may have here",
        "VERB is set, unset, list or show. NAME is a user, group:NAME, users (who has logged in), anonymous (who "
        f"has not) or address:ADDRESS; KEY is one of {', '.join(KEYS)}; 0 is no limit. What is set goes "
        "before the ini file until it is unset, and holds with the next request. show tells what somebody may "
        "have, and has.",
    )
    parser.add_argument("verb", metavar="VERB", choices=("set", "unset", "list", "show"), help="what to do")
    parser.add_argument("subject", metavar="NAME", nargs="?", help="whose quota, for all but list")
    parser.add_argument("values", metavar="KEY=VALUE | KEY", nargs="*", help="what to set, or unset; none is all")
    parser.add_argument("--group", metavar="GROUP", action="append", default=[], help="a group of NAME, for show")


def _add_record(commands: Any) -> None:
    parser = _add(
        commands,
        "record SERVICE",
        "print the registry record of a service, as XML",
        "It is made from the ini file alone, whether the server runs or not; what is missing there is said.",
    )
    parser.add_argument("service", metavar="SERVICE", help="the name of the service")


# Types of arguments


def _job(text: str) -> str:
    if len(text) < SHORTEST:
        raise argparse.ArgumentTypeError(
            f"{text!r} is too short: a job is named by at least {SHORTEST} characters"
        )
    return text


def _instant(text: str) -> int:
    try:
        return parse_instant(text)
    except ValueError as problem:
        raise argparse.ArgumentTypeError(f"{text!r}: {problem}") from problem


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text)):
        raise argparse.ArgumentTypeError(f"{text!r}: expected a whole number greater than 0")
    return int(text)


def _days(text: str) -> float:
    try:
        days = float(text)
    except ValueError:
        days = math.nan
    if not 0 <= days <= LONGEST_DAYS:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a number of days from 0 to {LONGEST_DAYS}")
    return days
