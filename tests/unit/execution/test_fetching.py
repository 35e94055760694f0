"""Uploads by URL: what is fetched, from where, how much, and what is said when it is not (DALI 1.1, 4.3.5)."""

import errno
import os
import socket
import ssl
import subprocess
import sys
import time
import tracemalloc

import pytest

from pyramid_uws.exceptions import CoreError
from pyramid_uws.execution import fetching
from pyramid_uws.execution.fetching import fetch_all
from pyramid_uws.parameters.hosts import Fetching
from tests.support.sources import CONTENT, source

LOOPBACK = Fetching(hosts=("127.0.0.1",))


@pytest.fixture(scope="module")
def web():
    with source() as web:
        yield web


@pytest.fixture
def fetch(web, tmp_path):
    """Return a function that fetches a path of the server, or a URL, and returns what has come."""

    def fetch(where, rules=LOOPBACK, most=1_000_000):
        url = web.url + where if where.startswith("/") else where
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        return fetch_all({"mine": url}, folder, rules, most)["mine"].read_bytes()

    return fetch


@pytest.fixture
def refusal(fetch):
    """Return a function that fetches what cannot be had, and returns the error."""

    def refusal(where, rules=LOOPBACK, most=1_000_000):
        with pytest.raises(CoreError) as caught:
            fetch(where, rules, most)
        assert caught.value.message.startswith("The upload mine could not be fetched from http")
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__
        return caught.value

    return refusal


