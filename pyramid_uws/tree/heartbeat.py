"""Heartbeats: how workers in processes of their own show each other that they live."""

from persistent import Persistent


class Heartbeat(Persistent):
    """One worker. ``beats`` goes up with each beat; whether it moves is all that others judge it by.

    ``started`` and ``seen`` are instants in µs by the worker's own clock, for people to read. ``gone``: it was
    declared dead, and its jobs were taken from it.
    """

    host: str = ""
    pid: int = 0
    slots: int = 0
    beats: int = 0
    started: int = 0
    seen: int = 0
    gone: bool = False

    def __init__(self, name: str) -> None:
        self.name = name
