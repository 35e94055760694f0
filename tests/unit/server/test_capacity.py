import resource

import pytest

from pyramid_uws.server.capacity import PARK_LIMIT, RESERVED, divide, raise_file_limit, read_park_limit


@pytest.mark.parametrize(("text", "number"), [(None, None), ("0", 0), ("500", 500), (" 7 ", 7)])
def test_the_limit_is_a_whole_number_or_not_given(text, number):
    assert read_park_limit(text) == number


@pytest.mark.parametrize("text", ["-1", "many", "1.5", ""])
def test_any_other_limit_is_refused_by_name(text):
    with pytest.raises(ValueError, match=rf"park_limit = {text}: expected a whole number"):
        read_park_limit(text)


def test_where_files_abound_everybody_gets_what_is_wanted(caplog):
    capacity = divide(1_000_000, 500_000, 1000)

    assert capacity.parked == 500_000
    assert capacity.working == 1000
    assert caplog.text == ""


def test_ten_thousand_are_parked_if_nothing_else_is_said():
    assert divide(20_000, None, 1000).parked == PARK_LIMIT >= 10_000


@pytest.mark.parametrize("files", [64, 256, 1024, 4096])
@pytest.mark.parametrize("wanted", [None, 100_000])
def test_no_more_is_promised_than_may_be_open(files, wanted):
    capacity = divide(files, wanted, 1000)

    assert 0 < capacity.parked <= capacity.aside
    assert capacity.working > 0
    assert capacity.aside + capacity.working <= max(files - RESERVED, files // 4)


def test_who_asked_for_more_is_told(caplog):
    divide(1024, 5000, 1000)

    assert "park_limit = 5000" in caplog.text
    assert "RLIMIT_NOFILE" in caplog.text


def test_who_asked_for_nothing_is_told_nothing(caplog):
    divide(1024, None, 1000)

    assert caplog.text == ""


@pytest.mark.parametrize("hard", [4096, resource.RLIM_INFINITY])
def test_the_soft_limit_of_open_files_is_raised_to_the_hard_one(monkeypatch, hard):
    limits = {"now": (1024, hard)}
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits["now"])
    monkeypatch.setattr(resource, "setrlimit", lambda _, pair: limits.update(now=pair))

    files = raise_file_limit()

    assert limits["now"] == (files, hard)
    assert files >= 4096
