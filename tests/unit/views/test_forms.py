"""The form reader: whatever is sent is read back, or refused in words."""

from contextlib import contextmanager
from io import BytesIO
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyramid.request import Request
from requests.models import RequestEncodingMixin

from pyramid_uws.exceptions import BadRequest, TooLarge
from pyramid_uws.views import forms

MAX_BODY = 5_000_000
URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=B"

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
PAIRS = st.lists(st.tuples(TEXTS, TEXTS), max_size=8)
# Names that the encoders of clients write as they are.
NAMES = st.text("abcXYZ0189 _.:-/üλ", min_size=1, max_size=20)
CONTENTS = st.binary(max_size=200) | st.lists(
    st.sampled_from([b"\r", b"\n", b"\r\n", b"--B", b"--B--", b"-", b"x"])
).map(b"".join)
FILES = st.lists(st.tuples(NAMES, CONTENTS), max_size=4)


def make_request(body=b"", media_type=None, query=""):
    environ = {"QUERY_STRING": query, "REQUEST_METHOD": "POST"}
    if media_type is not None:
        environ["CONTENT_TYPE"] = media_type
    request = Request.blank("/", environ, body=body)
    request.registry = SimpleNamespace(uws=SimpleNamespace(settings=SimpleNamespace(max_body=MAX_BODY)))
    return request


def read(request):
    """Return the pairs, and the files as (name, media type, content)."""
    files = []

    @contextmanager
    def keep(name, media_type):
        file = BytesIO()
        yield file
        files.append((name, media_type, file.getvalue()))

    return forms.read_form(request, keep), files


def read_or_refuse(request):
    """Return the pairs, and why they were refused."""
    try:
        return read(request)[0], None
    except (BadRequest, TooLarge) as problem:
        return [], problem.message


@pytest.fixture(params=[1, 2, 7, 65536])
def chunk(request, monkeypatch):
    """Let bodies arrive in pieces of so many bytes."""
    monkeypatch.setattr(forms, "CHUNK", request.param)


class TestRoundTrips:
    @pytest.mark.spec("U-93")
    @given(query=PAIRS, body=PAIRS)
    def test_a_form_is_read_as_it_was_written(self, query, body):
        request = make_request(urlencode(body).encode(), URLENCODED, urlencode(query))

        assert read(request) == (query + body, [])

    @pytest.mark.spec("U-93")
    @pytest.mark.parametrize("size", [1, 2, 7, 65536])
    @given(texts=st.lists(st.tuples(NAMES, TEXTS), max_size=5), files=FILES)
    def test_a_multipart_body_is_read_as_it_was_written(self, size, texts, files):
        body, media_type = RequestEncodingMixin._encode_files(
            [(name, (f"{name}.csv", content, "text/csv")) for name, content in files] or [("F", ("f", b""))], texts
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(forms, "CHUNK", size)
            pairs, kept = read(make_request(body, media_type))

        assert pairs == texts
        expected = [(name, "text/csv", content) for name, content in files]
        assert kept == (expected or [("F", "application/octet-stream", b"")])

    @given(body=st.binary(max_size=300), media_type=st.sampled_from([URLENCODED, MULTIPART, None, ""]))
    def test_anything_is_read_or_refused(self, body, media_type):
        pairs, refusal = read_or_refuse(make_request(body, media_type))

        assert all(isinstance(part, str) for pair in pairs for part in pair)
        assert refusal is None or refusal.endswith(".")

    @given(
        media_type=st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=60)
        | st.text(st.sampled_from("boundary;= \"'\\B,*")).map("multipart/form-data;".__add__)
    )
    def test_any_media_type_is_read_or_refused(self, media_type):
        body = b'--B\r\nContent-Disposition: form-data; name="A"\r\n\r\n1\r\n--B--\r\n'

        pairs, refusal = read_or_refuse(make_request(body, media_type))

        assert pairs or refusal

    @given(data=st.data())
    def test_a_multipart_body_that_was_damaged_is_read_or_refused(self, data):
        body = bytearray(
            b'--B\r\nContent-Disposition: form-data; name="A"\r\n\r\n1\r\n--B\r\n'
            b'Content-Disposition: form-data; name="F"; filename="f"\r\nContent-Type: a/b\r\n\r\n2\r\n--B--\r\n'
        )
        for _ in range(data.draw(st.integers(1, 4))):
            position = data.draw(st.integers(0, len(body) - 1))
            piece = st.binary(max_size=3) | st.sampled_from([b"\r\n", b"--B", b'"', b";", b":"])
            body[position : position + data.draw(st.integers(0, 5))] = data.draw(piece)

        pairs, refusal = read_or_refuse(make_request(bytes(body), MULTIPART))

        assert len(pairs) <= 4
        assert refusal is None or refusal.endswith(".")

    @pytest.mark.parametrize(
        "part", [b'form-data; name="\xff"', b"form-data", b"attachment; name=x", b'form-data; name="A"\r\nX']
    )
    def test_a_refusal_is_a_sentence(self, part):
        _, refusal = read_or_refuse(
            make_request(b"--B\r\nContent-Disposition: " + part + b"\r\n\r\n\r\n--B", MULTIPART)
        )

        assert "Error" not in refusal
        assert "('" not in refusal

    def test_what_is_cut_short_is_refused_wherever_it_is_cut(self, chunk):
        body = b'--B\r\nContent-Disposition: form-data; name="A"; filename="f"\r\n\r\n1\r\n--B--'

        assert read(make_request(body, MULTIPART))[1] == [("A", "application/octet-stream", b"1")]
        for length in range(len(body)):
            with pytest.raises(BadRequest):
                read(make_request(body[:length], MULTIPART))


