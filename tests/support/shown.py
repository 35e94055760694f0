"""A core whose results are of every kind that has a preview, and some that only pretend."""

import importlib
import io

from pyramid_uws.parameters import Parameter
from pyramid_uws.tables import Field, Table

PARAMETERS = (Parameter(name="NOTE", default="none", description="What is passed on to whoever looks"),)

SERVICE = {
    "core": "tests.support.shown:core",
    "parameters": "tests.support.shown:PARAMETERS",
    "preload": "tests.support.shown:preload",
}

FIELDS = (
    Field(name="ra", unit="deg", ucd="pos.eq.ra;meta.main", description="Right ascension"),
    Field(name="dec", unit="deg", ucd="pos.eq.dec;meta.main"),
    Field(name="mag", unit="mag", ucd="phot.mag"),
)


def preload():
    """Import what the server, which reads the parameters from here, is not to have."""
    return map(importlib.import_module, ("numpy", "pyarrow", "astropy.io.fits"))


def core(job):
    """Make them all."""
    np, pa, fits = preload()
    note = job.parameters["NOTE"]
    rng = np.random.default_rng(1)
    for name, wide in (("field", 1.0), ("sky", 180.0)):
        ra, dec = (56.75 + wide * rng.uniform(-1, 1, 200)) % 360, 24.1 + rng.uniform(-1, 1, 200) * min(wide, 60)
        rows = pa.table({"ra": ra, "dec": dec, "mag": rng.normal(9, 1, 200), "note": [note] * 200})
        job.add_table(name, Table(rows=rows, fields=FIELDS))
    image = io.BytesIO()
    fits.PrimaryHDU(rng.normal(100, 5, (60, 90)).astype(np.float32)).writeto(image)
    job.add_result("image", "application/fits", image.getvalue())
    job.add_result("numbers", "text/csv", "a,b\n" + "".join(f"{n},{n * n}\n" for n in range(50)))
    job.add_result("page", "text/html", f"<script>alert('{note}')</script>")
    job.add_result(
        "drawing", "image/svg+xml", "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    )
    job.add_result("lie", "application/fits", "SIMPLE  = and that is all")
    job.add_result("noise", "application/octet-stream", bytes(range(256)))
