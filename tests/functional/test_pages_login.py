"""Logging in and out by pages, where one goes on then, and tokens of one's own."""

import re

import pytest
from lxml import html

from tests.support.accounts import password_of, write_users
from tests.support.http import Session
from tests.support.server import Server

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    server = Server(
        tmp_path_factory.mktemp("login"),
        settings={"uws.auth": "basic token cookie", "uws.auth.admins": "group:ops", "uws.list_anonymous": "false"},
        services=["quick", "echo"],
        sections={"uws:service:quick": {"may_see": "users"}, "uws:service:echo": {"may_create": "bob"}},
    )
    write_users(server.var)
    with server:
        yield server


class Browser:
    """As much of a browser as it takes: says what it prefers, keeps the cookie, says where a form comes from."""

    def __init__(self, site):
        self.url = site.url
        self.session = Session()
        self.session.headers["Accept"] = BROWSER

    def get(self, path):
        return self.session.get(self.url + path)

    def post(self, path, **form):
        answer = self.session.post(self.url + path, data=form, headers={"Origin": self.url})
        given = re.match("uws_ticket=([^;]*)", answer.headers.get("Set-Cookie", ""))
        if given:
            self.session.headers["Cookie"] = f"uws_ticket={given[1]}"
        return answer

    def log_in(self, name="alice", **form):
        return self.post("/login", username=name, password=password_of(name), **form)


@pytest.fixture
def browser(site):
    return Browser(site)


def tree_of(answer):
    assert answer.headers["Content-Type"] == "text/html; charset=UTF-8"
    return html.document_fromstring(answer.text)


class TestLogin:
    def test_who_has_to_log_in_is_shown_how_and_comes_back(self, browser):
        refused = browser.get("/quick?x=%26")

        (form,) = tree_of(refused).forms
        answer = browser.post(
            form.action, **dict(form.form_values()) | {"username": "alice", "password": password_of("alice")}
        )
        assert refused.status_code == 401
        assert (answer.status_code, answer.headers["Location"]) == (303, f"{browser.url}/quick?x=%26")
        assert browser.get("/quick?x=%26").status_code == 200

    @pytest.mark.spec("U-147")
    def test_the_page_asks_in_place_of_a_dialog(self, browser):
        challenges = browser.get("/quick").headers["WWW-Authenticate"]

        assert "ivoa_cookie" in challenges
        assert "Basic" not in challenges

    @pytest.mark.spec("U-147")
    def test_programs_are_challenged_as_ever(self, site):
        assert "Basic" in Session().get(f"{site.url}/quick").headers["WWW-Authenticate"]

    def test_who_is_wrong_may_try_again_and_still_comes_back(self, browser):
        answer = browser.post("/login", username="alice", password="wrong", next="/quick")

        tree = tree_of(answer)
        assert answer.status_code == 401
        assert tree.xpath("//*[@role='alert']")
        assert dict(tree.forms[0].form_values())["next"] == "/quick"
        assert "Basic" not in answer.headers["WWW-Authenticate"]

    @pytest.mark.parametrize(
        "place",
        [
            "",
            "//evil.example/",
            "https://evil.example/",
            "/\\evil.example",
            "\\/evil.example",
            "/a\r\nSet-Cookie: x=y",
            "/\t/evil.example",
            "javascript:alert(1)",
            "/login?next=/",
            "évil",
        ],
    )
    def test_nobody_is_led_elsewhere(self, place, browser):
        answer = browser.log_in(next=place)

        assert (answer.status_code, answer.headers["Location"]) == (303, f"{browser.url}/")
        assert browser.get(f"/login?next={place}").status_code == 200

    def test_programs_are_answered_as_ever(self, site):
        answer = Session().post(f"{site.url}/login", data={"username": "bob", "password": password_of("bob")})

        assert (answer.status_code, answer.text) == (200, "You are logged in as bob.\n")
        assert answer.headers["X-VO-Bearer"]

    def test_a_page_says_who_one_is_and_lets_one_out(self, browser):
        browser.log_in()
        (form,) = tree_of(browser.get("/")).forms

        answer = browser.post(form.action)

        assert (answer.status_code, answer.headers["Location"]) == (303, f"{browser.url}/")
        assert "Max-Age=0" in answer.headers["Set-Cookie"]
        assert tree_of(browser.get("/")).xpath("//nav//a[starts-with(@href, '/login?next=')]")

    def test_a_cookie_that_is_worth_nothing_is_forgotten_with_the_form(self, browser):
        browser.session.headers["Cookie"] = "uws_ticket=nonsense"

        answer = browser.get("/")

        assert (answer.status_code, len(tree_of(answer).forms)) == (401, 1)
        assert "uws_ticket=;" in answer.headers["Set-Cookie"]

    def test_who_may_look_only_is_not_offered_what_is_refused(self, browser):
        browser.log_in("alice")

        tree = tree_of(browser.get("/echo"))

        assert "but not use it" in tree.text_content()
        assert not tree.xpath("//a[contains(@href, '/echo/form')]")


