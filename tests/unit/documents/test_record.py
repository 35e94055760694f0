"""Registry records: valid by the schemas, with what the ini file says."""

import pytest
from lxml import etree
from pyramid.authorization import Authenticated

from pyramid_uws.admin.record import Configured, record_of
from pyramid_uws.auth.keys import read_auth_settings
from pyramid_uws.auth.stacked import make_policy
from pyramid_uws.definition import ServiceDefinition
from pyramid_uws.exceptions import NoSuchThing, UWSError
from pyramid_uws.parameters import Example, Parameter
from pyramid_uws.parameters.types import TYPES
from pyramid_uws.settings import read_settings
from pyramid_uws.tree import AsyncRenderer, Renderer
from pyramid_uws.uws.registration import Registration
from pyramid_uws.uws.rights import Rights
from tests.support import schemas

SETTINGS = {
    "uws.url": "https://vo.example.org/uws/",
    "uws.registry.authority": "org.example.vo",
    "uws.registry.publisher": "Me & Co",
    "uws.registry.contact_name": "Me",
}
PARAMETERS = (
    *(Parameter(name=f"P_{name}", type=name, description="x < y", ucd="meta.id", unit="deg") for name in TYPES),
    Parameter(name="MANY", multiple=True, required=True),
    Parameter(name="SET", type="int", condition=True),
)
REQUIRED = Registration(subjects=("stars",), created="2026-01-31")
FULL = Registration(
    identifier="ivo://org.example.vo/other/name",
    short_name="probing",
    subjects=("stars", "galaxies"),
    creators=("A. Stronomer", "B. <Other>"),
    created="2026-01-31",
    updated="2026-02-01 12:00",
    reference_url="https://vo.example.org/about",
    content_types=("Catalog",),
    content_levels=("Research", "Amateur"),
    licence="Free for all",
    licence_uri="https://spdx.org/licenses/CC0-1.0.html",
)


class Plain(Renderer):
    access = "full"


def record(settings=SETTINGS, policy=None, **facts):
    own = {"title": "Probe", "description": "What it does", "registration": REQUIRED, "parameters": PARAMETERS}
    definition = ServiceDefinition(name="probe", core="a:b", **(own | facts))
    renderers = {"async": AsyncRenderer, "plain": Plain, "hidden": Renderer}
    configured = Configured({"probe": definition}, renderers, policy)
    return etree.fromstring(record_of(read_settings(settings), configured, "probe").encode())


@pytest.fixture(scope="module")
def record_schema():
    """The schemas of the standards, and the element around a record."""
    if not schemas.FOLDER.is_dir():
        pytest.skip(f"the schemas of the standards are not here ({schemas.FOLDER})")
    return schemas.load_schema(more=schemas.RECORDS)


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"registration": FULL, "renderers": ("async", "plain", "hidden"), "parameters": ()},
        {"examples": (Example(name="a", parameters={}),)},
    ],
)
def test_a_record_is_valid(record_schema, facts):
    record_schema.assertValid(record(**facts))


def test_it_says_what_was_said():
    found = record({**SETTINGS, "uws.registry.contact_email": "me@example.org"}, registration=FULL)

    assert found.findtext("identifier") == "ivo://org.example.vo/other/name"
    assert (found.get("created"), found.get("updated")) == ("2026-01-31T00:00:00Z", "2026-02-01T12:00:00Z")
    assert found.xpath("curation/creator/name/text()") == ["A. Stronomer", "B. <Other>"]
    assert found.xpath("curation/publisher/text()") == ["Me & Co"]
    assert found.xpath("curation/contact/*/text()") == ["Me", "me@example.org"]
    assert found.xpath("content/subject/text()") == ["stars", "galaxies"]
    assert found.findtext("content/referenceURL") == "https://vo.example.org/about"
    assert found.find("rights").get("rightsURI") == "https://spdx.org/licenses/CC0-1.0.html"


def test_what_was_not_said_is_made_of_what_was():
    found = record()

    assert found.findtext("identifier") == "ivo://org.example.vo/probe"
    assert found.get("updated") == found.get("created")
    assert found.findtext("content/referenceURL") == "https://vo.example.org/uws/probe"


@pytest.mark.spec("V-04", "V-11")
def test_capabilities_are_those_of_the_service_at_its_public_address():
    found = record(renderers=("async", "plain", "hidden"))

    urls = found.xpath("capability/interface/accessURL/text()")
    assert urls == [
        f"https://vo.example.org/uws/probe/{end}" for end in ("capabilities", "availability", "async", "plain")
    ]
    assert [each.get("standardID") is None for each in found.findall("capability")] == [False, False, False, True]
    assert all(len(interface.findall("securityMethod")) <= 1 for interface in found.iter("interface"))
    assert found.xpath("capability[3]/interface/param/name/text()") == [each.name for each in PARAMETERS]


@pytest.mark.parametrize("key", SETTINGS)
def test_a_key_of_the_site_that_is_missing_is_named(key):
    with pytest.raises(UWSError, match=rf"The record of probe lacks what registries require: {key}\.$"):
        record({name: value for name, value in SETTINGS.items() if name != key})


@pytest.mark.parametrize(
    ("key", "facts"),
    [
        ("title", {"title": ""}),
        ("description", {"description": " "}),
        ("subjects", {"registration": Registration(created="2026-01-31")}),
        ("created", {"registration": Registration(subjects=("stars",))}),
    ],
)
def test_a_key_of_the_service_that_is_missing_is_named(key, facts):
    with pytest.raises(UWSError, match=rf"require: {key} of \[uws:service:probe\]\.$"):
        record(**facts)


def test_with_an_identifier_no_authority_is_needed():
    record({**SETTINGS, "uws.registry.authority": ""}, registration=FULL)


def test_a_service_that_there_is_not_is_named_beside_those_there_are():
    with pytest.raises(NoSuchThing, match=r"no service 'prob'; there are none\."):
        record_of(read_settings({}), Configured({}, {}), "prob")


@pytest.mark.parametrize(
    "facts",
    [
        {"identifier": "org.example/x"},
        {"identifier": "ivo://org.example.vo"},
        {"short_name": "more than sixteen"},
        {"created": "yesterday"},
        {"updated": "2026-13-01"},
        {"reference_url": "ftp://vo.example.org"},
    ],
)
def test_what_no_registry_takes_is_refused(facts):
    (name,) = facts
    with pytest.raises(ValueError, match=f"^{name} = "):
        Registration(**facts)


@pytest.mark.spec("A-09", "V-11")
@pytest.mark.parametrize(
    ("rights", "ways"),
    [
        (Rights(), [None, "ivo://ivoa.net/sso#BasicAA", "ivo://ivoa.net/sso#cookie"]),
        (Rights(may_see=(Authenticated,)), ["ivo://ivoa.net/sso#BasicAA", "ivo://ivoa.net/sso#cookie"]),
    ],
    ids=["open", "for users"],
)
def test_it_says_how_one_logs_in(record_schema, tmp_path, rights, ways):
    policy = make_policy(read_auth_settings({"uws.auth": "basic cookie", "uws.var": str(tmp_path)}))
    root = record(policy=policy, rights=rights)
    told = {
        capability.get("standardID"): [
            next(iter(interface.xpath("securityMethod/@standardID")), None)
            for interface in capability.xpath("interface")
        ]
        for capability in root.xpath("capability[@standardID]")
    }

    record_schema.assertValid(root)
    assert told["ivo://ivoa.net/std/VOSI#availability"] == [None]
    assert [found for name, found in told.items() if "UWS" in name] == [ways]
