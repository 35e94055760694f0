"""Who people are, by every way to say so (IVOA SSO, AuthVO; RFC 7617, RFC 6750)."""

import re
import time

import pytest
import requests

from pyramid_uws.auth.users import Users
from tests.support.accounts import AUDIENCE, Issuer, make_token, password_of, serving, write_users
from tests.support.http import Session, create, http, job_document, parse, text, wait_for_phase
from tests.support.server import Server

BASIC = 'Basic realm="Stars", charset="UTF-8"'
SETTINGS = {
    "uws.auth": "basic token jwt proxy cookie",
    "uws.auth.realm": "Stars",
    "uws.auth.max_failures": "1000",
    "uws.auth.proxy.addresses": "127.0.0.9",
    "uws.auth.proxy.groups_header": "X-Remote-Groups",
    "uws.auth.jwt.audience": AUDIENCE,
}


@pytest.fixture(scope="module")
def issuer():
    with serving(Issuer()) as issuer:
        yield issuer


@pytest.fixture(scope="module")
def site(tmp_path_factory, issuer):
    """A server that takes all ways to log in."""
    server = Server(
        tmp_path_factory.mktemp("login"),
        settings=SETTINGS | {"uws.auth.jwt.issuer": issuer.url},
        services=["quick", "sleeper"],
    )
    write_users(server.var)
    with server:
        yield server


@pytest.fixture(scope="module")
def personal(site):
    """A personal token of alice."""
    return make_token(site.var, "alice")[1]


def session_with(**headers):
    session = Session()
    session.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return session


def bearer(token):
    return session_with(Authorization=f"Bearer {token}")


def basic(name, password=None):
    session = Session()
    session.auth = (name, password_of(name) if password is None else password)
    return session


def challenges(answer):
    return answer.raw.headers.getlist("WWW-Authenticate")


def log_in(site, name="alice", **form):
    return Session().post(f"{site.url}/login", data={"username": name, "password": password_of(name)} | form)


def whoami(site, session):
    return session.get(f"{site.url}/whoami").text


class FromProxy(requests.adapters.HTTPAdapter):
    """Connects from the address of the proxy."""

    def init_poolmanager(self, *arguments, **options):
        super().init_poolmanager(*arguments, **options, source_address=("127.0.0.9", 0))


def through_proxy(**headers):
    session = session_with(**headers)
    session.mount("http://", FromProxy())
    return session


class TestWays:
    @pytest.mark.spec("U-55", "U-144", "C-47")
    @pytest.mark.parametrize("way", ["basic", "token", "jwt", "proxy", "cookie", "ticket"])
    def test_jobs_belong_to_whoever_makes_them(self, way, site, issuer, personal):
        session = {
            "basic": lambda: basic("alice"),
            "token": lambda: bearer(personal),
            "jwt": lambda: bearer(issuer.token(sub="alice")),
            "proxy": lambda: through_proxy(X_Remote_User="alice"),
            "cookie": lambda: session_with(Cookie=log_in(site).headers["Set-Cookie"].partition(";")[0]),
            "ticket": lambda: bearer(log_in(site).headers["X-VO-Bearer"]),
        }[way]()

        job = create(site.joblist("quick"), session=session)

        assert session.get(f"{job}/owner").text == "alice"
        assert text(job_document(job, session=session), "uws:ownerId") == "alice"
        assert basic("alice").get(job).status_code == 200
        assert basic("bob").get(job).status_code == 403
        assert http.get(job).status_code == 401

    @pytest.mark.spec("A-06")
    def test_answers_tell_who_was_recognized(self, site):
        job = create(site.joblist("quick"), session=basic("alice"))
        for url in (f"{site.url}/", site.joblist("quick"), job, f"{job}/results", f"{job}/nonesuch"):
            assert basic("alice").get(url).headers["X-VO-Authenticated"] == "alice"
            assert "X-VO-Authenticated" not in http.get(url).headers
        assert basic("bob").get(job).headers["X-VO-Authenticated"] == "bob"

    def test_groups_come_along(self, site, issuer):
        carol = basic("carol").get(f"{site.url}/whoami", headers={"Accept": "application/json"}).json()
        dora = bearer(issuer.token(groups=["a", "b"])).get(
            f"{site.url}/whoami", headers={"Accept": "application/json"}
        )
        erik = through_proxy(X_Remote_User="erik", X_Remote_Groups="x, y").get(
            f"{site.url}/whoami", headers={"Accept": "application/json"}
        )

        told = [
            [answer[key] for key in ("user", "groups", "scheme")] for answer in (carol, dora.json(), erik.json())
        ]
        assert told == [
            ["carol", ["readers"], "basic"],
            ["dora", ["a", "b"], "jwt"],
            ["erik", ["x", "y"], "proxy"],
        ]

    def test_what_authorization_says_counts_before_a_cookie(self, site):
        session = session_with(Cookie=log_in(site, "alice").headers["Set-Cookie"].partition(";")[0])
        session.auth = ("bob", password_of("bob"))

        assert whoami(site, session) == "bob"

    def test_a_name_beyond_ascii_is_told_in_utf_8(self, site):
        answer = through_proxy(X_Remote_User="Zoë".encode()).get(f"{site.url}/whoami")

        assert answer.text == "Zoë"
        assert answer.headers["X-VO-Authenticated"].encode("latin-1").decode() == "Zoë"


