"""The process of a preview: takes a result as its standard input, and says as JSON what is to be seen of it.

It bounds itself before it looks at anything. What it reads was made by strangers; whatever becomes of it, the
server goes on.
"""

import base64
import contextlib
import gzip
import importlib
import io
import json
import os
import resource
import signal
import sys
import zlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, BinaryIO

from . import delimited, jsontext, texts, votable
from .kinds import HEAD, kind_of
from .limits import (
    AS_IT_IS_BYTES,
    AS_IT_IS_PIXELS,
    MEMORY,
    PICTURE,
    PROCESSOR_SECONDS,
    SAID,
    SECONDS,
    TEXT,
    UNPACKED,
)
from .sizes import size_of
from .summary import table
from .values import NoPreview, Source, Wish

#: The result, whatever has become of its name.
RESULT = "/proc/self/fd/0"

#: What is there of every preview.
EMPTY: Mapping[str, Any] = MappingProxyType(
    {"kind": "other", "notes": (), "table": None, "plot": None, "image": None, "text": None, "is_whole": True}
)

Told = dict[str, Any]


def main() -> int:
    """Bound this process, and write the preview that the first argument wishes for."""
    _bound()
    asked = json.loads(sys.argv[1])
    with os.fdopen(os.dup(0), "rb") as file:
        told = preview(file, asked["media_type"], Wish(asked["x"], asked["y"]))
    said = json.dumps(told)
    if len(said) > SAID:
        said = json.dumps({**EMPTY, "notes": ["The preview would be too long."]})
    sys.stdout.write(said)
    return 0


def _bound() -> None:
    for kind, limit in (
        (resource.RLIMIT_DATA, MEMORY),
        (resource.RLIMIT_CPU, PROCESSOR_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (limit, limit))
    signal.alarm(SECONDS)


def preview(file: BinaryIO, media_type: str, wish: Wish) -> Told:
    """Return the preview of a file; a sentence among its notes, if there is none."""
    head = file.read(HEAD)
    file.seek(0)
    kind = kind_of(media_type, head)
    if not head:
        return {**EMPTY, "kind": kind, "text": ""}
    if kind == "gzip":
        return _unpacked(file, media_type, wish)
    try:
        return {**EMPTY, "kind": kind, **_READERS.get(kind, _nothing)(file, wish)}
    except NoPreview as reason:
        return _shown_as_text(file, kind, str(reason))
    except MemoryError:
        return {**EMPTY, "kind": kind, "notes": ["A preview would take too much memory."]}
    except ModuleNotFoundError as problem:
        note = f"A preview needs the package {problem.name}, which is not installed here."
        return {**EMPTY, "kind": kind, "notes": [note]}


def _unpacked(file: BinaryIO, media_type: str, wish: Wish) -> Told:
    """Return the preview of the beginning of what is packed in there."""
    unpacked = b""
    with contextlib.suppress(OSError, EOFError, zlib.error), gzip.GzipFile(fileobj=file) as packed:
        while len(unpacked) < UNPACKED and (piece := packed.read1(UNPACKED - len(unpacked))):
            unpacked += piece
    if not unpacked or unpacked.startswith(b"\x1f\x8b"):
        return {**EMPTY, "notes": ["What is compressed in there cannot be read."]}
    kind = kind_of(media_type, unpacked[:HEAD])
    if kind in {"png", "jpeg", "gif", "svg", "fits", "parquet"}:
        return {**EMPTY, "notes": ["There is no preview of what is compressed as a whole."]}
    told = preview(io.BytesIO(unpacked), media_type, wish)
    if len(unpacked) < UNPACKED:
        return told
    if told["table"]:
        told["table"]["total"] = None
    note = "The file is compressed; this is its beginning."
    return {**told, "notes": [note, *told["notes"]], "is_whole": False}


def _shown_as_text(file: BinaryIO, kind: str, reason: str) -> Told:
    told: Told = {**EMPTY, "kind": kind, "notes": [reason]}
    if kind in {"votable", "json", "csv", "tsv"}:
        file.seek(0)
        told |= _text(file, Wish())
    return told


# One for each kind


def _nothing(_file: BinaryIO, _wish: Wish) -> Told:
    raise NoPreview("There is no preview of files of this type.")


def _text(file: BinaryIO, _wish: Wish) -> Told:
    text, is_whole = texts.beginning(file)
    return {"text": text, "is_whole": is_whole}


def _votable(file: BinaryIO, wish: Wish) -> Told:
    return table(votable.read(file), wish)


def _csv(file: BinaryIO, wish: Wish) -> Told:
    return table(delimited.read(file, ","), wish)


def _tsv(file: BinaryIO, wish: Wish) -> Told:
    return table(delimited.read(file, "\t"), wish)


def _json(file: BinaryIO, wish: Wish) -> Told:
    value, is_whole = jsontext.load(file)
    source = jsontext.as_table(value, is_whole=is_whole)
    if source is not None:
        return table(source, wish)
    text = jsontext.pretty(value)
    return {"text": texts.cleaned(text), "is_whole": is_whole and len(text) <= TEXT}


def _parquet(file: BinaryIO, wish: Wish) -> Told:
    source: Source = _late("parquet").read(file)
    return table(source, wish)


def _fits(_file: BinaryIO, wish: Wish) -> Told:
    told: Told = _late("fits").read(RESULT)
    notes, source = told["notes"], told.pop("source", None)
    if source is not None:
        told |= table(source, wish)
        told["notes"] = [*notes, *told["notes"]]
    return _with_png(told)


def _picture(file: BinaryIO, _wish: Wish) -> Told:
    width, height = size_of(file)
    told = {"width": width, "height": height}
    if os.fstat(file.fileno()).st_size <= AS_IT_IS_BYTES and width * height <= AS_IT_IS_PIXELS:
        return {"image": {**told, "as_it_is": True}}
    if width * height > PICTURE:
        raise NoPreview(f"The picture is too large for a preview: {width} by {height} pixels.")
    return _with_png({"image": {**told, "as_it_is": False, "png": _late("pictures").thumbnail(file)}})


def _svg(file: BinaryIO, wish: Wish) -> Told:
    told = _text(file, wish)
    if os.fstat(file.fileno()).st_size > AS_IT_IS_BYTES:
        return told
    return {**told, "image": {"width": None, "height": None, "as_it_is": True}}


def _with_png(told: Told) -> Told:
    """Return what is told, with the picture as text."""
    if told.get("image"):
        told["image"]["png"] = base64.b64encode(told["image"]["png"]).decode()
    return told


def _late(name: str) -> Any:
    """Return a module of this room that needs a large package."""
    return importlib.import_module(f".{name}", __package__)


_READERS: Mapping[str, Callable[[BinaryIO, Wish], Told]] = MappingProxyType(
    {
        "votable": _votable,
        "csv": _csv,
        "tsv": _tsv,
        "json": _json,
        "parquet": _parquet,
        "fits": _fits,
        "png": _picture,
        "jpeg": _picture,
        "gif": _picture,
        "svg": _svg,
        "xml": _text,
        "text": _text,
    }
)
