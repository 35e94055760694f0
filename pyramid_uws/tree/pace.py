"""The pace of a service: how long its jobs have run of late."""

from persistent import Persistent

#: How many jobs weigh in the mean; of older ones less and less is left.
MEMORY = 20

#: The shortest time (µs) between two jobs that count: the object is common to all who bring jobs in.
REST = 1_000_000


class Pace(Persistent):
    """An exponential mean of run times (µs); ``learned`` is the instant (µs) at which the last job counted."""

    mean: float = 0.0
    count: int = 0
    learned: int = 0

    def learn(self, started: int, ended: int) -> None:
        """Count a job that ran from one instant (µs) to another, unless another has counted just before."""
        if 0 <= ended - self.learned < REST:
            return
        self.count = min(self.count + 1, MEMORY)
        self.mean += (max(ended - started, 0) - self.mean) / self.count
        self.learned = ended