class TestWrongCredentials:
    WRONG = [
        "Basic YWxpY2U6d3Jvbmc=",
        "Basic not base64",
        "Bearer x",
        "Bearer a.b.c",
        "Bearer uws_0_0",
        "Negotiate abc",
        "garbage",
    ]

    @pytest.mark.spec("U-147", "U-148", "A-01", "A-08")
    @pytest.mark.parametrize("credentials", WRONG)
    def test_they_are_401_everywhere(self, credentials, site):
        job = create(site.joblist("quick"))
        for method, url in [
            ("GET", f"{site.url}/"),
            ("GET", f"{site.url}/quick/capabilities"),
            ("HEAD", f"{site.url}/quick/capabilities"),
            ("GET", f"{site.url}/quick/availability"),
            ("GET", site.joblist("quick")),
            ("POST", site.joblist("quick")),
            ("GET", job),
            ("GET", f"{job}/phase"),
            ("DELETE", job),
            ("GET", f"{site.url}/nonesuch"),
            ("GET", f"{site.url}/tokens"),
        ]:
            answer = http.request(method, url, headers={"Authorization": credentials})

            assert answer.status_code == 401, (method, url)
            assert BASIC in challenges(answer)
            assert "X-VO-Authenticated" not in answer.headers
        assert http.get(job).status_code == 200

    @pytest.mark.spec("U-148")
    def test_nothing_is_changed_by_them(self, site):
        job = create(site.joblist("quick"), session=basic("alice"))

        assert basic("alice", "wrong").delete(job).status_code == 401
        assert basic("alice").get(job).status_code == 200

    @pytest.mark.spec("U-148", "A-08")
    @pytest.mark.parametrize("credentials", ["Basic Og==", "Basic bm9ib2R5Ong="])
    def test_neither_an_empty_name_nor_an_unknown_one_will_do(self, credentials, site):
        assert http.get(site.joblist("quick"), headers={"Authorization": credentials}).status_code == 401

    def test_an_empty_header_says_nothing(self, site):
        assert http.get(site.joblist("quick"), headers={"Authorization": ""}).status_code == 200

    def test_a_stale_cookie_is_refused_once_and_then_forgotten(self, site):
        answer = http.get(f"{site.url}/", headers={"Cookie": "uws_ticket=stale"})

        assert answer.status_code == 401
        assert re.search("uws_ticket=; Max-Age=0", answer.headers["Set-Cookie"])

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("Authorization", b"Basic \xff"),
            ("Authorization", b"Bearer \xff\x80"),
            ("Authorization", b"Basic /////w=="),
            ("Authorization", b"Bearer " + b"a" * 60_000),
            ("Authorization", b"Bearer " + b"a." * 30_000),
            ("Cookie", b"uws_ticket=\xff\x80"),
            ("Cookie", b'uws_ticket="\\377"'),
            ("Cookie", b"uws_ticket=" + b"A" * 60_000),
        ],
        ids=str,
    )
    def test_what_nobody_can_read_is_no_failure_of_ours(self, name, value, site):
        for path in ("/", "/%FF", "/login"):
            answer = http.get(site.url + path, headers={name: value})

            # What cannot even be taken for a cookie is none.
            expected = {"/login": 200, "/%FF": 400} if value == b"uws_ticket=\xff\x80" else {"/login": 200}
            assert answer.status_code == expected.get(path, 200 if "/%FF" in expected else 401)

    def test_names_of_ours_are_nobodys(self, site, issuer):
        for name in ("group:ops", "system.Everyone", "system.uws.admins", "a\tb", " a", "x" * 201):
            assert bearer(issuer.token(sub=name)).get(f"{site.url}/").status_code == 401


