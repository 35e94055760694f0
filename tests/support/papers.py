"""The papers of the project, README and docs: their code blocks, links and headings, and typing what they print.

A block of the language ``console`` is a transcript: what follows ``$ `` (and ``> `` in further lines) is typed
into one bash from the first block of a paper to its last, the other lines are what it printed. A block whose
first line names a file (```` ```python periods.py ````) is saved under that name. Other blocks are not run.
"""

import itertools
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .server import Server

PROJECT = Path(__file__).resolve().parents[2]
DOCS = PROJECT / "docs"

#: What the papers print where a test has a server of its own.
PRINTED_PORT = 6543

#: How long a paper may take; mostly it waits, but the machine may be busy.
SECONDS = 600
_FENCE = "```"
_MARK = "\x1e"

#: What differs from one run to the next, and what is put in its place before two outputs are compared.
_VOLATILE = (
    (re.compile(r"\b[0-9a-v]{24}\b"), "<id>"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"), "<instant>"),
    (re.compile(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT"), "<date>"),
    (re.compile(r'"[0-9a-f]{24,32}"'), "<etag>"),
    (re.compile(r"(?<=X-Request-Id: )[0-9a-f]{12}-\d+"), "<id>"),
    (re.compile(r"(?<=passed in )[\d.]+(?=s)"), "<seconds>"),
    # Big files and pictures have other sizes with other versions of what makes them.
    (re.compile(r'(?<=size=")\d{5,}(?=")'), "<size>"),
    # A job at work may be a step further.
    (re.compile(r"(?<=<info:progress>)0\.\d+(?=<)"), "<fraction>"),
    (re.compile(r"\d+(?= s to go)"), "<seconds>"),
)


@dataclass(frozen=True)
class Block:
    """A code block: the words behind its fence, its text, and the line of the paper where that begins."""

    language: str
    file: str
    text: str
    line: int

    @property
    def exchanges(self) -> list["Exchange"]:
        """What is typed in a transcript, and what that prints."""
        found: list[Exchange] = []
        for number, line in enumerate(self.text.splitlines(), self.line):
            if line.startswith("$ "):
                found.append(Exchange(line[2:], "", number))
            elif line.startswith("> ") and not found[-1].printed:
                found[-1] = Exchange(f"{found[-1].command}\n{line[2:]}", "", found[-1].line)
            else:
                found[-1] = Exchange(found[-1].command, f"{found[-1].printed}{line}\n", found[-1].line)
        return found


@dataclass(frozen=True)
class Exchange:
    """A command and what it prints."""

    command: str
    printed: str
    line: int


def papers() -> list[Path]:
    """Return all papers."""
    return [PROJECT / "README.md", PROJECT / "CHANGES.md", *sorted(DOCS.glob("*.md"))]


def blocks(paper: Path) -> Iterator[Block]:
    """Yield the code blocks of a paper."""
    lines = iter(enumerate(paper.read_text(encoding="utf-8").splitlines(), 1))
    for number, line in lines:
        if line.startswith(_FENCE):
            language, _, file = line.removeprefix(_FENCE).partition(" ")
            body = itertools.takewhile(lambda numbered: numbered[1] != _FENCE, lines)
            yield Block(language, file, "".join(f"{text}\n" for _, text in body), number + 1)


def prose(paper: Path) -> str:
    """Return the text of a paper without its code blocks."""
    kept, inside = [], False
    for line in paper.read_text(encoding="utf-8").splitlines():
        if line.startswith(_FENCE):
            inside = not inside
        elif not inside:
            kept.append(line)
    return "\n".join(kept)


def same(printed: str) -> str:
    """Return an output with what differs from run to run taken out."""
    for pattern, name in _VOLATILE:
        printed = pattern.sub(name, printed)
    return "\n".join(line.rstrip() for line in printed.strip().splitlines())


def save_files(paper: Path, folder: Path) -> None:
    """Save the blocks that name a file under that name."""
    for block in blocks(paper):
        if block.file:
            (folder / block.file).write_text(block.text, encoding="utf-8")


def with_port(text: str, old: int, new: int) -> str:
    """Return a text of a paper, or an ini file, with another port."""
    return re.sub(rf"(127\.0\.0\.1:|port = ){old}\b", rf"\g<1>{new}", text)


def play(paper: Path, folder: Path, port: int) -> list[tuple[Exchange, str]]:
    """Type all transcripts of a paper into a bash in the folder; return what each command printed here.

    The port of the papers is replaced by that of the server under test, and put back in what is printed. As in
    the project, ``.venv`` in the folder is the environment of the tests.
    """
    typed = [exchange for block in blocks(paper) if block.language == "console" for exchange in block.exchanges]
    commands = [with_port(exchange.command, PRINTED_PORT, port) for exchange in typed]
    (folder / ".venv").unlink(missing_ok=True)
    (folder / ".venv").symlink_to(sys.prefix)
    for path in folder.glob("*.py"):
        path.write_text(with_port(path.read_text(encoding="utf-8"), PRINTED_PORT, port), encoding="utf-8")
    done = subprocess.run(
        ["bash", "-c", "".join(f"{command}\nprintf '{_MARK}'\n" for command in commands)],
        cwd=folder,
        env=os.environ | {"MPLBACKEND": "agg", "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=SECONDS,
        check=False,
    )
    *outputs, rest = done.stdout.split(_MARK)
    assert len(outputs) == len(typed), f"the transcripts of {paper.name} broke off: {rest[-2000:]}"
    return [
        (exchange, with_port(output, port, PRINTED_PORT)) for exchange, output in zip(typed, outputs, strict=True)
    ]


def differences(paper: Path, played: list[tuple[Exchange, str]]) -> str:
    """Return where a paper prints something else than what was printed here; empty if nowhere."""
    return "\n".join(
        f"{paper.name}:{exchange.line}: $ {exchange.command}\n--- paper\n{exchange.printed}--- here\n{output}"
        for exchange, output in played
        if same(exchange.printed) != same(output)
    )


def site_from(ini: Path, server: Server, **variables: str) -> None:
    """Have a server that was not started serve this ini file, its folder being `%(here)s`."""
    text = with_port(ini.read_text(encoding="utf-8"), PRINTED_PORT, server.port)
    for name, value in variables.items():
        text, times = re.subn(rf"(?m)^{name} = .*$", f"{name} = {value}", text)
        assert times == 1, f"{ini.name} sets {name} {times} times"
    server.ini.write_text(text, encoding="utf-8")
