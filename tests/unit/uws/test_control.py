import pytest

from pyramid_uws.exceptions import BadValue
from pyramid_uws.uws import control
from pyramid_uws.uws.jobfilter import JobFilter
from pyramid_uws.uws.limits import SECOND, Limits

NOW = 1_700_000_000 * SECOND


@pytest.mark.spec("U-25", "D-17")
def test_names_are_case_insensitive_and_values_are_not():
    assert control.read_filter([("phase", "PENDING"), ("Last", "3")]) == JobFilter(frozenset({"PENDING"}), last=3)
    with pytest.raises(BadValue, match="PHASE='pending'"):
        control.read_filter([("PHASE", "pending")])


@pytest.mark.spec("U-98")
def test_control_parameters_are_split_from_the_others():
    pairs = [("phase", "RUN"), ("LEFT", "gaia"), ("Wait", "1"), ("ACTION", "x"), ("destruction", "2030")]

    ours, others = control.split(pairs)

    assert others == [("LEFT", "gaia")]
    assert len(ours) == 4


@pytest.mark.spec("U-66", "U-98")
@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/", "@@", "@@x", "PHASE", "runid", "Wait"])
def test_a_job_keeps_nothing_that_is_ours_or_leads_elsewhere(name):
    assert not control.is_parameter(name)
    assert control.split([(name, "x"), ("A", "y")])[1] == [("A", "y")]


@pytest.mark.parametrize("name", ["a", "a b", "...", "a@@", "é", "a\x00", "PHASES", "%2F", "?"])
def test_a_job_may_keep_a_parameter_of_any_other_name(name):
    assert control.is_parameter(name)


@pytest.mark.spec("U-50")
@pytest.mark.parametrize("pair", [("LAST", "0"), ("LAST", "-1"), ("LAST", "x"), ("LAST", "1.5"), ("AFTER", "x")])
def test_an_unreadable_filter_names_parameter_and_value(pair):
    with pytest.raises(BadValue, match=f"{pair[0]}='{pair[1]}'"):
        control.read_filter([pair])


@pytest.mark.spec("U-51")
def test_a_filter_given_twice_is_refused_and_an_empty_one_is_absent():
    with pytest.raises(BadValue, match=r"^LAST='1', '2': this parameter takes one value\.$"):
        control.read_filter([("LAST", "1"), ("last", "2")])
    assert control.read_filter([("LAST", ""), ("AFTER", ""), ("PHASE", ""), ("OLDER", "")]) == JobFilter()


@pytest.mark.spec("U-112")
@pytest.mark.parametrize(
    ("text", "seconds"), [("0", 0), ("7", 7), ("9" * 40, int("9" * 40)), ("-1", None), ("-5", None)]
)
def test_wait_is_a_whole_number_and_any_negative_one_means_for_long(text, seconds):
    assert control.read_wait([("wait", text)]) == control.Wait(seconds, frozenset())


@pytest.mark.spec("U-112")
@pytest.mark.parametrize("text", ["x", "1.5", "1e3", "٣", "9" * 400])
def test_wait_is_nothing_else(text):
    with pytest.raises(BadValue, match="WAIT="):
        control.read_wait([("WAIT", text)])


@pytest.mark.spec("U-120")
@pytest.mark.parametrize("text", ["-1", "1.5", "abc", "2147483648", "1e3", ""])
def test_an_execution_duration_is_a_whole_number_that_fits_the_schema(text):
    with pytest.raises(BadValue, match="EXECUTIONDURATION="):
        control.read_duration(text)


@pytest.mark.spec("U-117")
@pytest.mark.parametrize("text", ["", "x", "1999-01-01", "2015-26-10"])
def test_a_destruction_time_that_is_past_or_unreadable_is_refused(text):
    with pytest.raises(BadValue, match="DESTRUCTION="):
        control.read_destruction(text, NOW)


@pytest.mark.spec("D-41")
def test_a_run_id_has_at_most_64_characters_and_no_control_characters():
    assert control.read_runid("x" * 64) == "x" * 64
    for text in ("x" * 65, "a\x00b"):
        with pytest.raises(BadValue, match="RUNID="):
            control.read_runid(text)


@pytest.mark.spec("U-119")
def test_a_duration_is_clamped_and_zero_asks_for_the_most():
    limits = Limits(max_execution_duration=100)

    assert [limits.clamp_duration(wish) for wish in (0, 7, 100, 101)] == [100, 7, 100, 100]
    assert Limits(max_execution_duration=0).clamp_duration(0) == 0


@pytest.mark.spec("U-116")
def test_a_destruction_time_is_clamped_to_the_longest_life():
    limits = Limits(max_lifetime=10)

    assert limits.clamp_destruction(NOW, NOW + 5 * SECOND) == NOW + 5 * SECOND
    assert limits.clamp_destruction(NOW, NOW + 50 * SECOND) == NOW + 10 * SECOND
    assert Limits(max_lifetime=0).clamp_destruction(NOW, NOW + 50 * SECOND) == NOW + 50 * SECOND
    assert Limits(lifetime=0).first_destruction(NOW) is None


@pytest.mark.parametrize("blank", ["\x1f", "\x1c", "\x85", "\u2003", " ", "\t"])
def test_whatever_counts_as_a_blank_around_a_number_means_nothing(blank):
    assert control.read_duration(f"{blank}6{blank}") == 6
    assert control.read_wait([("WAIT", f"6{blank}")]).seconds == 6
    assert control.read_last([("LAST", f"{blank}6")]) == 6
