"""The ini form of a service: the keys of a section ``[uws:service:NAME]``, and how their values are read."""

import configparser
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from plaster import PlasterURL
from plaster_pastedeploy import Loader
from pyramid.exceptions import ConfigurationError
from pyramid.path import DottedNameResolver

from pyramid_uws.commands import CommandLine, ExitCode, ResultRule, Stdout
from pyramid_uws.commands.written import read_exit_code, read_output, read_result
from pyramid_uws.definition import WHEN_FULL
from pyramid_uws.parameters import ANY_UPLOADS, Example, Parameter, Upload
from pyramid_uws.parameters.written import read_declaration, read_upload
from pyramid_uws.publishing import DATALINK_TABLE, take_datalink
from pyramid_uws.settings.converters import (
    choice,
    read_count,
    read_flag,
    read_integer,
    read_names,
    read_seconds,
    read_size,
)
from pyramid_uws.settings.keys import Key, UnreadableLine, convert_section
from pyramid_uws.settings.running import ON_STOP
from pyramid_uws.uws.rights import Rights, read_principals

SECTION = "uws:service:"

#: Keys whose empty value means that nothing was said.
_OPTIONAL = ("core", "command", "preload", "worker_system", "on_stop", "priority_parameter")

#: Keys whose empty value means that datalink services have something of their own.
_LEFT_OPEN = ("parameters", "renderers")

_resolve = DottedNameResolver().maybe_resolve

T = TypeVar("T")


# Reading values


def by_lines(read: Callable[[str], T]) -> Callable[[Any], tuple[T, ...]]:
    """Return a converter of a text with a thing on each line, or of a sequence of lines or such things."""

    def convert(given: Any) -> tuple[T, ...]:
        lines = given.splitlines() if isinstance(given, str) else given
        return tuple(
            _read_line(read, line.strip()) if isinstance(line, str) else line
            for line in lines
            if not isinstance(line, str) or line.strip()
        )

    return convert


def _read_line(read: Callable[[str], T], line: str) -> T:
    try:
        return read(line)
    except ValueError as problem:
        raise UnreadableLine(line, str(problem)) from problem


def _text_or_object(text: str) -> Any:
    """Return what ``package.module:NAME`` names, or the text itself if it is not of this form."""
    module, colon, name = text.partition(":")
    if colon and name.isidentifier() and all(part.isidentifier() for part in module.split(".")):
        try:
            return _resolve(text)
        except (ImportError, AttributeError) as problem:
            raise ValueError(str(problem)) from problem
    return text


def _lines(text: str) -> tuple[str, ...]:
    return by_lines(str)(_text_or_object(text))


def _declarations(given: Any, kind: type[T], read: Callable[[str], T], hint: str) -> tuple[T, ...]:
    """Return what a dotted name stands for, what is written in lines, or what is there already."""
    found = _text_or_object(given) if isinstance(given, str) else given
    # One word alone is a dotted name, or was meant to be.
    is_one_word = isinstance(found, str) and len(found.split()) == 1
    is_named = isinstance(given, str) and found is not given
    things = () if is_one_word or not isinstance(found, Iterable) else found
    declared = tuple(things) if is_named else by_lines(read)(things)
    if things is not found or not all(isinstance(each, kind) for each in declared):
        raise ValueError(f"expected {hint} (package.module:NAME) of a sequence of {kind.__name__}, or lines")
    return declared


def read_parameters(given: Any) -> tuple[Parameter, ...]:
    """Return the declarations that a dotted name stands for, or those written in lines."""
    return _declarations(given, Parameter, read_declaration, "the dotted name")


def read_uploads(given: Any) -> tuple[Upload, ...]:
    """Return the uploads that a dotted name stands for, or those written in lines; or ``any``."""
    if isinstance(given, str) and given == "any":
        return ANY_UPLOADS
    return _declarations(given, Upload, read_upload, "any, or the dotted name")


def read_examples(given: Any) -> tuple[Example, ...]:
    """Return the examples that a dotted name stands for."""
    found = given
    if isinstance(given, str):
        found = _text_or_object(given) if given else ()
    declared = tuple(found) if isinstance(found, Iterable) and not isinstance(found, str) else (None,)
    if not all(isinstance(each, Example) for each in declared):
        raise ValueError("expected the dotted name (package.module:NAME) of a sequence of Example")
    return declared


def read_command(given: Any) -> CommandLine:
    """Return the command line that a text is, if it is not read yet."""
    if isinstance(given, CommandLine):
        return given
    if not given or not isinstance(given, str):
        raise ValueError("expected a command line, as a text")
    return CommandLine(given)


def read_stdout(given: Any) -> Stdout | None:
    """Return what stdout becomes, if it is a result."""
    return read_output(given) if isinstance(given, str) else given


read_results: Callable[[Any], tuple[ResultRule, ...]] = by_lines(read_result)
read_exit_codes: Callable[[Any], tuple[ExitCode, ...]] = by_lines(read_exit_code)


