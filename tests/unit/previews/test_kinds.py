"""What a result is: its first bytes tell, and where they do not, its media type."""

import pytest

from pyramid_uws.previews.kinds import kind_of


@pytest.mark.parametrize(
    ("media_type", "head", "kind"),
    [
        ("application/octet-stream", b"\x89PNG\r\n\x1a\n", "png"),
        ("text/plain", b"SIMPLE  =                    T", "fits"),
        ("application/octet-stream", b"PAR1", "parquet"),
        ("text/xml", b"\xef\xbb\xbf<?xml version='1.0'?>\n<vot:VOTABLE xmlns:vot='x'>", "votable"),
        ("application/x-votable+xml", b"<other/>", "xml"),
        ("image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "svg"),
        ("text/plain", b"<svg/>", "xml"),
        ("text/html", b"<!DOCTYPE html><script>alert(1)</script>", "xml"),
        ("text/csv;header=present", b"a,b\n1,2\n", "csv"),
        ("text/tab-separated-values", b"a\tb\n", "tsv"),
        ("application/json", b'"text"', "json"),
        ("application/octet-stream", b'[{"a": 1}]', "json"),
        ("text/plain; charset=UTF-8", b"five\nfour\n", "text"),
        ("text/plain", b"\x00\x01\x02", "other"),
        ("image/png", b"\x00\x01\x02", "other"),
        ("application/octet-stream", b"", "text"),
    ],
)
def test_a_result_is_what_its_first_bytes_say(media_type, head, kind):
    assert kind_of(media_type, head) == kind