class TestLimits:
    @pytest.mark.parametrize(
        ("body", "media_type"),
        [
            (b"a=" + b"x" * (forms.MAX_TEXT + 1), URLENCODED),
            (
                b'--B\r\nContent-Disposition: form-data; name="A"\r\n\r\n'
                + b"x" * (forms.MAX_TEXT + 1)
                + b"\r\n--B--",
                MULTIPART,
            ),
            (
                (
                    b'--B\r\nContent-Disposition: form-data; name="A"\r\n\r\n'
                    + b"x" * (forms.MAX_TEXT // 2 + 1)
                    + b"\r\n"
                )
                * 2
                + b"--B--",
                MULTIPART,
            ),
            (
                b'--B\r\nContent-Disposition: form-data; name="A"\r\n\r\n\r\n' * (forms.MAX_FIELDS + 1) + b"--B--",
                MULTIPART,
            ),
            (b"x" * (MAX_BODY + 1), MULTIPART),
        ],
        ids=["form", "one part", "two parts", "many parts", "whole body"],
    )
    def test_too_much_is_refused(self, body, media_type):
        with pytest.raises(TooLarge):
            read(make_request(body, media_type))

    def test_a_file_may_be_larger_than_a_text(self):
        content = b"x" * (forms.MAX_TEXT * 2)
        body = b'--B\r\nContent-Disposition: form-data; name="F"; filename="f"\r\n\r\n%b\r\n--B--' % content

        assert read(make_request(body, MULTIPART))[1] == [("F", "application/octet-stream", content)]

    def test_no_more_than_so_many_parameters_are_read(self):
        assert len(read(make_request("&".join(["a=b"] * forms.MAX_FIELDS).encode(), URLENCODED))[0]) == 1000
        with pytest.raises(BadRequest, match="more than 1000"):
            read(make_request("&".join(["a=b"] * (forms.MAX_FIELDS + 1)).encode(), URLENCODED))

    def test_a_body_that_ends_early_is_refused(self):
        request = make_request(b"a=b", URLENCODED)
        request.environ["CONTENT_LENGTH"] = "10"

        with pytest.raises(BadRequest, match="ended early"):
            read(request)


def in_chunks(request, *, terminated=True):
    """Make it a request of a server that hands on a body as it comes, without a length."""
    del request.environ["CONTENT_LENGTH"]
    request.environ |= {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": terminated}
    return request


class TestInChunks:
    @pytest.mark.spec("U-93")
    def test_a_body_without_a_length_is_read_to_its_end(self):
        content = b"x" * (forms.CHUNK * 2)
        body = b'--B\r\nContent-Disposition: form-data; name="F"; filename="f"\r\n\r\n%b\r\n--B--' % content

        assert read(in_chunks(make_request(b"a=b", URLENCODED))) == ([("a", "b")], [])
        assert read(in_chunks(make_request(body, MULTIPART)))[1] == [("F", "application/octet-stream", content)]

    @pytest.mark.parametrize(
        ("body", "media_type"),
        [(b"a=" + b"x" * forms.MAX_TEXT, URLENCODED), (b"x" * (MAX_BODY + 1), MULTIPART)],
        ids=["form", "whole body"],
    )
    def test_too_much_is_refused_and_not_read_to_its_end(self, body, media_type):
        request = in_chunks(make_request(body * 2, media_type))

        with pytest.raises((TooLarge, BadRequest)):
            read(request)
        assert request.environ["wsgi.input"].tell() <= len(body) + forms.CHUNK

    def test_what_is_no_form_is_not_ignored(self):
        with pytest.raises(BadRequest, match="application/json"):
            read(in_chunks(make_request(b"{}", "application/json")))

    def test_where_nobody_knows_its_end_it_is_refused(self):
        with pytest.raises(BadRequest, match="Content-Length"):
            read(in_chunks(make_request(b"a=b", URLENCODED), terminated=False))


class TestShapes:
    @pytest.mark.parametrize(
        "media_type", [None, "", URLENCODED, f"{URLENCODED}; charset=UTF-8", URLENCODED.upper()]
    )
    def test_a_form_may_be_called_many_things(self, media_type):
        assert read(make_request(b"a=b", media_type))[0] == [("a", "b")]

    def test_the_part_of_a_text_may_have_a_type(self):
        body = b'--B\r\nContent-Type: text/plain\r\nContent-Disposition: form-data; name="A"\r\n\r\n1\r\n--B--'

        assert read(make_request(body, MULTIPART)) == ([("A", "1")], [])

    @pytest.mark.spec("C-30")
    @pytest.mark.parametrize(
        ("written", "boundary"),
        [
            ("boundary=B", "B"),
            ('boundary="B"', "B"),
            ("boundary====123===", "===123==="),
            (
                'boundary="<<<--------------MULTIPART-BOUNDARY------->>>"',
                "<<<--------------MULTIPART-BOUNDARY------->>>",
            ),
            ('charset=UTF-8; Boundary = "B"; x=y', "B"),
            ("boundary=a'()+_,-./:=?b ; charset=UTF-8", "a'()+_,-./:=?b"),
            ('boundary="a;b c"', "a;b c"),
        ],
    )
    def test_a_boundary_may_be_quoted_or_not(self, written, boundary):
        body = f'--{boundary}\r\nContent-Disposition: form-data; name="A"\r\n\r\n1\r\n--{boundary}--\r\n'

        assert read(make_request(body.encode(), f"multipart/form-data; {written}")) == ([("A", "1")], [])

    @pytest.mark.parametrize("media_type", ["application/json", "text/xml", "multipart/mixed; boundary=B"])
    def test_other_bodies_are_refused_by_name(self, media_type):
        with pytest.raises(BadRequest, match=media_type.partition(";")[0]):
            read(make_request(b"a=b", media_type))

    @pytest.mark.parametrize("media_type", ["application/json", "text/xml"])
    def test_without_a_body_its_type_means_nothing(self, media_type):
        """The old Python client names a type with every request."""
        assert read(make_request(b"", media_type, "a=b"))[0] == [("a", "b")]

    @pytest.mark.parametrize(
        ("header", "expected"),
        [
            ("text/csv", "text/csv"),
            ("Text/CSV; header=present", "text/csv"),
            ("application/x-votable+xml", "application/x-votable+xml"),
            *((header, "application/octet-stream") for header in (None, "", "None", "text", "a/", "/b", "a/b c")),
            *(
                (header, "application/octet-stream")
                for header in ("a/b\r\nX: y", "a/b\x00", "ä/b", "a/b/c", "a/b,c/d")
            ),
        ],
    )
    def test_a_media_type_is_one_that_may_stand_in_a_header(self, header, expected):
        assert forms.media_type_of(header) == expected