#: The keys of a section [uws:service:NAME].
SERVICE_TABLE: tuple[Key, ...] = (
    Key(
        "core",
        str,
        "",
        "Dotted name of the function that does the work; required, or a `command`, or keys of datalink.",
    ),
    Key(
        "command",
        lambda text: read_command(text) if text else None,
        "",
        "The command line of the program that does the work, with placeholders such as `{RADIUS}`. See "
        "[any program as a service](howto-command.md) for this and the next ones.",
    ),
    Key(
        "parameters",
        read_parameters,
        "",
        "Dotted name of a sequence of `Parameter` declarations, or [declarations](howto-command.md#parameters), a "
        "line each.",
    ),
    Key(
        "uploads",
        read_uploads,
        "",
        "Dotted name of a sequence of `Upload` declarations, or declarations, a line each, or `any`; without it, "
        "`UPLOAD` means nothing. See [uploads](uploads.md).",
    ),
    Key("examples", read_examples, "", "Dotted name of a sequence of `Example`s, shown at `examples`."),
    Key("results", read_results, "", "What a command leaves: lines `PATTERN MEDIA/TYPE`, an id, `optional`."),
    Key("stdout", read_stdout, "", "If stdout of a command is a result: `ID MEDIA/TYPE`, `optional`."),
    Key(
        "progress",
        read_flag,
        "false",
        "Whether a command tells its progress on stdout, in lines such as `progress 0.3 reading`.",
    ),
    Key(
        "exit_codes",
        read_exit_codes,
        "",
        "What exit statuses of a command mean: lines `STATUS = KIND SENTENCE`; a kind is `fatal`, `transient` or "
        "`ok`.",
    ),
    Key("title", _text_or_object, "", "One line, as text or as the dotted name of a string."),
    Key("description", _text_or_object, "", "What the service does, likewise."),
    Key("credits", _lines, "", "Whom the data are owed to and under which licence, a line each, likewise."),
    Key(
        "renderers",
        read_names,
        "",
        "Names of the renderers, separated by blanks; `async` without it, `links soda dlasync` for datalink.",
    ),
    Key(
        "preload",
        str,
        "",
        "Dotted name of a function called once before children are made, for warm imports.",
    ),
    Key("worker_system", str, "", "Dotted name of a worker system of the service's own."),
    Key("execution_duration", read_count, "3600", "Seconds a job may run that asks for nothing; 0: unlimited."),
    Key("max_execution_duration", read_count, "86400", "Seconds a job may ask for at most; 0: unlimited."),
    Key(
        "lifetime",
        read_count,
        "172800",
        "Seconds until a job's destruction if it asks for nothing; 0: never.",
    ),
    Key("max_lifetime", read_count, "2592000", "Seconds from creation to destruction at most; 0: unlimited."),
    Key(
        "sync_limit",
        read_count,
        "60",
        "Seconds that a request to `sync` waits for its job; one that takes longer is redirected to the job.",
    ),
    Key(
        "sync_lifetime",
        read_count,
        "300",
        "Seconds that the job of such a request is kept, with its result, after `sync_limit`.",
    ),
    Key("max_running", read_count, "0", "Jobs of the service that run at once on a host; 0: the site's limit."),
    Key(
        "max_running_per_owner",
        read_count,
        "0",
        "Jobs of one owner in the service that run at once, on all hosts; 0: no limit of this kind.",
    ),
    Key("max_queued", read_count, "0", "Jobs that wait in the service's queue; 0: no limit of this kind."),
    Key("max_queued_per_owner", read_count, "0", "Likewise, jobs of one owner that wait."),
    Key(
        "when_full",
        choice(*WHEN_FULL),
        "refuse",
        "What becomes of a job that is to be run when the queue is full: it is refused (403 or 503, it stays "
        "PENDING), or held (HELD, until there is a place).",
    ),
    Key("priority", read_integer, "0", "Jobs of services with a higher priority are started first."),
    Key(
        "priority_parameter",
        str,
        "",
        "The parameter, of type `int`, by which owners give a job a lower priority than the service's.",
    ),
    Key(
        "retries",
        read_count,
        "0",
        "How often an attempt is made again that failed for a reason that may pass (`transient`).",
    ),
    Key("retry_pause", read_seconds, "30", "Seconds before the first of them; doubled each time, up to an hour."),
    Key("maxrec", read_count, "0", "Rows of a table whose job did not say MAXREC; 0: unlimited."),
    Key("max_maxrec", read_count, "0", "Rows of a table at most, whatever MAXREC says; 0: unlimited."),
    Key(
        "max_upload",
        read_size,
        "0",
        "The largest file that is sent along, or fetched for an upload, in bytes (`100M`); 0: `uws.max_upload`.",
    ),
    Key("max_uploads", read_count, "20", "How many uploads a job may have; 0: unlimited."),
    Key(
        "max_memory",
        read_size,
        "0",
        "Memory that each process of a job may ask for, in bytes (`512M`, `2G`), beyond what is preloaded; "
        "0: unlimited. See [limits](limits.md) for this and the next ones.",
    ),
    Key("max_cpu", read_count, "0", "CPU time of a job, of all its processes together, in seconds; 0: unlimited."),
    Key("max_file_size", read_size, "0", "The largest file a job may write, in bytes (`100M`); 0: unlimited."),
    Key(
        "max_open_files", read_count, "0", "Files that each process of a job may have open; 0: the server's limit."
    ),
    Key(
        "max_processes", read_count, "0", "Processes that a job may have at once, the core included; 0: unlimited."
    ),
    Key(
        "max_disk", read_size, "0", "Room on disk for all files of a running job, in bytes (`10G`); 0: unlimited."
    ),
    Key(
        "max_log",
        read_size,
        "10M",
        "How much is kept of what a job writes to stdout and stderr: the beginning and the end of it.",
    ),
    Key(
        "may_see",
        read_principals,
        "",
        "Who may see the service: names of users, `group:NAME`, `everybody`, `users` (whoever has logged in) or "
        "`nobody`. Without it, everybody. See [who may do what](auth.md#who-may-do-what) for this and the next "
        "ones.",
    ),
    Key("may_list", read_principals, "", "Who may list their jobs; without it, who may see the service."),
    Key("may_create", read_principals, "", "Who may create jobs, likewise."),
    Key("may_read", read_principals, "", "Who may list and read the jobs of others, too."),
    Key("may_change", read_principals, "", "Who may change the jobs of others: run, abort, set parameters."),
    Key("may_delete", read_principals, "", "Who may delete the jobs of others."),
    Key("on_stop", choice("", *ON_STOP), "", "As `uws.on_stop`, for this service."),
    Key(
        "on_destruction",
        choice("remove", "archive"),
        "remove",
        "Whether metadata are kept (ARCHIVED) or not.",
    ),
    Key(
        "identifier",
        str,
        "",
        "The service's IVOA identifier, if it is not `ivo://`, the site's authority, `/` and its name. This and "
        "the next ones are for its [registry record](registry.md).",
    ),
    Key("short_name", str, "", "What to call it in 16 characters."),
    Key("subjects", _lines, "", "What it is about, a word or some of the Unified Astronomy Thesaurus a line."),
    Key("creators", _lines, "", "Who made it, or the data, a name a line."),
    Key("created", str, "", "When its record was first published, such as 2026-01-31."),
    Key("updated", str, "", "When what the record says was last changed; as `created` unless given."),
    Key("reference_url", str, "", "Where people read about it; the page of the service unless given."),
    Key("content_types", _lines, "", "What kind of thing it is, such as Catalog or Simulation, a word a line."),
    Key("content_levels", _lines, "", "Whom it is for, such as Research, a word a line."),
    Key("licence", str, "", "Under which terms it may be used, a sentence."),
    Key("licence_uri", str, "", "The same as a URI, such as `https://spdx.org/licenses/CC-BY-4.0.html`."),
    *DATALINK_TABLE,
)


