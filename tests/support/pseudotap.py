"""A service that passes for TAP in the eyes of its clients, so that they can be tried on what they do with jobs.

[uws:service:tap]
core = tests.support.pseudotap:core
parameters = tests.support.pseudotap:PARAMETERS
uploads = any
"""

import time

from pyramid_uws.exceptions import CoreError
from pyramid_uws.parameters import Parameter

SERVICE = {
    "core": "tests.support.pseudotap:core",
    "parameters": "tests.support.pseudotap:PARAMETERS",
    "uploads": "any",
}
PARAMETERS = (
    Parameter(name="QUERY", required=True, description="SELECT …, SLEEP seconds, FAIL message, or TWICE"),
    Parameter(name="LANG", default="ADQL"),
    Parameter(name="REQUEST", default="doQuery"),
    Parameter(name="FORMAT", default="votable"),
)

VOTABLE = """<?xml version="1.0" encoding="UTF-8"?>
<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">
<RESOURCE type="results">
<INFO name="QUERY_STATUS" value="OK"/>
<TABLE name="results">
<FIELD name="n" datatype="int"/>
<FIELD name="upload_bytes" datatype="int"/>
<DATA><TABLEDATA><TR><TD>1</TD><TD>{size}</TD></TR></TABLEDATA></DATA>
</TABLE>
</RESOURCE>
</VOTABLE>
"""


def core(job):
    """Answer any query with one row, which tells how many bytes came along; TWICE tries to do so two times."""
    verb, _, rest = job.parameters["QUERY"].partition(" ")
    if verb == "FAIL":
        raise CoreError(rest)
    if verb == "SLEEP":
        time.sleep(float(rest))
    size = sum(path.stat().st_size for path in job.uploads.values())
    for _ in range(2 if verb == "TWICE" else 1):
        job.add_result("result", "application/x-votable+xml", VOTABLE.format(size=size))
