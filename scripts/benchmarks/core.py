"""The cores of the benchmark's services. The processes of jobs import this, so it imports nothing."""


def trivial(_job: object) -> None:
    """Do nothing."""


def small(job: object) -> None:
    """Make one small result."""
    job.add_result("result", "text/plain", "made\n")
