"""What an operator writes of a command in an ini file, beside its command line: results and exit statuses."""

import re
import shlex

from .command import KINDS, ExitCode, Stdout
from .results import ResultRule

_EXIT_CODE = re.compile(r"(\d{1,3})\s*=\s*(\w+)(?:\s+(.*))?", re.ASCII)


def read_result(line: str) -> ResultRule:
    """Read ``PATTERN MEDIA/TYPE``, then an id or nothing, then ``optional`` or nothing."""
    words, optional = _words(line)
    glob, media_type, result_id, *more = [*words, "", "", ""]
    if not media_type or any(more):
        raise ValueError("expected PATTERN MEDIA/TYPE, then an id if wanted, then the word optional if it is")
    return ResultRule(glob, media_type, result_id, optional)


def read_output(text: str) -> Stdout | None:
    """Read ``ID MEDIA/TYPE``, then ``optional`` or nothing; or nothing at all."""
    words, optional = _words(text)
    if len(words) not in {0, 2}:
        raise ValueError("expected ID MEDIA/TYPE, then the word optional if it is")
    return Stdout(words[0], words[1], optional) if words else None


def read_exit_code(line: str) -> ExitCode:
    """Read ``STATUS = fatal|transient|ok SENTENCE``."""
    found = _EXIT_CODE.fullmatch(line)
    if found is None:
        raise ValueError(f"expected STATUS = {'|'.join(KINDS)} SENTENCE, such as 3 = fatal The table is empty.")
    return ExitCode(int(found[1]), found[2], (found[3] or "").strip())


def _words(text: str) -> tuple[list[str], bool]:
    """Split words as a shell does; tell whether ``optional`` stood behind them."""
    try:
        words = shlex.split(text)
    except ValueError as problem:
        raise ValueError(f"{problem} (a quote or a backslash that has no partner)") from None
    optional = len(words) > 2 and words[-1] == "optional"
    return words[:-1] if optional else words, optional