class TestJwt:
    @pytest.mark.parametrize(
        "claims",
        [
            {"iss": "https://elsewhere.example"},
            {"aud": "https://elsewhere.example"},
            {"exp": -100},
            {"nbf": 1000},
            {"exp": None},
            {"iss": None},
            {"aud": None},
            {"sub": None},
            {"groups": 5},
        ],
        ids=str,
    )
    def test_what_does_not_fit_is_refused(self, claims, site, issuer):
        now = int(time.time())
        claims = {
            name: value + now if name in {"exp", "nbf"} and value else value for name, value in claims.items()
        }

        assert bearer(issuer.token(**claims)).get(f"{site.url}/").status_code == 401

    def test_the_clocks_may_differ_a_little(self, site, issuer):
        assert whoami(site, bearer(issuer.token(exp=int(time.time()) - 20))) == "dora"

    def test_neither_none_nor_a_shared_secret_is_a_signature(self, site, issuer):
        from cryptography.hazmat.primitives import serialization

        public = issuer.keys["first"].public_key()
        der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        for token in (
            issuer.token(algorithm="HS256", key=der.hex()),
            issuer.token(algorithm="none"),
            issuer.token() + "x",
            issuer.token().rpartition(".")[0] + ".",
        ):
            assert bearer(token).get(f"{site.url}/").status_code == 401

    def test_somebody_elses_key_is_refused(self, site, issuer):
        assert bearer(Issuer().token(iss=issuer.url)).get(f"{site.url}/").status_code == 401


class TestProxy:
    def test_anybody_elses_header_is_dropped(self, site):
        assert whoami(site, session_with(X_Remote_User="alice")) == ""
        job = create(site.joblist("quick"), session=through_proxy(X_Remote_User="alice"))
        assert session_with(X_Remote_User="alice").get(job).status_code == 401

    def test_the_proxys_address_counts_not_what_it_forwards(self, make_server):
        server = make_server(
            settings={"uws.auth": "proxy", "uws.auth.proxy.addresses": "127.0.0.9"},
            server_settings={"trusted_proxy": "*", "trusted_proxy_headers": "x-forwarded-for"},
            services=["quick"],
        )

        assert whoami(server, through_proxy(X_Remote_User="alice", X_Forwarded_For="192.0.2.1")) == "alice"
        assert whoami(server, session_with(X_Remote_User="alice", X_Forwarded_For="127.0.0.9")) == ""


class TestLogin:
    @pytest.mark.spec("A-05", "C-48")
    def test_the_cookie_is_for_the_whole_site_and_for_no_script(self, site):
        answer = log_in(site)

        assert answer.status_code == 200
        attributes = answer.headers["Set-Cookie"].split("; ")
        assert {"HttpOnly", "Path=/", "SameSite=Lax", "Max-Age=43200"} <= set(attributes)
        assert "Secure" not in attributes

    def test_under_https_it_is_secure(self, make_server):
        server = make_server(
            settings={"uws.auth": "cookie"},
            server_settings={"url_scheme": "https", "url_prefix": "/vo"},
            services=["quick"],
        )
        write_users(server.var)

        answer = http.post(f"{server.url}/vo/login", data={"username": "alice", "password": password_of("alice")})

        attributes = answer.headers["Set-Cookie"].lower().split("; ")
        assert {"secure", "path=/vo"} <= set(attributes)
        assert "X-VO-Bearer" not in answer.headers

    @pytest.mark.spec("A-05")
    @pytest.mark.parametrize(
        ("form", "status"),
        [
            ({"password": "wrong"}, 401),
            ({"username": "nobody"}, 401),
            ({"username": ""}, 401),
            ({"password": "x" * 5000}, 401),
            ({"password": None}, 400),
            ({"username": ["alice", "bob"]}, 400),
        ],
        ids=str,
    )
    def test_who_is_wrong_gets_nothing(self, form, status, site):
        answer = log_in(site, **form)

        assert answer.status_code == status
        assert "Set-Cookie" not in answer.headers
        assert "X-VO-Bearer" not in answer.headers

    def test_a_password_does_not_belong_into_a_url(self, site):
        query = {"username": "alice", "password": password_of("alice")}

        assert http.post(f"{site.url}/login", params=query).status_code == 400
        assert "correct-horse" not in site.log

    def test_one_can_log_in_whatever_one_has_said_before(self, site):
        answer = Session().post(
            f"{site.url}/login",
            data={"username": "alice", "password": password_of("alice")},
            headers={"Cookie": "uws_ticket=stale", "Authorization": "Bearer stale"},
        )

        assert answer.status_code == 200

    def test_logging_out_forgets_the_cookie(self, site):
        answer = http.post(f"{site.url}/logout")

        assert answer.status_code == 200
        assert "uws_ticket=; Max-Age=0" in answer.headers["Set-Cookie"]
        assert http.get(f"{site.url}/logout").status_code == 405

    def test_browsers_get_a_form(self, site):
        answer = http.get(f"{site.url}/login")

        assert answer.headers["Content-Type"].startswith("text/html")
        assert 'type="password"' in answer.text

    def test_another_password_ends_what_was_begun_by_the_old_one(self, make_server):
        server = make_server(settings={"uws.auth": "basic token cookie"}, services=["quick"])
        write_users(server.var)
        answer = log_in(server)
        sessions = [
            session_with(Cookie=answer.headers["Set-Cookie"].partition(";")[0]),
            bearer(answer.headers["X-VO-Bearer"]),
            basic("alice"),
        ]
        assert [whoami(server, session) for session in sessions] == ["alice"] * 3

        Users(server.var / "users").change_password("alice", "another one")

        assert [session.get(f"{server.url}/").status_code for session in sessions] == [401] * 3