class TestAccount:
    @pytest.mark.parametrize(("name", "is_shown"), [("root", True), ("alice", False)])
    def test_who_looks_after_the_site_finds_the_way_to_its_page(self, name, is_shown, browser):
        browser.log_in(name)

        assert bool(tree_of(browser.get("/")).xpath("//nav/a[@href='/operator']")) == is_shown

    def test_one_sees_who_one_is(self, browser):
        browser.log_in("carol")

        said = " ".join(tree_of(browser.get("/whoami")).text_content().split())
        assert "Namecarol" in said
        assert "Groupsreaders" in said
        assert "storage0 Bno limit" in said

    def test_nobody_is_nobody(self, browser):
        assert "you have not logged in" in tree_of(browser.get("/whoami")).text_content()

    def test_a_token_is_shown_once_and_works_until_it_is_revoked(self, browser, site):
        browser.log_in("bob")

        made = browser.post("/tokens", NOTE="laptop <1>", DAYS="3")
        token = tree_of(made).xpath("string(//pre)")
        program = Session()
        program.headers["Authorization"] = f"Bearer {token}"
        again = browser.get("/tokens")

        assert made.headers["Cache-Control"] == "no-store"
        assert program.get(f"{site.url}/whoami").text == "bob"
        assert token not in again.text
        assert "laptop <1>" in tree_of(again).text_content()

        (button,) = [each for each in tree_of(again).iter("button") if each.get("value") == token.split("_")[1]]
        answer = browser.post("/tokens", **{button.get("name"): button.get("value")})
        assert (answer.status_code, answer.headers["Location"]) == (303, f"{site.url}/tokens")
        assert program.get(f"{site.url}/whoami").status_code == 401

    def test_a_form_that_is_sent_again_makes_no_other_token(self, browser):
        browser.log_in("bob")
        once = tree_of(browser.get("/tokens")).xpath("string(//input[@name='ONCE']/@value)")
        fields = {"ONCE": once, "NOTE": "reloaded", "DAYS": "3"}

        made, again = browser.post("/tokens", **fields), browser.post("/tokens", **fields)

        assert tree_of(made).xpath("string(//pre)").startswith(f"uws_{once}_")
        assert again.status_code == 200
        assert not tree_of(again).xpath("//pre")
        assert f"The token {once} was made before" in tree_of(again).text_content()
        assert tree_of(again).text_content().count("reloaded") == 1
        assert tree_of(again).xpath("string(//input[@name='ONCE']/@value)") != once

    def test_what_makes_no_sense_is_told_on_a_page(self, browser):
        browser.log_in("bob")

        answer = browser.post("/tokens", DAYS="1e3")

        assert answer.status_code == 400
        assert "DAYS" in tree_of(answer).text_content()

    def test_who_has_not_logged_in_is_asked_to(self, browser):
        answer = browser.get("/tokens")

        assert (answer.status_code, len(tree_of(answer).forms)) == (401, 1)

    @pytest.mark.parametrize("path", ["/whoami", "/tokens"])
    def test_programs_are_answered_as_ever(self, path, site):
        session = Session()
        session.auth = ("bob", password_of("bob"))

        answer = session.get(site.url + path)

        assert not answer.headers["Content-Type"].startswith("text/html")
        assert answer.headers["Vary"] == "Accept"
