"""Previews as the server gets them: each by a process of its own, a few at once; those made last are kept."""

import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path
from typing import Any

from .limits import SAID, SECONDS
from .values import Wish

log = logging.getLogger(__name__)

#: How many are made at once; how many more wait for that, and how long (s).
AT_ONCE = 2
WAITING = 4
PATIENCE = 10.0

#: How much is kept (bytes), and how long it is kept that there is none: perhaps the machine was only busy (s).
KEPT = 8 * 1024 * 1024
FORGIVEN = 60.0

#: Beside PYTHONPATH, what the process has of the environment, with what keeps its packages from many threads.
_ENVIRONMENT = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "LANG", "TZ")
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "ARROW_IO_THREADS")

_COMMAND = ("-m", __package__)

BUSY = "Many previews are being made at the moment; try again in a moment."
FAILED = "There is no preview: the file could not be read within the bounds of one."


class Previews:
    """Makes previews, and keeps those made last."""

    def __init__(self, kept: int = KEPT) -> None:
        self._limit = kept
        self._size = 0
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._failed: dict[str, float] = {}
        self._lock = threading.Lock()
        self._running = threading.Semaphore(AT_ONCE)
        self._places = threading.Semaphore(AT_ONCE + WAITING)

    def of(self, path: Path, sha256: str, media_type: str, wish: Wish) -> dict[str, Any]:
        """Return the preview of a result; one that cannot be made has a sentence that says so."""
        key = key_of(sha256, media_type, wish)
        said = self._known(key)
        if said is None:
            said = self._make_in_turn(path, media_type, wish)
            if said is None:
                return unpreviewed(BUSY) | {"is_busy": True}
            self._keep(key, said)
        told: dict[str, Any] = json.loads(said)
        return told | {"is_busy": False}

    def _known(self, key: str) -> bytes | None:
        with self._lock:
            said = self._kept.get(key)
            if said is not None:
                self._kept.move_to_end(key)
            elif time.monotonic() < self._failed.get(key, 0.0):
                return _FAILURE
            return said

    def _keep(self, key: str, said: bytes) -> None:
        with self._lock:
            if said is _FAILURE:
                now = time.monotonic()
                self._failed = {one: until for one, until in self._failed.items() if now < until}
                self._failed[key] = now + FORGIVEN
                return
            self._size += len(said) - len(self._kept.pop(key, b""))
            self._kept[key] = said
            while self._size > self._limit:
                _, oldest = self._kept.popitem(last=False)
                self._size -= len(oldest)

    def _make_in_turn(self, path: Path, media_type: str, wish: Wish) -> bytes | None:
        """Make a preview when it is its turn; None if that takes too long."""
        if not self._places.acquire(blocking=False):
            return None
        try:
            if not self._running.acquire(timeout=PATIENCE):
                return None
            try:
                return _make(path, media_type, wish)
            finally:
                self._running.release()
        finally:
            self._places.release()


def key_of(sha256: str, media_type: str, wish: Wish) -> str:
    """Return what stands for a preview: it changes with anything that it depends on but this code."""
    return blake2b(repr((sha256, media_type, wish)).encode(), digest_size=12).hexdigest()


def unpreviewed(sentence: str) -> dict[str, Any]:
    """Return a preview with nothing in it but a sentence."""
    nothing: dict[str, Any] = dict.fromkeys(("table", "plot", "image", "text"))
    return nothing | {"kind": "other", "notes": [sentence], "is_whole": True}


_FAILURE = json.dumps(unpreviewed(FAILED)).encode()


def _make(path: Path, media_type: str, wish: Wish) -> bytes:
    asked = json.dumps({"media_type": media_type, **asdict(wish)})
    with path.open("rb") as file:
        process = subprocess.Popen(  # noqa: S603 - ourselves
            # -P: a file in the current folder must not pass for a module.
            [sys.executable, "-P", *_COMMAND, asked],
            stdin=file,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(os.environ),
        )
    try:
        said, _ = process.communicate(timeout=SECONDS + PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        said = b""
    if process.returncode != 0 or not 0 < len(said) <= SAID:
        log.warning("a preview of %s (%s) ended with %s", path.name, media_type, process.returncode)
        return _FAILURE
    return said


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    kept = {name: environ[name] for name in _ENVIRONMENT if name in environ}
    return kept | dict.fromkeys(_ONE_THREAD, "1") | {"ARROW_DEFAULT_MEMORY_POOL": "system", "HOME": "/nonexistent"}
