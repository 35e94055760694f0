"""Settings about who may read the numbers."""

import pytest
from pyramid.exceptions import ConfigurationError

from pyramid_uws.settings import read_settings
from pyramid_uws.views.scraping import read_token


@pytest.mark.parametrize("word", ["10.0.0.1/8", "300.1.1.1", "2001:db8::g", "127.0.0.1/64", "1.2.3"])
def test_what_looks_like_an_address_has_to_be_one(word):
    with pytest.raises(ConfigurationError, match=rf"setting uws\.metrics = admins {word}"):
        read_settings({"uws.metrics": f"admins {word}"})


def test_names_addresses_and_networks_stand_side_by_side():
    words = "admins alice group:ops 127.0.0.1 10.0.0.0/8 ::1 2001:db8::/32"

    assert read_settings({"uws.metrics": words}).metrics == tuple(words.split())


def test_a_token_that_can_be_guessed_is_none(tmp_path):
    (tmp_path / "token").write_text("  short\n")

    with pytest.raises(ConfigurationError, match="at least 16 characters"):
        read_token(tmp_path / "token")


def test_a_token_stands_alone_in_its_file(tmp_path):
    (tmp_path / "token").write_text("a-token-that-is-long\n")

    assert read_token(tmp_path / "token") == b"a-token-that-is-long"