@pytest.fixture
def names(monkeypatch):
    """Return a dictionary that says which addresses names have, one list for each time they are looked up."""
    known, real = {}, socket.getaddrinfo

    def getaddrinfo(host, *args, **options):
        if host not in known:
            return real(host, *args, **options)
        return [found for address in known[host].pop(0) for found in real(address, *args, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return known


class TestContent:
    @pytest.mark.spec("D-36")
    @pytest.mark.parametrize("path", ["/plain", "/gzip", "/plain?a=b&c=d", "/to?/plain", "/to?/to?/gzip"])
    def test_it_is_kept_as_it_is_unpacked(self, fetch, path):
        assert fetch(path) == CONTENT

    def test_a_request_says_who_asks_whom(self, fetch, web):
        fetch("/plain?x")

        path, headers = web.asked[-1]
        assert path == "/plain?x"
        assert headers["Host"] == f"127.0.0.1:{web.port}"
        assert headers["User-Agent"].startswith("pyramid_uws/")

    def test_a_path_may_be_missing(self, refusal, web):
        refusal(web.url + "?x")

        assert web.asked[-1][0] == "/?x"

    def test_no_proxy_of_the_environment_is_asked(self, fetch, monkeypatch):
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")

        assert fetch("/plain") == CONTENT

    def test_several_have_files_of_their_own(self, web, tmp_path):
        urls = {"one": f"{web.url}/plain", "two": f"{web.url}/gzip"}

        files = fetch_all(urls, tmp_path / "uploads", LOOPBACK, 0)

        assert {name: path.read_bytes() for name, path in files.items()} == {"one": CONTENT, "two": CONTENT}
        assert len(set(files.values())) == 2


class TestLimits:
    @pytest.mark.spec("D-37")
    @pytest.mark.parametrize("path", ["/large", "/endless", "/bomb"])
    def test_too_much_is_given_up(self, refusal, path, tmp_path):
        error = refusal(path)

        assert "1000000" in error.message
        assert not error.transient
        assert sum(file.stat().st_size for file in tmp_path.glob("*/*")) <= 1_000_000 + fetching.CHUNK

    def test_as_much_as_is_allowed_is_taken(self, fetch):
        assert fetch("/plain", most=len(CONTENT)) == CONTENT

    def test_one_byte_more_is_not(self, refusal):
        assert str(len(CONTENT) - 1) in refusal("/gzip", most=len(CONTENT) - 1).message

    def test_what_is_packed_is_unpacked_piece_by_piece(self, refusal):
        tracemalloc.start()
        try:
            refusal("/bomb", most=100_000_000)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

        assert peak < 10_000_000

    @pytest.mark.parametrize("path", ["/dripping", "/mumbling"])
    def test_the_time_is_limited_however_busy_the_host_is(self, refusal, path):
        began = time.monotonic()

        error = refusal(path, Fetching(hosts=("127.0.0.1",), timeout=0.3))

        assert "longer than the 0.3 s" in error.message
        assert error.transient
        assert time.monotonic() - began < 10

    def test_afterwards_there_is_no_limit_any_more(self, fetch):
        fetch("/plain", Fetching(hosts=("127.0.0.1",), timeout=0.2))

        time.sleep(0.25)  # nothing is to happen now

    def test_redirects_are_counted(self, refusal):
        assert "more than 5 times" in refusal("/round").message


class TestFailures:
    @pytest.mark.parametrize(
        ("status", "transient"),
        [
            (404, False),
            (401, False),
            (410, False),
            (204, True),
            (429, True),
            (500, True),
            (503, True),
            (520, True),
        ],
    )
    def test_the_status_is_told_and_only_what_is_about_the_url_will_not_pass(self, refusal, status, transient):
        error = refusal(f"/status/{status}")

        assert f"answered {status}" in error.message
        assert error.transient == transient

    @pytest.mark.parametrize(
        ("path", "said", "transient"),
        [
            ("/short", "broke off", True),
            ("/garbage", "broke off", True),
            ("/torn", "cannot be unpacked", True),
            ("/nowhere", "answered 302", True),
            ("/round", "more than 5 times", True),
            ("http://127.0.0.1:9/", "no connection", True),
            ("http://nonesuch.invalid/", "host nonesuch.invalid is not known", False),
            ("http://" + "a" * 70 + ".example/", "is not known", False),
        ],
    )
    def test_why_is_said_in_plain_words(self, refusal, path, said, transient):
        error = refusal(path)

        assert said in error.message
        assert error.transient == transient

    def test_a_name_that_cannot_be_looked_up_now_may_be_later(self, refusal, monkeypatch):
        def fail(*_, **__):
            raise socket.gaierror(socket.EAI_AGAIN, "later")

        monkeypatch.setattr(socket, "getaddrinfo", fail)

        assert refusal("http://example.org/").transient

    def test_a_host_that_falls_silent_is_left(self, refusal, monkeypatch):
        monkeypatch.setattr(fetching, "_TIMEOUT", fetching.urllib3.Timeout(connect=1, read=0.1))
        with socket.create_server(("127.0.0.1", 0)) as silent:
            error = refusal(f"http://127.0.0.1:{silent.getsockname()[1]}/")

        assert "says nothing" in error.message
        assert error.transient

    @pytest.mark.parametrize(("number", "kind"), [(errno.ENOSPC, CoreError), (errno.EIO, OSError)])
    def test_a_full_disk_is_told_and_others_rise(self, fetch, monkeypatch, number, kind):
        def fail(*_):
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(fetching, "_save", fail)

        with pytest.raises(kind):
            fetch("/plain")

    def test_what_is_secret_is_not_told(self, refusal):
        assert "SECRET" not in refusal("/status/404?token=SECRET").message
        assert "SECRET" not in refusal("/to?http://user:SECRET@127.0.0.1/").message
        assert "SECRET" not in refusal("/to?/status/404?token=SECRET").message


class TestAddresses:
    @pytest.mark.spec("D-39")
    @pytest.mark.parametrize(
        "host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "0.0.0.0", "[::1]", "0"]
    )
    def test_loopback_is_refused_however_it_is_written(self, refusal, web, host):
        asked = len(web.asked)

        error = refusal(f"http://{host}:{web.port}/plain", Fetching())

        assert "is not a public one" in error.message
        assert not error.transient
        assert len(web.asked) == asked

    @pytest.mark.spec("D-39")
    @pytest.mark.parametrize(
        "target", ["http://127.0.0.2:{port}/plain", "//127.0.0.2:{port}/plain", "http://0.0.0.0:{port}/"]
    )
    def test_a_redirect_is_looked_at_like_the_first_url(self, refusal, web, target):
        before = len(web.asked)

        error = refusal(f"/to?{target.format(port=web.port)}")

        assert "is not a public one" in error.message
        assert len(web.asked) == before + 1

    @pytest.mark.spec("D-39")
    @pytest.mark.parametrize(
        "target", ["file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "data:,x"]
    )
    def test_a_redirect_to_another_scheme_is_not_followed(self, refusal, target):
        assert "is no URL that is followed" in refusal(f"/to?{target}").message

    @pytest.mark.spec("D-39")
    def test_a_name_is_looked_up_once(self, fetch, web, names):
        names["rebinding.example"] = [["127.0.0.1"], ["127.0.0.2"], ["127.0.0.3"]]

        content = fetch(f"http://rebinding.example:{web.port}/plain")

        assert content == CONTENT
        assert names["rebinding.example"] == [["127.0.0.2"], ["127.0.0.3"]]
        assert web.asked[-1][1]["Host"] == f"rebinding.example:{web.port}"

    @pytest.mark.spec("D-39")
    def test_and_again_for_a_redirect(self, refusal, web, names):
        names["rebinding.example"] = [["127.0.0.1"], ["127.0.0.2"]]

        error = refusal(f"http://rebinding.example:{web.port}/to?http://rebinding.example:{web.port}/plain")

        assert "127.0.0.2, is not a public one" in error.message

    def test_of_several_addresses_only_those_that_are_permitted_are_tried(self, fetch, web, names):
        names["many.example"] = [["127.0.0.2", "127.0.0.9", "127.0.0.1"]]

        assert (
            fetch(f"http://many.example:{web.port}/plain", Fetching(hosts=("127.0.0.9", "127.0.0.1"))) == CONTENT
        )

    def test_a_host_may_be_allowed_by_its_name(self, fetch, web, names):
        names["files.intern"] = [["127.0.0.1"]]

        assert fetch(f"http://Files.Intern:{web.port}/plain", Fetching(hosts=("files.intern",))) == CONTENT


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for the name ``safe.example``, signed by itself."""
    folder = tmp_path_factory.mktemp("tls")
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    ]
    command += ["-keyout", folder / "key", "-out", folder / "cert", "-days", "2", "-subj", "/CN=safe.example"]
    command += ["-addext", "subjectAltName=DNS:safe.example"]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def secure(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert", certificate / "key")
    with source(context=context) as secure:
        yield secure


class TestTls:
    @pytest.fixture
    def fetched(self, secure, certificate, names):
        def fetched(host, fetch, *, trusted=True):
            names[host] = [["127.0.0.1"]]
            with pytest.MonkeyPatch.context() as patch:
                if trusted:
                    patch.setenv("SSL_CERT_FILE", str(certificate / "cert"))
                return fetch(f"https://{host}:{secure.port}/plain")

        return fetched

    @pytest.mark.spec("D-36", "D-39")
    def test_the_certificate_is_that_of_the_name_though_the_address_is_connected_to(self, fetched, fetch):
        assert fetched("safe.example", fetch) == CONTENT

    @pytest.mark.parametrize(("host", "trusted"), [("other.example", True), ("safe.example", False)])
    def test_another_certificate_is_not_accepted(self, fetched, refusal, host, trusted):
        error = fetched(host, refusal, trusted=trusted)

        assert "certificate" in error.message
        assert error.transient  # its operator may mend it


def test_jobs_that_fetch_nothing_do_not_load_what_it_takes():
    code = "import sys, pyramid_uws.execution.child; sys.exit('urllib3' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
