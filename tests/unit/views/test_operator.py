"""Who sits at the machine of the server, and how a survey is told as JSON."""

import pytest
from pyramid.request import Request

from pyramid_uws.observing.numbers import SlowCommit
from pyramid_uws.views.operator import _is_local, _plain


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.1", "::1"])
@pytest.mark.parametrize("host", ["localhost:6543", "127.0.0.1", "[::1]:6543"])
def test_who_asks_from_the_machine_for_the_machine_is_there(address, host):
    assert _is_local(Request.blank("/operator", environ={"REMOTE_ADDR": address, "HTTP_HOST": host}))


@pytest.mark.parametrize(
    "told",
    [
        {"REMOTE_ADDR": "192.0.2.7"},
        {"REMOTE_ADDR": ""},
        {"HTTP_HOST": "data.example.org"},
        {"HTTP_HOST": "127.0.0.1.example.org"},
        {"HTTP_X_FORWARDED_FOR": "192.0.2.7"},
        {"HTTP_FORWARDED": "for=192.0.2.7"},
        {"HTTP_VIA": "1.1 proxy"},
        {"HTTP_X_REAL_IP": "192.0.2.7"},
    ],
    ids=str,
)
def test_whoever_comes_from_elsewhere_or_by_another_name_is_not(told):
    environ = {"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "localhost"} | told

    assert not _is_local(Request.blank("/operator", environ=environ))


def test_names_and_instants_are_told_as_in_the_json_documents():
    told = _plain(
        "", {"job_id": "j", "owner": "alice", "since": 0, "ends": None, "slow": (SlowCommit(0, 0.5, 2),)}
    )

    assert told == {
        "jobId": "j",
        "ownerId": "alice",
        "since": "1970-01-01T00:00:00.000000Z",
        "ends": None,
        "slow": [{"when": "1970-01-01T00:00:00.000000Z", "seconds": 0.5, "changes": 2}],
    }
