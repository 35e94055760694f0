"""What a job keeps of the parameters sent to it: texts under declared names, parsed when it is run.

A job stores ``(name, text)`` pairs. They are checked gently while the job is PENDING (what is there must be
readable, gaps are fine) and completely when it is run.
"""

import operator
from collections.abc import Collection, Iterable, Sequence
from functools import reduce
from typing import Any

from pyramid_uws.exceptions import BadValue, TooManyValues

from .conditions import Condition
from .declaration import Parameter

Pairs = tuple[tuple[str, str], ...]


def merge(
    declared: Sequence[Parameter], kept: Pairs, sent: Iterable[tuple[str, str]], style: str | None = "dali"
) -> Pairs:
    """Return the pairs a job has after some were sent to it.

    A single-valued parameter replaces what was there, a multiple one accumulates. Unknown ones are kept as
    they are spelled and replaced when sent again. :class:`BadValue` tells of unreadable values and of several
    values for one that takes a single one; equal repetitions collapse. ``style`` is how conditions are written;
    several texts for one condition add up. Without a style whatever was sent is kept, unchecked.
    """
    by_key = {parameter.key: parameter for parameter in declared}
    groups: dict[str, list[tuple[str, str]]] = {}
    for name, text in sent:
        groups.setdefault(name.upper(), []).append((name, text))
    merged = list(kept)
    for key, pairs in groups.items():
        parameter = by_key.get(key)
        name = parameter.name if parameter else pairs[0][0]
        texts = [text for _, text in pairs]
        if parameter is None or not parameter.multiple:
            texts = list(dict.fromkeys(texts))
            merged = [pair for pair in merged if pair[0].upper() != key]
        if parameter is not None and style is not None:
            _check_all(parameter, texts, style)
        merged.extend((name, text) for text in texts)
    return tuple(merged)


def _check_all(parameter: Parameter, texts: Sequence[str], style: str) -> None:
    _check_count(parameter, texts)
    for text in texts:
        if not parameter.is_absent(text):
            parameter.read(text, style)


def _check_count(parameter: Parameter, texts: Sequence[str]) -> None:
    if len(texts) > 1 and not (parameter.multiple or parameter.condition):
        raise TooManyValues(parameter.name, texts, "this parameter takes one value")


def complete(
    declared: Sequence[Parameter], kept: Pairs, references: Iterable[str] = (), style: str = "dali"
) -> dict[str, Any]:
    """Return the value of every declared parameter, as a core sees them.

    Absent ones have their default, or None; multiple ones are tuples; conditions are sets of values, and let all
    pass if they are absent. ``references`` names those that were sent as files; they satisfy a requirement and
    have no value here. :class:`BadValue` names the first required one that is missing, or an unreadable value.
    """
    by_file = {name.upper() for name in references}
    values: dict[str, Any] = {}
    for parameter in declared:
        texts = [text for name, text in kept if name.upper() == parameter.key]
        _check_count(parameter, texts)
        read = tuple(parameter.read(text, style) for text in texts if not parameter.is_absent(text))
        if parameter.required and not read and parameter.key not in by_file:
            raise BadValue(parameter.name, "", "this parameter is required")
        if parameter.condition:
            values[parameter.name] = reduce(operator.or_, read, Condition())
        elif parameter.multiple:
            values[parameter.name] = read or (() if parameter.default is None else parameter.default)
        else:
            values[parameter.name] = read[-1] if read else parameter.default
    return values


def wrong_ones(
    declared: Sequence[Parameter],
    kept: Pairs,
    references: Collection[str] = (),
    style: str = "dali",
    *,
    whole: bool = True,
) -> dict[str, BadValue]:
    """Return what :func:`merge` and, of a ``whole`` request, :func:`complete` say of each parameter by itself.

    They tell of the first that is wrong; this tells of all, by :attr:`Parameter.key`.
    """
    problems: dict[str, BadValue] = {}
    for parameter in declared:
        own = tuple(pair for pair in kept if pair[0].upper() == parameter.key)
        try:
            merge((parameter,), (), own, style)
            if whole:
                complete((parameter,), own, references, style)
        except BadValue as problem:
            problems[parameter.key] = problem
    return problems
