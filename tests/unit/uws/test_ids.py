import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyramid_uws.uws.ids import created_at, is_id, new_id, time_prefix

TIMES = st.integers(min_value=0, max_value=2**54)


@pytest.mark.spec("U-02")
@given(TIMES)
def test_an_id_is_one_legal_path_segment_that_knows_its_time(created):
    job_id = new_id(created)

    assert re.fullmatch(r"[A-Za-z0-9._~-]+", job_id)
    assert is_id(job_id)
    assert created_at(job_id) == created


@given(TIMES, TIMES)
def test_ids_sort_newest_first(one, other):
    if one > other:
        assert new_id(one) < new_id(other)


@given(TIMES, TIMES)
def test_the_prefix_of_an_instant_parts_later_jobs_from_the_others(created, instant):
    assert (new_id(created) < time_prefix(instant)) == (created > instant)


@pytest.mark.spec("U-102")
def test_ids_made_at_one_instant_differ_in_at_least_64_random_bits():
    ids = {new_id(1) for _ in range(1000)}

    assert len(ids) == 1000
    assert {job_id[:11] for job_id in ids} == {time_prefix(1)}
    assert all(len({job_id[place] for job_id in ids}) > 20 for place in range(11, 24))


@pytest.mark.parametrize(
    "text", ["", "x", "../../etc/passwd", "0" * 23, "0" * 25, "z" * 24, "\N{ARABIC-INDIC DIGIT ZERO}" * 24]
)
def test_other_texts_are_no_ids(text):
    assert not is_id(text)
