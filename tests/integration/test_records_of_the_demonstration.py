"""The demonstration site shows what a complete registry record is."""

import pytest
from lxml import etree

from pyramid_uws.cli import main
from tests.support import schemas
from tests.support.papers import PROJECT


@pytest.mark.parametrize("service", ["crossmatch", "countdown", "observations"])
def test_each_service_has_a_record_that_is_valid(tmp_path, capsys, service):
    if not schemas.FOLDER.is_dir():
        pytest.skip(f"the schemas of the standards are not here ({schemas.FOLDER})")

    status = main([str(PROJECT / "development.ini"), f"var={tmp_path / 'var'}", "record", service])

    told = capsys.readouterr()
    assert (status, told.err) == (0, "")
    record = etree.fromstring(told.out.encode())
    schemas.load_schema(more=schemas.RECORDS).assertValid(record)
    assert record.findtext("identifier") == f"ivo://org.example.vo/{service}"
