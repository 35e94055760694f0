import io

import numpy as np
import pytest
from PIL import Image

from pyramid_uws.demo import skymap


def drawn(ra, dec, separation, radius=2.0):
    file = io.BytesIO()
    arrays = (np.array(values, dtype=float) for values in (ra, dec, separation))
    skymap.draw(file, *arrays, radius=radius, title="a and b: some pairs")
    return Image.open(file).convert("RGB")


@pytest.mark.parametrize("points", [0, 1, 1000])
def test_a_map_is_a_picture_of_fixed_size(points):
    image = drawn(np.linspace(0, 360, points), np.linspace(-90, 90, points), np.linspace(0, 2, points))

    assert image.size == (1210, 660)


def test_pairs_without_a_separation_can_be_drawn():
    drawn([10.0], [20.0], [0.0])


def test_right_ascension_grows_to_the_left():
    empty = np.asarray(drawn([], [], []), dtype=int)[:, :1000]
    east = np.asarray(drawn([60.0], [20.0], [2.0]), dtype=int)[:, :1000]

    # The point alone is coloured; everything else is grey.
    columns = np.nonzero(np.ptp(east, axis=2) > 50)[1]
    assert not (np.ptp(empty, axis=2) > 50).any()
    assert 0 < columns.mean() < 500


def test_positions_beyond_0h_are_at_the_other_side():
    west = np.asarray(drawn([300.0], [20.0], [2.0]), dtype=int)[:, :1000]

    assert np.nonzero(np.ptp(west, axis=2) > 50)[1].mean() > 600
