"""Load, catastrophes and checks, from the command line: see ``scripts/faults --help``."""

import argparse
import json
import random
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, NoReturn

from .faults import FAULTS
from .ledger import Ledger
from .rounds import make_site, play

QUICK_ROUNDS = 4
ROUNDS = 60
SECONDS = 1200.0

KINDS = {"lost": "lost", "stuck": "stuck", "orphan": "orphans", "broken": "broken"}


def main() -> int:
    """Play, print the figures, and tell by the status whether every promise held."""
    given = _arguments()
    signal.signal(signal.SIGTERM, _end)
    folder = Path(tempfile.mkdtemp(prefix="uws-faults-"))
    ledger, began = Ledger(), time.monotonic()
    struck: list[Counter[str]] = []
    told = [0]

    def tell(faults: Counter[str]) -> None:
        struck.append(faults)
        names = ", ".join(f"{name} {number}" for name, number in sorted(faults.items()) if number)
        print(f"round {len(struck)}: {names}; {ledger.acknowledged} jobs", file=sys.stderr, flush=True)
        for finding in ledger.findings[told[0] :]:
            print(f"{finding.kind}: {finding.sentence}", file=sys.stderr, flush=True)
        told[0] = len(ledger.findings)

    try:
        with make_site(folder / "site", ledger, random.Random(given.seed)) as site:  # noqa: S311 - no secret
            if site.disk is None and "fill-disk" in given.faults:
                print("no disk can be mounted here (root may), so none is filled", file=sys.stderr)
            play(site, given.faults, given.rounds, began + given.seconds, tell)
            if ledger.findings:
                print(site.server.log_tail(given.log_lines), file=sys.stderr)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    total = sum(struck, Counter())
    figures = {
        "seed": given.seed,
        "seconds": round(time.monotonic() - began, 1),
        "rounds": len(struck),
        "faults": total.total(),
        "jobs": ledger.acknowledged,
        "refused": ledger.refused,
        "ends": dict(ledger.ends),
        "struck": dict(total),
    } | {name: sum(finding.kind == kind for finding in ledger.findings) for kind, name in KINDS.items()}
    _show(figures)
    if given.json:
        with given.json.open("a") as stream:
            stream.write(json.dumps(figures) + "\n")
    return 1 if ledger.findings else 0


def _show(figures: dict[str, Any]) -> None:
    for name, value in figures.items():
        several = isinstance(value, dict)
        told = ", ".join(f"{key} {number}" for key, number in sorted(value.items())) if several else value
        print(f"{name:8} {told}")


def _end(_signal: int, _frame: object) -> NoReturn:
    raise SystemExit(143)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/faults",
        description="Let clients work while processes are killed, disks run full and clocks are set, and check "
        "that what they were promised holds. All servers and disks are its own.",
        epilog="The status is 1 when a promise was broken. The same seed draws the same faults; the moments at "
        "which they meet the server are never quite the same.",
    )
    add = parser.add_argument
    add("--rounds", type=int, metavar="N", help=f"how many at most ({ROUNDS})")
    add("--seconds", type=float, default=SECONDS, metavar="S", help="begin no round after that time (%(default)s)")
    add("--seed", type=int, default=None, metavar="N", help="of the random numbers; printed in any case")
    add("--faults", type=_names, default=",".join(FAULTS), metavar="NAME,…", help=f"of {', '.join(FAULTS)}")
    add("--quick", action="store_true", help=f"{QUICK_ROUNDS} rounds")
    add("--json", type=Path, metavar="FILE", help="append the figures to this file, as a line of JSON")
    add("--log-lines", type=int, default=60, metavar="N", help="of the server's log to show at the end if need be")
    given = parser.parse_args()
    given.rounds = given.rounds or (QUICK_ROUNDS if given.quick else ROUNDS)
    given.seed = secrets.randbelow(10**6) if given.seed is None else given.seed
    return given


def _names(text: str) -> list[str]:
    names = text.split(",")
    for name in names:
        if name not in FAULTS:
            raise argparse.ArgumentTypeError(f"there is no fault {name!r}")
    return names


if __name__ == "__main__":
    sys.exit(main())
