"""A core whose module breaks in the processes of jobs only: the server itself can import it."""

import os

if "PYRAMID_UWS_JOB" in os.environ:
    raise ImportError("libcfitsio.so.9 is missing")


def core(job):
    """Never get here."""
