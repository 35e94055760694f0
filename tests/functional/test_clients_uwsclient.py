"""The aipescience uws-client and the uws-validator: one connection for all, and quick conclusions from strings."""

import http.client
from contextlib import closing
from urllib.parse import urlencode, urlsplit

import pytest
from lxml import etree

from tests.support.http import create, phase

ADDRESS = "http://www.ivoa.net/xml/UWS/"


class Connection:
    """Asks as `uws.UWS.connection.Connection` does."""

    def __init__(self, url, user=None):
        self.url = url.rstrip("/")
        self.base_path = urlsplit(self.url).path
        self.connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=20)
        self.connection.connect()
        self.socket = self.connection.sock
        self.headers = {} if user is None else {"Authorization": user}

    def close(self):
        self.connection.close()

    def get(self, path, params=()):
        query = "?" + urlencode(list(params)) if params else ""
        return self._ask("GET", (f"{self.base_path}/{path}" if path else self.base_path) + query)

    def post(self, path, form):
        # From now on all requests have this header, those without a body as well.
        self.headers["Content-type"] = "application/x-www-form-urlencoded"
        return self._ask("POST", f"{self.base_path}/{path}" if path else self.base_path, urlencode(form))

    def delete(self, path):
        return self._ask("DELETE", f"{self.base_path}/{path}")

    def _ask(self, method, target, body=None):
        self.connection.request(method, target, body, self.headers)
        answer = self.connection.getresponse()
        content = answer.read()
        assert self.connection.sock is self.socket, "the connection was not kept"
        if answer.status == 303:
            path = answer.getheader("location").replace(self.url, "")
            # So it does: all characters of these are taken away, whatever their order.
            return self.get(path.lstrip("https://").lstrip("http://").lstrip("/"))  # noqa: B005 - the client's own way
        return answer.status, content


class Job:
    """Reads a job as `uws.UWS.models.Job` does: by the namespaces of the root element, all parts being there."""

    def __init__(self, content):
        root = etree.fromstring(content)
        (uws,) = (address for address in root.nsmap.values() if ADDRESS in address)

        def find(name):
            return root.find(f"{{{uws}}}{name}").text

        self.job_id = find("jobId")
        self.owner_id = find("ownerId")
        self.phase = find("phase")
        self.start_time = find("startTime")
        self.end_time = find("endTime")
        self.destruction = find("destruction")
        self.execution_duration = int(find("executionDuration"))
        self.parameters = {each.get("id"): each.text for each in root.find(f"{{{uws}}}parameters")}
        xlink = root.nsmap["xlink"]
        self.results = {each.get("id"): each.get(f"{{{xlink}}}href") for each in root.find(f"{{{uws}}}results")}


def read_list(content):
    root = etree.fromstring(content)
    (uws,) = (address for address in root.nsmap.values() if ADDRESS in address)
    return [
        (each.get("id"), each.findtext(f"{{{uws}}}phase"), each.get(f"{{{root.nsmap['xlink']}}}href"))
        for each in root.findall(f"{{{uws}}}jobref")
    ]


@pytest.fixture
def client(server):
    with closing(Connection(server.joblist("echo"))) as client:
        yield client


class TestClient:
    @pytest.mark.spec("C-02", "C-10", "C-11", "C-12", "C-38")
    def test_a_job_lives_and_dies_over_one_connection(self, client, server):
        status, content = client.post("", {"TEXT": "a b", "COUNT": 3})
        job = Job(content)
        assert (status, job.phase, job.parameters) == (200, "PENDING", {"TEXT": "a b", "COUNT": "3"})

        status, content = client.get(f"{job.job_id}/phase")
        assert (status, content) == (200, b"PENDING")

        status, content = client.post(f"{job.job_id}/phase", {"PHASE": "RUN"})
        assert Job(content).phase in {"QUEUED", "EXECUTING", "COMPLETED"}

        status, content = client.get(f"{job.job_id}?WAIT=20&PHASE=QUEUED")
        status, content = client.get(f"{job.job_id}?WAIT=20&PHASE=EXECUTING")
        done = Job(content)
        assert done.phase == "COMPLETED"
        assert done.results == {"result": f"{server.joblist('echo')}/{job.job_id}/results/result"}

        status, content = client.delete(job.job_id)
        assert status == 200
        assert job.job_id not in {found[0] for found in read_list(content)}
        assert client.get(job.job_id)[0] == 404

    @pytest.mark.spec("C-33", "U-139")
    def test_a_job_is_aborted_at_its_own_url(self, client):
        job = Job(client.post("", {})[1])

        _, content = client.post(job.job_id, {"PHASE": "ABORT"})

        assert Job(content).phase == "ABORTED"

    @pytest.mark.spec("C-33", "D-06", "U-139")
    def test_parameters_are_not_taken_at_the_url_of_the_job(self, client):
        job = Job(client.post("", {"TEXT": "before"})[1])

        status, _ = client.post(job.job_id, {"TEXT": "after"})

        assert status == 400
        assert Job(client.get(job.job_id)[1]).parameters == {"TEXT": "before"}

    @pytest.mark.spec("C-10", "C-22", "C-36")
    def test_a_list_is_filtered(self, client, server):
        old, new = Job(client.post("", {})[1]), Job(client.post("", {})[1])
        created = "2000-01-01T00:00:00"

        _, content = client.get("", [("PHASE", "PENDING"), ("PHASE", "ERROR"), ("AFTER", created), ("LAST", 2)])

        assert read_list(content) == [
            (job.job_id, "PENDING", f"{server.joblist('echo')}/{job.job_id}") for job in (new, old)
        ]

    @pytest.mark.spec("C-11")
    @pytest.mark.parametrize("phase", ["PENDING", "ERROR", "ARCHIVED", "SUSPENDED"])
    def test_a_job_is_read_in_any_phase(self, phase, in_every_phase):
        url, _, job_id = in_every_phase[phase].rpartition("/")
        with closing(Connection(url)) as client:
            assert Job(client.get(job_id)[1]).phase == phase

    @pytest.mark.spec("C-34", "C-35", "U-148")
    def test_an_empty_user_and_a_slash_do_no_harm(self, server):
        with closing(Connection(server.joblist("quick") + "/", user="Basic Og==")) as client:
            status, content = client.post("", {"PHASE": "RUN"})

        assert (status, Job(content).owner_id) == (200, None)


class TestValidator:
    """What the uws-validator does beside the standard's own words."""

    @pytest.mark.spec("U-26", "C-08")
    def test_it_tidies_up_by_query(self, server):
        job = create(server.joblist("sleeper"), SECONDS=30, PHASE="RUN")
        job_id = job.rpartition("/")[2]

        with closing(Connection(server.joblist("sleeper"))) as client:
            aborted = client.post(f"{job_id}/phase?PHASE=ABORT", {})
            assert (aborted[0], Job(aborted[1]).phase) == (200, "ABORTED")
            assert phase(job) == "ABORTED"
            assert client.delete(job_id)[0] == 200
            assert client.get(job_id)[0] == 404
