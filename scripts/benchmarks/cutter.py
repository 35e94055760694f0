"""A process that cuts: as a job would, under a limit; or as one would by hand with astropy, without.

python -m benchmarks.cutter TASK     prints {"seconds": […], "memory": {…}}; see cutouts.py for the task
"""

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

from astropy.io import fits

from pyramid_uws.datalink import Cut, preload
from pyramid_uws.datalink.cutting import cut
from pyramid_uws.datalink.observations import read_observation

_MB = 1e6


def main() -> None:
    task = json.loads(sys.argv[1])
    out = Path(task["out"])
    work = _by_hand if task["by_hand"] else _cut
    preload()
    before = _status("VmRSS")
    if not task["by_hand"]:
        most = _status("VmSize") + task["limit"]
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    seconds = []
    for _ in range(task["cuts"]):
        begun = time.perf_counter()
        work(task, out)
        seconds.append(time.perf_counter() - begun)
    memory = {"extra_mb": (_status("VmHWM") - before) / _MB, "cut_mb": out.stat().st_size / _MB}
    out.unlink()
    print(json.dumps({"seconds": seconds, "memory": memory}))


def _cut(task: dict[str, Any], out: Path) -> None:
    observation = read_observation("large", Path(task["path"]))
    kind, numbers = task.get("shape", (None, None))
    wanted = Cut(
        shape=(kind, tuple(numbers)) if kind else None, band=tuple(task["band"]) if "band" in task else None
    )
    with out.open("wb") as file:
        cut(observation, wanted, file)


def _by_hand(task: dict[str, Any], out: Path) -> None:
    window = tuple(slice(*part) for part in task["slices"])
    with fits.open(task["path"]) as hdus:
        hdu = hdus[-1]
        pixels = hdu.section[window] if isinstance(hdu, fits.CompImageHDU) else hdu.data[window]
        fits.PrimaryHDU(pixels).writeto(out, overwrite=True, checksum=True)


def _status(key: str) -> int:
    """Return a number of bytes that the system tells of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(f"{key}:"))) * 1024


if __name__ == "__main__":
    main()