class TestThrottling:
    def test_after_too_many_failures_there_is_no_other_try_for_a_while(self, make_server):
        server = make_server(
            settings={"uws.auth": "basic cookie", "uws.auth.max_failures": "3"}, services=["quick"]
        )
        write_users(server.var)
        assert whoami(server, basic("bob")) == "bob"

        statuses = [basic("alice", "wrong").get(f"{server.url}/").status_code for _ in range(4)]
        login = log_in(server)

        assert statuses == [401, 401, 401, 429]
        assert login.status_code == 429
        assert 0 < int(login.headers["Retry-After"]) <= 300
        assert whoami(server, basic("bob")) == "bob"  # who was recognized of late is known

    def test_behind_a_proxy_that_is_named_it_is_the_client_who_has_failed(self, make_server):
        server = make_server(
            settings={
                "uws.auth": "basic cookie",
                "uws.auth.max_failures": "3",
                "uws.auth.proxy.addresses": "127.0.0.1",
            },
            server_settings={"clear_untrusted_proxy_headers": "false"},
            services=["quick"],
        )
        write_users(server.var)

        def answer(address):
            session = basic("nobody-" + address, "wrong")
            session.headers["X-Forwarded-For"] = address
            return [
                session.get(f"{server.url}/").status_code,
                session.post(f"{server.url}/login", data={"username": "x" + address, "password": "?"}).status_code,
            ]

        assert [*answer("192.0.2.1"), *answer("192.0.2.1")] == [401, 401, 401, 429]
        assert answer("192.0.2.2") == [401, 401]


