"""nginx as docs/deploy.md has it: the very files of docs/examples/deploy, with ports and folders of a test."""

import datetime as dt
import ipaddress
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from .http import wait_for
from .server import HOST, PROJECT, free_port

EXAMPLES = PROJECT / "docs/examples/deploy"
NGINX = shutil.which("nginx", path="/usr/local/sbin:/usr/sbin:/usr/local/bin:/usr/bin")
STOP_SECONDS = 20

#: The name under which clients know the site: none that the server could have made up itself.
NAME = "localhost"

MAIN = """
{user}
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
worker_processes 1;
events {{ worker_connections 512; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    scgi_temp_path {folder}/scgi;
    uwsgi_temp_path {folder}/uwsgi;
    include {folder}/site.conf;
}}
"""


class Nginx:
    """An nginx in front of a server; ``changes`` are texts of nginx.conf and what takes their place."""

    def __init__(self, folder: Path, changes: Mapping[str, str]):
        self.folder = folder
        self.https_port, self.http_port = free_port(), free_port()
        self.url = f"https://{NAME}:{self.https_port}"
        self.certificate = folder / "fullchain.pem"
        self._write(changes)
        self._process = None

    def __enter__(self):
        checked = subprocess.run([*self._command(), "-t"], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stderr
        assert "[warn]" not in checked.stderr
        self._process = subprocess.Popen(self._command(), stdin=subprocess.DEVNULL)
        wait_for(self._answers, what="nginx")
        return self

    def __exit__(self, *_: object):
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(STOP_SECONDS)

    def _command(self):
        return [NGINX, "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")]

    def _answers(self):
        assert self._process.poll() is None, (self.folder / "error.log").read_text()
        with socket.socket() as probe:
            return probe.connect_ex((HOST, self.https_port)) == 0

    def _write(self, changes):
        snippets = self.folder / "snippets"
        snippets.mkdir(parents=True)
        for source in EXAMPLES.glob("*.conf"):
            (snippets / source.name).write_text(self._moved(source.read_text(), changes))
        (snippets / "nginx.conf").rename(self.folder / "site.conf")
        # Its workers are to reach what only the user of the tests can.
        user = "user root;" if os.geteuid() == 0 else ""
        (self.folder / "nginx.conf").write_text(MAIN.format(folder=self.folder, user=user))
        write_certificate(self.certificate, self.folder / "privkey.pem")

    def _moved(self, text, changes):
        """Return a file of the example for this folder, these ports, and IPv4 only."""
        lines = [line for line in text.splitlines(keepends=True) if "listen [::]" not in line]
        text = "".join(lines)
        ours = {
            "listen 443": f"listen {HOST}:{self.https_port}",
            "listen 80": f"listen {HOST}:{self.http_port}",
            "/etc/ssl/uws": str(self.folder),
            "/var/log/nginx": str(self.folder),
            "data.example.org": NAME,
            "snippets/": f"{self.folder}/snippets/",
        }
        for old, new in {**changes, **ours}.items():
            text = text.replace(old, new)
        return text


def write_certificate(certificate: Path, key_file: Path) -> None:
    """Write a certificate that has signed itself, as docs/deploy.md makes one."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    now = dt.datetime.now(dt.UTC)
    names = [x509.DNSName(NAME), x509.IPAddress(ipaddress.ip_address(HOST))]
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.touch(mode=0o600)
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
