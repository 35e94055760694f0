"""Bodies that are large, that are in pieces, that do not come to an end, and for which there is no room."""

import itertools
import socket
from pathlib import Path

import pytest

from tests.support import wire
from tests.support.disks import small_disk
from tests.support.http import Session, create, http, run, wait_for, wait_for_phase
from tests.support.server import Server
from tests.support.upload_cores import SECTIONS

MB = 1024**2
BOUNDARY = "frontier"
HEAD = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="UPLOAD"\r\n\r\nmine,param:p\r\n'
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="p"; filename="x"\r\n\r\n'
).encode()
TAIL = f"\r\n--{BOUNDARY}--\r\n".encode()
TYPE = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


class Body:
    """A form with a file of so many MB, which are never in memory."""

    def __init__(self, megabytes):
        self.pieces = itertools.chain([HEAD], itertools.repeat(bytes(MB), megabytes), [TAIL])
        self.length = len(HEAD) + megabytes * MB + len(TAIL)

    def __iter__(self):
        return self.pieces


class Sized(Body):
    """One whose length is told."""

    def __len__(self):
        return self.length


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server of its own, whose memory is looked at."""
    folder = tmp_path_factory.mktemp("large")
    settings = {"uws.max_body": str(201 * MB)}
    bodies = {"body_folder": str(folder / "bodies")}
    with Server(folder, settings=settings, server_settings=bodies, services=[], sections=SECTIONS) as server:
        yield server


@pytest.fixture
def stored(server):
    def stored():
        return {path for path in (server.var / "results").rglob("*") if path.is_file()}

    return stored


def most_memory(server):
    """Return the most memory that the web process has had, in bytes."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024


def open_bodies(server):
    """Return how many files that have no name any more the web process has open."""
    links = []
    for descriptor in Path(f"/proc/{server.process.pid}/fd").iterdir():
        try:
            links.append(str(descriptor.readlink()))
        except FileNotFoundError:
            continue
    return sum(link.endswith("(deleted)") and str(server.folder) in link for link in links)


@pytest.mark.spec("C-30", "D-37")
@pytest.mark.parametrize("kind", [Sized, Body], ids=["of a length", "in chunks"])
def test_two_hundred_megabytes_go_to_disk_and_not_to_memory(server, kind):
    answer = http.post(server.joblist("any"), data=kind(200), headers=TYPE)

    assert answer.status_code == 303
    job = answer.headers["Location"]
    size = http.head(f"{job}/parameters/UPLOAD/mine").headers["Content-Length"]
    http.delete(job)
    assert int(size) == 200 * MB
    assert most_memory(server) < 150 * MB
    assert open_bodies(server) == 0


def test_the_file_is_put_as_it_comes(server):
    job = create(server.joblist("any"), UPLOAD="mine,param:p", files={"p": b"x"})

    answer = http.put(f"{job}/parameters/UPLOAD/mine", data=itertools.repeat(bytes(MB), 50))

    size = http.head(f"{job}/parameters/UPLOAD/mine").headers["Content-Length"]
    http.delete(job)
    assert (answer.status_code, int(size)) == (303, 50 * MB)
    assert most_memory(server) < 150 * MB


@pytest.mark.spec("D-37", "U-101")
def test_more_than_the_site_takes_is_told_in_a_sentence(server, stored):
    before = stored()

    answer = http.post(server.joblist("any"), data=Body(202), headers=TYPE)

    assert answer.status_code == 413
    assert f"at most {201 * MB}" in answer.text
    assert stored() == before
    assert open_bodies(server) == 0


@pytest.mark.spec("U-101")
def test_of_a_client_that_breaks_off_nothing_is_left(server, stored):
    before, jobs = stored(), http.get(server.joblist("any")).content
    with socket.create_connection((wire.urlsplit(server.url).hostname, server.port)) as connection:
        connection.sendall(
            b"POST /any/async HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n"
            + f"Content-Type: {TYPE['Content-Type']}\r\n\r\n".encode()
            + HEAD
            + bytes(2 * MB)
        )
        wait_for(lambda: open_bodies(server) == 1, what="the body to be kept in a file")

    wait_for(lambda: open_bodies(server) == 0, what="the file to be gone")
    assert (stored(), http.get(server.joblist("any")).content) == (before, jobs)


class TestFullDisks:
    @pytest.mark.spec("U-101")
    @pytest.mark.parametrize("kind", [Sized, Body], ids=["of a length", "in chunks"])
    def test_where_bodies_are_kept(self, tmp_path, kind):
        with (
            small_disk(tmp_path / "disk", 4) as disk,
            Server(
                tmp_path / "server",
                server_settings={"body_folder": str(disk.folder / "bodies")},
                services=[],
                sections=SECTIONS,
            ) as server,
            Session() as session,
        ):
            if kind is Sized:
                answer = session.post(server.joblist("any"), data=kind(20), headers=TYPE)
                assert (answer.status_code, "no room" in answer.text) == (507, True)
            else:
                heard = wire.request(
                    "POST",
                    server.joblist("any"),
                    [*TYPE.items(), ("Transfer-Encoding", "chunked")],
                    b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in kind(20)) + b"0\r\n\r\n",
                )
                assert not heard or wire.status(heard) == 507  # it may be gone before it can be read

            assert open_bodies(server) == 0
            assert "uncaught" not in server.log
            assert create(server.joblist("any"), UPLOAD="mine,param:p", files={"p": b"small"})

    @pytest.mark.spec("U-101")
    def test_where_files_of_jobs_are_kept(self, tmp_path):
        with (
            small_disk(tmp_path / "disk", 4) as disk,
            Server(
                tmp_path / "server",
                settings={"uws.results": str(disk.folder / "results")},
                services=[],
                sections=SECTIONS,
            ) as server,
        ):
            jobs = http.get(server.joblist("any")).content
            answer = http.post(server.joblist("any"), data=Sized(20), headers=TYPE)

            assert (answer.status_code, "no room" in answer.text) == (507, True)
            assert http.get(server.joblist("any")).content == jobs
            assert not [path for path in disk.folder.rglob("*") if path.is_file()]
            job = create(server.joblist("any"), UPLOAD="mine,param:p", files={"p": b"small"})
            run(job)
            wait_for_phase(job, "COMPLETED")


def test_a_folder_for_bodies_that_cannot_be_is_told_at_the_start(tmp_path):
    (tmp_path / "file").touch()
    server = Server(
        tmp_path / "server", server_settings={"body_folder": str(tmp_path / "file" / "x")}, services=["quick"]
    )

    with pytest.raises(AssertionError, match=r"body_folder = .*Not a directory"):
        server.start()
