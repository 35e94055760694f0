"""Clients that create, watch, abort and delete jobs whatever happens, and remember what they were told."""

import random
import threading
import time

import requests

from tests.support.http import Session, create

from .ledger import Known, Ledger

CLIENTS = 3
MOST_JOBS = 12  # of one client, so that a round comes to rest in some seconds

#: Seconds until a client tries again when nobody answers.
PATIENCE = 0.05

#: How long jobs work, in seconds; the last is longer than they may.
DURATIONS = (0, 0, 0, 0, 0.2, 0.4, 0.8, 3)
ALLOWED = 1
SIZES = (0, 10, 300_000)


class Load:
    """Some clients at work on one job list."""

    def __init__(self, ledger: Ledger, joblist: str, folder: str, chance: random.Random) -> None:
        self._stopping = threading.Event()
        self._clients = [
            _Client(ledger, joblist, folder, random.Random(chance.random()), self._stopping)  # noqa: S311 - no secret
            for _ in range(CLIENTS)
        ]
        for client in self._clients:
            client.start()

    def stop(self) -> None:
        """Wait until each client has done what it was about to."""
        self._stopping.set()
        for client in self._clients:
            client.join()


class _Client(threading.Thread):
    def __init__(
        self, ledger: Ledger, joblist: str, folder: str, chance: random.Random, stopping: threading.Event
    ) -> None:
        super().__init__()
        self._ledger, self._joblist, self._folder = ledger, joblist, folder
        self._chance, self._stopping = chance, stopping
        self._own: list[Known] = []

    def run(self) -> None:
        with Session() as session:
            while not self._stopping.is_set():
                try:
                    if len(self._own) < MOST_JOBS:
                        self._create(session)
                    if self._own:
                        self._do_something(session, self._chance.choice(self._own))
                except requests.RequestException:  # the server is gone, perhaps in mid-sentence
                    self._stopping.wait(PATIENCE)
                self._stopping.wait(self._chance.uniform(0, 0.1))

    def _create(self, session: requests.Session) -> None:
        seconds, size = self._chance.choice(DURATIONS), self._chance.choice(SIZES)
        asked = time.monotonic()
        wishes = {"FOLDER": self._folder, "SECONDS": seconds, "SIZE": size, "PHASE": "RUN"}
        try:
            url = create(self._joblist, session=session, **wishes)
        except AssertionError as refusal:
            self._refused(str(refusal))
            return
        job = Known(url, size, seconds > ALLOWED, asked)
        self._ledger.acknowledge(job)
        self._own.append(job)

    def _do_something(self, session: requests.Session, job: Known) -> None:
        what = self._chance.random()
        if what < 0.1:
            job.aborted = True
            self._expect(session.post(f"{job.url}/phase", data={"PHASE": "ABORT"}), job)
        elif what < 0.2:
            job.doubtful = True
            if self._expect(session.delete(job.url), job):
                job.deleted = True
        else:
            answer = session.get(f"{job.url}/phase")
            if self._expect(answer, job):
                self._ledger.see(job, answer.text)

    def _expect(self, answer: requests.Response, job: Known) -> bool:
        """Tell whether it was answered in the affirmative; whatever else is answered must have a reason."""
        if answer.status_code == 503:
            self._refused(f"503 {answer.text}")
        elif answer.status_code == 404:
            if not (job.deleted or job.doubtful):
                self._ledger.find("lost", f"{job.url} was acknowledged and is not known")
        elif answer.status_code == 403 and "nothing left to abort" in answer.text:
            pass  # it has ended meanwhile
        elif answer.status_code not in {200, 303}:
            self._ledger.find("broken", f"{job.url} was answered {answer.status_code}: {answer.text[:300]}")
        elif job.deleted:
            self._ledger.find("broken", f"{job.url} was deleted and is there")
        return answer.ok

    def _refused(self, words: str) -> None:
        """A request may be refused while the database cannot be written; nothing else is a reason."""
        if words.startswith("503"):
            self._ledger.refused += 1
            self._stopping.wait(PATIENCE)
        else:
            self._ledger.find("broken", f"a request was answered {words[:300]}")
