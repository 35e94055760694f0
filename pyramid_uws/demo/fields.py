"""The columns that the catalogues show beside positions: units, UCDs and descriptions."""

from pyramid_uws.tables import Field

HIP = Field(name="hip", ucd="meta.id", description="Hipparcos number")
PARALLAX = Field(
    name="parallax",
    decimals=2,
    unit="mas",
    ucd="pos.parallax",
    description="Parallax as measured; may be negative",
)
PMRA = Field(
    name="pmra",
    decimals=2,
    unit="mas/yr",
    ucd="pos.pm;pos.eq.ra",
    description="Proper motion in right ascension, times cos(dec)",
)
PMDEC = Field(
    name="pmdec",
    decimals=2,
    unit="mas/yr",
    ucd="pos.pm;pos.eq.dec",
    description="Proper motion in declination",
)
HPMAG = Field(
    name="hpmag",
    decimals=4,
    unit="mag",
    ucd="phot.mag;em.opt",
    description="Magnitude in the Hipparcos band",
)
B_V = Field(
    name="b_v",
    decimals=3,
    unit="mag",
    ucd="phot.color;em.opt.B;em.opt.V",
    description="Colour B-V",
)
V_I = Field(
    name="v_i",
    decimals=3,
    unit="mag",
    ucd="phot.color;em.opt.V;em.opt.I",
    description="Colour V-I",
)

SOURCE_ID = Field(
    name="source_id",
    ucd="meta.id",
    description="Gaia DR3 source identifier; a negative one is a Hipparcos number with a minus, "
    "for a star too bright for Gaia",
)
G_MAG = Field(
    name="phot_g_mean_mag",
    decimals=4,
    unit="mag",
    ucd="phot.mag;em.opt",
    description="Mean magnitude in the G band",
)

NAME = Field(name="name", ascii=True, ucd="meta.id", description="NGC or IC and a number")
TYPE = Field(
    name="type",
    ascii=True,
    ucd="src.class",
    description="Kind of object in OpenNGC's code: G galaxy, OCl open cluster, GCl globular cluster, "
    "PN planetary nebula, * star, ** double star, Dup another name for an object, ...",
)
MESSIER = Field(name="messier", ascii=True, ucd="meta.id", description="Messier number")
B_MAG = Field(
    name="bmag",
    decimals=2,
    unit="mag",
    ucd="phot.mag;em.opt.B",
    description="Magnitude in B",
)
V_MAG = Field(
    name="vmag",
    decimals=2,
    unit="mag",
    ucd="phot.mag;em.opt.V",
    description="Magnitude in V",
)
MAJAX = Field(
    name="majax",
    decimals=2,
    unit="arcmin",
    ucd="phys.angSize.smajAxis",
    description="Major axis",
)
