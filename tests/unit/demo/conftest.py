"""A job that keeps what a core tells it, and two catalogues small enough to know by heart."""

import io
from contextlib import contextmanager

import numpy as np
import pytest

from pyramid_uws.demo import fields, outcome
from pyramid_uws.demo.catalogue import Catalogue, Column
from pyramid_uws.demo.sources import GAIA, HIPPARCOS
from pyramid_uws.parameters import complete
from pyramid_uws.tables import write_table


class FakeJob:
    """A job made from the texts that a client would send."""

    def __init__(self, declared, sent):
        self.parameters = complete(declared, tuple(sent.items()), style="pql")
        self.uploads = {}
        self.results = {}
        self.media_types = {}
        self.fractions = []
        self.texts = []
        self.lines = []

    def add_result(self, id, media_type, content):  # noqa: A002 - the framework's name
        self.results[id] = content.encode() if isinstance(content, str) else content
        self.media_types[id] = media_type

    @contextmanager
    def open_result(self, id, media_type):  # noqa: A002 - the framework's name
        file = io.BytesIO()
        yield file
        self.add_result(id, media_type, file.getvalue())

    def add_table(self, id, table):  # noqa: A002 - the framework's name
        file = io.BytesIO()
        written = write_table(table, file, self.parameters["RESPONSEFORMAT"], self.parameters["MAXREC"])
        if written.problem:
            raise written.problem
        self.add_result(id, self.parameters["RESPONSEFORMAT"], file.getvalue())
        return written

    def progress(self, fraction, text=""):
        self.fractions.append(fraction)
        self.texts.append(text)

    def log(self, message):
        self.lines.append(message)


@pytest.fixture
def make_job():
    def make_job(declared, **sent):
        return FakeJob(declared, sent)

    return make_job


@pytest.fixture
def hipparcos():
    """Three stars; the second has no colours, the third crosses 0h within a century."""
    return Catalogue(
        source=HIPPARCOS,
        ra=np.array([10.0, 200.0, 359.9999]),
        dec=np.array([-89.9999, 45.0, 0.0]),
        motion=(np.array([0.0, 0.0, 36000.0]), np.array([0.0, -1000.0, 0.0])),
        magnitude=np.array([5.1, 6.5, np.nan]),
        columns=(
            Column(fields.HIP, np.array([1, 2, 3])),
            Column(fields.B_V, np.array([0.5, np.nan, -0.1], np.float32)),
        ),
    )


@pytest.fixture
def gaia():
    """Two companions of the polar star beyond the pole, and one for each other star; at 2016.0."""
    return Catalogue(
        source=GAIA,
        ra=np.array([190.0, 190.0, 200.0, 359.9999]),
        dec=np.array([-89.9999, -89.99995, 45.0, 0.0]),
        columns=(
            Column(fields.SOURCE_ID, np.array([4611686018427387904, 11, 12, -3])),
            Column(fields.G_MAG, np.array([5.0, 6.0, 7.0, 8.0], dtype=np.float32)),
        ),
    )


@pytest.fixture
def catalogues(monkeypatch, hipparcos, gaia):
    """Let the crossmatch work on the small catalogues."""
    small = {"hipparcos": hipparcos, "gaia": gaia}
    monkeypatch.setattr(outcome, "load", small.__getitem__)
    return small
