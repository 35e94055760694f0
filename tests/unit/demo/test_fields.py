"""The columns of the catalogues."""

import pytest
from astropy import units
from astropy.io.votable import ucd

from pyramid_uws.demo import fields
from pyramid_uws.tables import Field


@pytest.mark.parametrize(
    "field", [field for field in vars(fields).values() if isinstance(field, Field)], ids=lambda field: field.name
)
def test_the_fields_of_the_catalogues_have_valid_units_and_ucds(field):
    assert ucd.check_ucd(field.ucd, check_controlled_vocabulary=True)
    assert units.Unit(field.unit or "", format="vounit", parse_strict="raise") is not None
    assert field.description
