"""Services that take uploads, to see what becomes of these."""

import hashlib
import json

from pyramid_uws.parameters import Parameter, Upload

_HERE = "tests.support.upload_cores"
SECTIONS = {
    "uws:service:any": {"core": f"{_HERE}:carrier", "parameters": f"{_HERE}:PARAMETERS_ANY", "uploads": "any"},
    "uws:service:some": {
        "core": f"{_HERE}:carrier",
        "parameters": f"{_HERE}:PARAMETERS_SOME",
        "uploads": f"{_HERE}:UPLOADS_SOME",
        "max_upload": "1000",
    },
    "uws:service:shelved": {"core": f"{_HERE}:carrier", "uploads": "any", "on_destruction": "archive"},
    "uws:service:few": {"core": f"{_HERE}:carrier", "uploads": "any", "max_uploads": "2"},
    "uws:service:none": {"core": f"{_HERE}:carrier", "parameters": f"{_HERE}:PARAMETERS_ANY"},
}

PARAMETERS_ANY = (Parameter(name="QUERY", default="?"), Parameter(name="COUNT", type="int"))
PARAMETERS_SOME = (Parameter(name="LEFT", required=True, options=("a", "b")), Parameter(name="TEXT"))
UPLOADS_SOME = (
    Upload(name="Left", media_types=("text/csv", "application/fits"), description="In place of LEFT"),
    Upload(name="right", required=True, description="What there is no other way to send"),
)


def carrier(job):
    """Tell of each upload how large it is and its checksum, and give the parameters back."""
    uploads = {name: checked(path) for name, path in job.uploads.items()}
    told = {"uploads": uploads, "parameters": dict(job.parameters)}
    job.add_result("result", "application/json", json.dumps(told))


def checked(path):
    """Return size and SHA-256 of a file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return [path.stat().st_size, digest]