# Reading sections


def services_in(ini: str, defaults: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Return what an ini file says of each service, by name, in the words of ``add_uws_service``."""
    # Looking for a loader, as plaster does, reads what every installed package says of itself.
    loader = Loader(PlasterURL("file+ini", path=ini))
    everywhere = {*defaults, *_keys(loader, "DEFAULT", defaults), "here", "__file__"}
    services = {}
    for section in loader.get_sections():
        if section.startswith("uws:") and not section.startswith(SECTION):
            raise ConfigurationError(f"section [{section}] is unknown; services are written [{SECTION}NAME]")
        if section.startswith(SECTION):
            written = _keys(loader, section, defaults).items()
            own = {key: value for key, value in written if key not in everywhere}
            facts = convert_section(SERVICE_TABLE, own, f"[{section}] ")
            datalink = facts["datalink"] = _datalink(facts, own, section)
            if not (facts["core"] or facts["command"] or datalink):
                raise ConfigurationError(
                    f"[{section}] needs a core, the dotted name of a function, or a command, the line of a program"
                )
            for key in Rights.__dataclass_fields__:
                if facts[key] is None:  # nothing was said
                    del facts[key]
            said = {key: value for key, value in facts.items() if value or key not in _LEFT_OPEN}
            services[section.removeprefix(SECTION)] = said | {key: facts[key] or None for key in _OPTIONAL}
    return services


def _datalink(facts: dict[str, Any], own: Mapping[str, str], section: str) -> Any:
    try:
        return take_datalink(facts, own)
    except ValueError as problem:
        raise ConfigurationError(f"[{section}] {problem}") from problem


def _keys(loader: Loader, section: str, defaults: Mapping[str, str]) -> dict[str, str]:
    """Return what a section says, and what is said for the whole file."""
    try:
        return dict(loader.get_settings(section, defaults))
    except configparser.InterpolationError as problem:
        raise ConfigurationError(f"[{section}] {problem.option}: {problem}; a % itself is written %%") from problem
