"""Programs that run code which is one of their arguments: a value put into that would be code.

What is found are mistakes of operators who mean well; nobody can know all programs that run what they are given.
May import :mod:`.placeholders` of this folder.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from .placeholders import Part, Placeholder

Word = tuple[Part, ...]


@dataclass(frozen=True)
class _Kind:
    """Programs of one kind: their names; the options with an argument; how many operands may be code."""

    names: re.Pattern[str]
    with_argument: re.Pattern[str]
    operands: int = 1


def _kind(names: str, letters: str, operands: int = 1) -> _Kind:
    return _Kind(re.compile(names), re.compile(f"[-+][A-Za-z]*[{letters}]" if letters else "(?!)"), operands)


# Of su the user may come before the code; what ssh has behind the host is for the shell there.
_KINDS = (
    _kind(r"(?:ba|da|a|k|z|c|tc|fi)?sh", "oO"),
    _kind(r"(?:python|pypy)[\d.]*", "WX"),
    _kind(r"(?:perl|ruby)[\d.]*", "I"),
    _kind(r"lua[\d.]*", "l"),
    _kind(r"php[\d.]*", "d"),
    _kind(r"node", "r"),
    _kind(r"Rscript", ""),
    _kind(r"[gmn]?awk", "Fv"),
    _kind(r"sed", ""),
    _kind(r"su", "gs", operands=3),
    _kind(r"ssh", "bDEeFIiJLlmOopQRSWw", operands=1_000_000),
)

# With one of these, an interpreter behind another program (nice, env) is one, and not a word that looks so.
_CODE_FOLLOWS = re.compile(r"-[A-Za-z]*[cer][A-Za-z]*|--(?:eval|command|execute)")


def refuse_code(words: Sequence[Word]) -> None:
    """Refuse, by ``ValueError``, a placeholder in code that an interpreter among the words is told to run."""
    for place, word in enumerate(words):
        name = _literal(word).rpartition("/")[2]
        kind = next((kind for kind in _KINDS if kind.names.fullmatch(name)), None)
        if kind is not None:
            _look_behind(name, kind, words[place:], certain=place == 0)


def _look_behind(name: str, kind: _Kind, words: Sequence[Word], *, certain: bool) -> None:
    operands = 0
    for before, word in pairwise(words):
        first = word[0] if word and isinstance(word[0], str) else ""
        if first.startswith("-"):
            # A value within an option: -cVALUE.
            certain = certain or _CODE_FOLLOWS.match(first) is not None
        elif kind.with_argument.fullmatch(_literal(before)):
            continue
        else:
            operands += 1
        if certain:
            _refuse_in(word, name)
        if operands == kind.operands:
            return


def _refuse_in(word: Word, interpreter: str) -> None:
    # A file that was sent is named by the server; that it is code may be what the service is for.
    inserted = [part for part in word if isinstance(part, Placeholder) and not part.is_fact]
    if inserted and not (len(word) == 1 and inserted[0].mode in {"input", "if"}):
        raise ValueError(
            f"{{{inserted[0].name}}} stands in code that {interpreter} runs, and what a client sends would be "
            "code; hand it over as an argument behind the code, as in: sh -c 'program \"$1\" | other' - {NAME}"
        )


def _literal(word: Word) -> str:
    return word[0] if len(word) == 1 and isinstance(word[0], str) else ""
