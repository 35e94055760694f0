"""The table of all observations: columns in the words of ObsCore, and the service of their links."""

import pytest
from lxml import etree

from pyramid_uws.documents.observations import COLUMNS, observations_document

VOT = {"vot": "http://www.ivoa.net/xml/VOTable/v1.3"}
LINKS = "http://example.org/observations/links"


def written(count=1, **facts):
    rows = [["x<&>" if each.datatype == "char" else 7 for each in COLUMNS]] * count
    return etree.fromstring(observations_document(rows, LINKS, **facts).encode())


def found(root, path):
    return root.xpath(path, namespaces=VOT)


def test_all_columns_have_a_ucd_and_a_utype_of_obscore():
    fields = found(written(), "//vot:FIELD")

    assert len(fields) == len(COLUMNS) == len({field.get("utype") for field in fields})
    assert all(field.get("utype").startswith("obscore:") and field.get("ucd") for field in fields)
    units = {field.get("name"): field.get("unit") for field in fields if field.get("unit")}
    assert (units["s_ra"], units["em_min"], units["t_min"], units["access_estsize"]) == ("deg", "m", "d", "kbyte")


@pytest.mark.spec("L-21", "L-26")
def test_the_service_of_links_takes_its_id_from_a_column():
    root = written()

    (service,) = found(root, "//vot:RESOURCE[@utype='adhoc:service']")
    (param,) = found(service, "vot:GROUP[@name='inputParams']/vot:PARAM")
    (field,) = found(root, f"//*[@ID='{param.get('ref')}']")
    assert (param.get("name"), param.get("value")) == ("ID", "")
    assert field.get("name") == "obs_publisher_did"
    assert found(service, "vot:PARAM[@name='accessURL']/@value") == [LINKS]
    assert found(service, "vot:PARAM[@name='standardID']/@value") == ["ivo://ivoa.net/std/DataLink#links-1.1"]


def test_an_overflow_is_told_with_its_reason():
    root = written(0, overflow="There are more.")

    (info,) = found(root, "//vot:INFO[@name='QUERY_STATUS']")
    assert (info.get("value"), info.text) == ("OVERFLOW", "There are more.")
    assert found(root, "//vot:TR") == []
