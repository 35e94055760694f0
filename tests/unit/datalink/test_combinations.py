"""Values of SODA's parameters become cuts."""

import pytest

from pyramid_uws.datalink.combinations import combinations, count_combinations
from pyramid_uws.datalink.cuts import Cut
from pyramid_uws.datalink.declarations import SODA_PARAMETERS
from pyramid_uws.datalink.faults import UsageError
from pyramid_uws.parameters import complete, merge

MANY = 1000


def values(*pairs):
    return complete(SODA_PARAMETERS, merge(SODA_PARAMETERS, (), pairs))


def cuts(*pairs):
    return [(each.result, each.id, each.cut) for each in combinations(values(*pairs), MANY)]


@pytest.mark.spec("S-18")
def test_a_single_one_is_called_result():
    assert cuts(("ID", "a"), ("CIRCLE", "1 2 3")) == [("result", "a", Cut(shape=("circle", (1.0, 2.0, 3.0))))]


def test_nothing_but_an_id_is_all_of_the_data():
    assert cuts(("ID", "a")) == [("result", "a", Cut())]


@pytest.mark.spec("S-18", "S-19")
def test_they_are_in_the_order_of_the_parameters_the_last_one_changes_fastest():
    found = cuts(
        ("TIME", "1 2"),
        ("TIME", "3 4"),
        ("BAND", "1 2"),
        ("BAND", "3 4"),
        ("CIRCLE", "1 2 3"),
        ("POS", "CIRCLE 4 5 6"),
        ("ID", "b"),
        ("ID", "a"),
    )

    assert [name for name, _, _ in found] == [f"result-{number}" for number in range(1, 17)]
    told = [(name, cut.shape[1], cut.band, cut.time) for _, name, cut in found]
    assert told == [
        (name, circle, band, time)
        for name in ("b", "a")
        for circle in ((4.0, 5.0, 6.0), (1.0, 2.0, 3.0))
        for band in ((1.0, 2.0), (3.0, 4.0))
        for time in ((1.0, 2.0), (3.0, 4.0))
    ]


@pytest.mark.spec("S-08", "S-19")
def test_regions_of_all_kinds_are_alternatives_pos_first_then_circle_then_polygon():
    found = cuts(
        ("ID", "a"),
        ("POLYGON", "1 1 2 1 2 2"),
        ("CIRCLE", "1 2 3"),
        ("POS", "POLYGON 5 5 6 5 6 6"),
        ("POS", "RANGE 1 2 3 4"),
    )

    assert [cut.shape for _, _, cut in found] == [
        ("polygon", ((5.0, 5.0), (6.0, 5.0), (6.0, 6.0))),
        ("range", (1.0, 2.0, 3.0, 4.0)),
        ("circle", (1.0, 2.0, 3.0)),
        ("polygon", ((1.0, 1.0), (2.0, 1.0), (2.0, 2.0))),
    ]


@pytest.mark.spec("S-05", "S-19")
def test_all_states_of_polarization_are_one_filter():
    assert cuts(("ID", "a"), ("POL", "I"), ("POL", "Q"), ("POL", "I")) == [("result", "a", Cut(pol=("I", "Q")))]


def test_what_is_said_twice_is_made_once():
    assert len(cuts(("ID", "a"), ("ID", "a"), ("CIRCLE", "1 2 3"), ("POS", "CIRCLE 1 2 3"))) == 1


def test_too_many_are_refused_before_they_are_made():
    pairs = [("ID", str(number)) for number in range(100)] + [("BAND", f"{n} {n + 1}") for n in range(100)]
    found = values(*pairs)

    assert count_combinations(found) == 10_000
    with pytest.raises(UsageError, match="make 10000 combinations; this service takes at most 1000"):
        combinations(found, MANY)