class TestTokens:
    def test_users_make_and_revoke_their_own(self, site):
        tokens = f"{site.url}/tokens"
        token = basic("bob").post(tokens, data={"NOTE": "laptop", "DAYS": "7"}).text
        (told,) = basic("bob").get(tokens).json()

        assert whoami(site, bearer(token)) == "bob"
        assert told["note"] == "laptop"
        assert token.rpartition("_")[2] not in basic("bob").get(tokens).text
        assert token.rpartition("_")[2] not in (site.var / "tokens").read_text()
        assert basic("alice").post(tokens, data={"REVOKE": told["id"]}).status_code == 400
        assert basic("bob").post(tokens, data={"REVOKE": told["id"]}).status_code == 200
        assert bearer(token).get(f"{site.url}/").status_code == 401

    def test_a_token_cannot_make_another(self, site, personal):
        assert bearer(personal).post(f"{site.url}/tokens").status_code == 400

    @pytest.mark.parametrize(
        "form",
        [
            *({"DAYS": days} for days in ("0", "1e3", "999", "000000366999", "1".zfill(9) + "0" * 5000)),
            {"NOTE": "a\nb"},
        ],
        ids=lambda form: str(form)[:40],
    )
    def test_what_makes_no_sense_is_refused(self, form, site):
        assert basic("bob").post(f"{site.url}/tokens", data=form).status_code == 400

    def test_there_is_a_most_of_them(self, site):
        from pyramid_uws.auth.tokens import MOST_TOKENS, Tokens
        from pyramid_uws.auth.users import Users

        mine = Tokens(site.var / "tokens", Users(site.var / "users"))
        made = [mine.create("bob")[0] for _ in range(MOST_TOKENS - len(mine.of("bob")))]

        answer = basic("bob").post(f"{site.url}/tokens")

        assert (answer.status_code, "revoke some first" in answer.text) == (403, True)
        for token_id in made:
            mine.revoke(token_id)

    def test_nobody_is_asked_who_it_is(self, site):
        assert http.get(f"{site.url}/tokens").status_code == 401
        assert http.post(f"{site.url}/tokens").status_code == 401

    def test_one_that_is_too_old_is_worth_nothing(self, site):
        _, token = make_token(site.var, "alice", days=-1)

        assert bearer(token).get(f"{site.url}/").status_code == 401

    def test_who_waits_by_a_token_that_is_revoked_learns_nothing(self, site):
        from concurrent.futures import ThreadPoolExecutor

        from pyramid_uws.auth.tokens import Tokens

        token_id, token = make_token(site.var, "alice")
        job = create(site.joblist("sleeper"), session=basic("alice"), SECONDS=60, PHASE="RUN")
        wait_for_phase(job, "EXECUTING", session=basic("alice"))
        with ThreadPoolExecutor() as threads:
            waiting = threads.submit(bearer(token).get, f"{job}?WAIT=30")
            while not waiting.running():
                time.sleep(0.01)
            Tokens(site.var / "tokens", Users(site.var / "users")).revoke(token_id)
            basic("alice").post(f"{job}/phase", data={"PHASE": "ABORT"})

            assert waiting.result().status_code == 401


class TestChallenges:
    def expected(self, site):
        access = f'standard_id="ivo://ivoa.net/sso#tls-with-password", access_url="{site.url}/login"'
        return [BASIC, 'Bearer realm="Stars"', f"ivoa_bearer {access}", f"ivoa_cookie {access}"]

    @pytest.mark.spec("A-02", "A-04", "A-07", "C-45", "C-46")
    @pytest.mark.parametrize("method", ["HEAD", "GET"])
    def test_capabilities_tell_nobody_how_to_log_in(self, method, site):
        answer = http.request(method, f"{site.url}/quick/capabilities")

        assert answer.status_code == 200
        assert challenges(answer) == self.expected(site)

    @pytest.mark.spec("A-02", "A-06")
    def test_capabilities_do_not_ask_who_has_said_so(self, site):
        answer = basic("alice").get(f"{site.url}/quick/capabilities")

        assert challenges(answer) == []
        assert answer.headers["X-VO-Authenticated"] == "alice"

    @pytest.mark.spec("U-147", "A-01", "A-04")
    @pytest.mark.parametrize("word", ["authenticate", "dachs_authenticate", "AUTHENTICATE"])
    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_a_list_asks_when_told_to(self, method, word, site):
        answer = http.request(method, site.joblist("quick"), params={word: "yes"})

        assert answer.status_code == 401
        assert challenges(answer) == self.expected(site)
        assert basic("alice").get(site.joblist("quick"), params={word: "yes"}).status_code == 200

    def test_where_nobody_logs_in_there_is_nothing_to_ask(self, server):
        assert http.get(f"{server.joblist('quick')}?authenticate=yes").status_code == 200
        for name in ("login", "logout", "tokens"):
            assert http.get(f"{server.url}/{name}").status_code == 404

    @pytest.mark.spec("A-09", "V-11")
    def test_capabilities_name_the_ways_one_in_each_interface(self, site, uws_schema):
        document = parse(http.get(f"{site.url}/quick/capabilities"))
        uws_schema.assertValid(document)
        (capability,) = document.xpath("capability[starts-with(@standardID, 'ivo://ivoa.net/std/UWS')]")

        interfaces = capability.findall("interface")

        assert [len(each.findall("securityMethod")) for each in interfaces] == [0, 1, 1, 1]
        assert [each.get("standardID") for each in capability.iter("securityMethod")] == [
            f"ivo://ivoa.net/sso#{name}" for name in ("BasicAA", "OAuth", "cookie")
        ]
        assert not document.xpath(
            "capability[starts-with(@standardID, 'ivo://ivoa.net/std/VOSI')]//securityMethod"
        )
