"""STILTS' votlint, for many VOTables at once: a JVM for each would take a second or two to start."""

import re
import shutil
import subprocess
from collections.abc import Iterable

import pytest

_DOCUMENT = re.compile(rb'\A(<\?xml[^>]*\?>\s*<VOTABLE version="1\.4"[^>]*>)(.*)</VOTABLE>\s*\Z', re.DOTALL)
_ID = re.compile(rb' (ID|ref)="')


def complaints(documents: Iterable[bytes]) -> str:
    """Return what votlint has to complain of; "" if that is nothing.

    The resources of all are put into one VOTable, with their IDs made different; all have to begin alike.
    """
    stilts = shutil.which("stilts")
    if stilts is None:
        pytest.skip("stilts is not installed")
    parts = [_DOCUMENT.match(document) for document in documents]
    assert parts, "There is nothing to be looked at."
    assert all(parts), "A document is no VOTable."
    (head,) = {part[1] for part in parts}
    resources = [_ID.sub(rb' \1="d%d-' % number, part[2]) for number, part in enumerate(parts)]
    content = b"\n".join([head, *resources, b"</VOTABLE>"])
    done = subprocess.run([stilts, "votlint", "-"], input=content, capture_output=True, check=False)
    return (done.stdout + done.stderr).decode()
