"""UPLOAD as text: names, parts, URLs, and what is never shown of them (DALI 1.1, section 4.3.5)."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pyramid_uws.exceptions import BadValue
from pyramid_uws.parameters.uploads import Sending, Upload, check_url, hidden, read_uploads

NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,20}", fullmatch=True)
PARTS = st.from_regex(r"[A-Za-z0-9_.,:/?\[\]()-]{1,20}", fullmatch=True).map(lambda part: f"param:{part}")
URLS = st.from_regex(
    r"https?://[a-z][a-z0-9.-]{0,20}(:[1-9][0-9]{0,3})?(/[A-Za-z0-9_.,;:@=-]{0,20}){0,3}(\?[a-z=&;,%0-9]{0,20})?",
    fullmatch=True,
).filter(lambda url: not re.search(r";[A-Za-z][A-Za-z0-9_]*,[A-Za-z]+:", url))
SENDINGS = st.lists(
    st.builds(Sending, NAMES, st.one_of(PARTS, URLS)), max_size=5, unique_by=lambda sending: sending.key
)


class TestReading:
    @pytest.mark.spec("D-35", "D-38")
    @given(SENDINGS, st.booleans())
    def test_what_is_written_is_read_again_in_one_value_or_in_several(self, sendings, joined):
        texts = [str(sending) for sending in sendings]

        assert read_uploads([";".join(texts)] if joined else texts) == tuple(sendings)

    @pytest.mark.spec("D-35", "D-38")
    @given(st.lists(st.text(), max_size=3))
    @example(["mine,http://user:secret@example.org/x"])
    @example(["t,http://[::1/x"])
    @example(["t,http://x:99999/"])
    @example(["t,https:"])
    def test_whatever_is_sent_is_read_or_refused_by_name(self, texts):
        try:
            sendings = read_uploads(texts)
        except BadValue:
            return
        assert len({sending.key for sending in sendings}) == len(sendings)
        assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", sending.name) for sending in sendings)
        assert all(sending.part or check_url(sending.uri) for sending in sendings)

    @given(SENDINGS)
    def test_what_a_job_keeps_is_what_was_read(self, sendings):
        assert [Sending.kept(str(sending)) for sending in sendings] == sendings

    def test_a_semicolon_may_be_in_a_url(self):
        text = "one,http://x/a;v=1,2;b;two,param:p;three,https://y/;c?d=e;f"

        assert read_uploads([text]) == (
            ("one", "http://x/a;v=1,2;b"),
            ("two", "param:p"),
            ("three", "https://y/;c?d=e;f"),
        )

    def test_the_same_may_be_said_twice(self):
        assert read_uploads(["one,param:p", "one,param:p"]) == (("one", "param:p"),)


class TestUrls:
    @pytest.mark.spec("D-36", "D-39")
    @pytest.mark.parametrize(
        "url",
        [
            "http://",
            "http:///x",
            "http:x",
            "http:/x/y",
            "http://x y/",
            "http://x/ y",
            "http://x/\n/a",
            "http://x\\@y/",
            "http://x:port/",
            "http://x:99999/",
            "http://[::1/",
            "http://[zz]/",
            "http://ä.example/",
            "http://x/ä",
            "http://%31/",
            "http://x/" + "a" * 4000,
            "http://user@x/",
            "http://user:secret@x/",
            "http://:secret@x/",
            "http://@x/",
            "https://user:sec/ret@x/",
            "https://user:sec?ret@x/",
        ],
    )
    def test_what_cannot_be_fetched_is_refused_and_shows_no_secret(self, url):
        with pytest.raises(BadValue) as caught:
            read_uploads([f"mine,{url}"])

        assert "secret" not in caught.value.message
        assert "ret@" not in caught.value.message
        assert "user" not in caught.value.message.replace("a user or", "")

    @pytest.mark.spec("D-36")
    @pytest.mark.parametrize(
        "url",
        [
            "http://x",
            "HTTPS://X.example:8080/a,b;c?d=e&f#g",
            "http://127.0.0.1/",
            "http://[2001:db8::1]:80/x",
            "http://x/a@b",
        ],
    )
    def test_what_can_be_is_taken_as_it_is(self, url):
        assert read_uploads([f"mine,{url}"]) == (("mine", url),)

    @given(
        st.sampled_from(["http", "https"]),
        st.text("abc:;?#%!", min_size=1, max_size=8),
        st.text("ab/?#;", max_size=8),
    )
    def test_credentials_are_never_shown(self, scheme, user, path):
        shown = hidden(f"{scheme}://{user}SECRET@host/{path}?token=TOKEN#TOKEN")

        assert "SECRET" not in shown
        assert "TOKEN" not in shown

    @pytest.mark.parametrize(
        ("url", "shown"),
        [
            ("https://u:p@x.example:8080/a/b@c?d=e", "https://x.example:8080/a/b@c?…"),
            ("https://x/a", "https://x/a"),
            ("http:u:p@x", "…x"),
            ("nonsense?x", "nonsense"),
        ],
    )
    def test_the_rest_is(self, url, shown):
        assert hidden(url) == shown


class TestDeclarations:
    @pytest.mark.parametrize(
        ("facts", "said"),
        [
            ({"name": "a-b"}, "is no name"),
            ({"name": ""}, "is no name"),
            ({"name": "*", "required": True}, "cannot be required"),
            ({"name": "a", "media_types": ("csv",)}, "no media type"),
        ],
    )
    def test_what_nobody_could_send_is_refused(self, facts, said):
        with pytest.raises(ValueError, match=said):
            Upload(**facts)
