"""Quotas: what counts for whom, and what counts as one address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyramid_uws.uws.quotas import (
    ADDRESS,
    ANONYMOUS,
    KEYS,
    Payer,
    Quota,
    Quotas,
    combined,
    network_of,
    read_subject,
    shown,
)
from pyramid_uws.uws.rights import USERS

SAID = {
    ANONYMOUS: {"jobs": 3, "requests": 10},
    USERS: {"jobs": 20, "storage": 1000},
    "group:astro": {"jobs": 50},
    "group:big": {"jobs": 90, "storage": 5000},
    "group:free": {"jobs": 0},
    "alice": {"jobs": 7},
    f"{ADDRESS}192.0.2.7": {"requests": 0},
}


def quota(name, *groups):
    return Quotas(SAID).of(Payer(name, groups))


class TestPrecedence:
    def test_what_is_said_of_a_user_goes_before_the_groups(self):
        assert quota("alice", "big").jobs == 7

    def test_for_each_key_by_itself(self):
        assert quota("alice", "big").storage == 5000

    def test_of_the_groups_the_most_generous_counts(self):
        assert quota("bob", "astro", "big").jobs == 90
        assert quota("bob", "astro", "free", "big").jobs == 0

    def test_a_group_goes_before_the_default_even_if_it_has_less(self):
        assert Quotas({USERS: {"jobs": 20}, "group:small": {"jobs": 2}}).of(Payer("bob", ("small",))).jobs == 2

    def test_who_is_in_no_group_of_which_something_is_said_has_the_default(self):
        assert quota("bob", "others") == Quota(jobs=20, storage=1000)

    def test_who_has_not_logged_in_has_what_is_said_of_anonymous_or_of_the_address(self):
        assert quota(f"{ADDRESS}192.0.2.1") == Quota(jobs=3, requests=10)
        assert quota(f"{ADDRESS}192.0.2.7") == Quota(jobs=3, requests=0)

    def test_nothing_is_said_of_those_whom_nobody_knows(self):
        assert quota("") == Quota()

    def test_what_operators_have_said_goes_before_the_ini_file_key_by_key(self):
        both = combined(SAID, {"alice": {"storage": 1}, "group:new": {"jobs": 1}, USERS: {"jobs": 4}})

        assert both["alice"] == {"jobs": 7, "storage": 1}
        assert both[USERS] == {"jobs": 4, "storage": 1000}
        assert both["group:new"] == {"jobs": 1}

    @given(
        st.dictionaries(
            st.sampled_from([*SAID, "group:x"]), st.dictionaries(st.sampled_from(KEYS), st.integers(0, 9))
        )
    )
    def test_nobody_meets_a_limit_of_which_nothing_is_said(self, said):
        quotas = Quotas(said)
        for payer in (Payer("alice", ("astro", "x")), Payer("bob"), Payer(f"{ADDRESS}192.0.2.7")):
            set_keys = {key for key, value in quotas.of(payer)._asdict().items() if value is not None}
            assert set_keys <= quotas.keys


class TestAddresses:
    @pytest.mark.parametrize(
        ("address", "network"),
        [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:DB8:1:2::9", "2001:db8:1:2::/64"),
            ("fe80::1%eth0", "fe80::/64"),
            ("localhost", "localhost"),
            ("", "unknown"),
        ],
    )
    def test_one_customer_counts_as_one(self, address, network):
        assert network_of(address) == network


class TestNames:
    @pytest.mark.parametrize(
        "text",
        ["anonymous", "users", "group:astro", "alice", "address:192.0.2.7", "address:2001:db8::/64", "Zoë K."],
    )
    def test_they_are_written_as_they_are_read(self, text):
        assert shown(read_subject(text)) == text

    def test_an_address_is_taken_for_its_network(self):
        assert shown(read_subject("address:2001:db8::17")) == "address:2001:db8::/64"

    @pytest.mark.parametrize("text", ["", "group:", "system.anonymous", "address:nowhere", "a\nb"])
    def test_what_is_none_is_refused(self, text):
        with pytest.raises(ValueError, match=r"expected anonymous|is no address"):
            read_subject(text)
