"""What a process does from which those of cuts are forked."""

import subprocess
import sys

SCRIPT = """
import os, sys
from pyramid_uws.datalink import preload
preload()
from pyramid_uws.datalink.cuts import Cut
from pyramid_uws.datalink.cutting import cut
from pyramid_uws.datalink.estimating import formats
from pyramid_uws.demo.observed import observations
before = set(sys.modules)
observation = observations()("muse_udf_subcube.fits")
wanted = Cut(shape=("circle", (*observation.circle[:2], 0.0)))
import io
for media_type in formats(observation):
    cut(observation, wanted, io.BytesIO(), media_type, [])
print(len(os.listdir("/proc/self/task")), sorted(set(sys.modules) - before))
"""


def test_a_preloaded_process_has_no_threads_and_imports_nothing_more():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)

    assert done.stdout.split(maxsplit=1) == ["1", "[]\n"]


def test_importing_the_room_is_cheap():
    script = (
        "import sys, pyramid_uws.datalink; print(*({'numpy', 'astropy', 'PIL', 'pyarrow'} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.split() == []
