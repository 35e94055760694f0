"""The schemas of the standards, as one lxml schema that never asks the network."""

from collections.abc import Mapping
from pathlib import Path

from lxml import etree

#: Beside the project, not in it.
FOLDER = Path(__file__).resolve().parents[3] / "shared/spec/schemas"

XS = "http://www.w3.org/2001/XMLSchema"
IVOA = "http://www.ivoa.net/xml/"

#: Namespace -> file. Of the files that share a namespace, the newest.
FILES: Mapping[str, str] = {
    IVOA + "UWS/v1.0": "UWS-1.1.xsd",
    "http://www.w3.org/1999/xlink": "xlink.xsd",
    IVOA + "VOTable/v1.1": "VOTable-1.1.xsd",
    IVOA + "VOTable/v1.2": "VOTable-1.2.xsd",
    IVOA + "VOTable/v1.3": "VOTable-1.5.xsd",
    IVOA + "VOSICapabilities/v1.0": "VOSICapabilities-1.0.xsd",
    IVOA + "VOSIAvailability/v1.0": "VOSIAvailability-1.0.xsd",
    IVOA + "VOSITables/v1.0": "VOSITables-1.1.xsd",
    IVOA + "VODataService/v1.1": "VODataService-1.2.xsd",
    IVOA + "VOResource/v1.0": "VOResource-1.2.xsd",
    IVOA + "TAPRegExt/v1.0": "TAPRegExt-1.0.xsd",
    IVOA + "STC/stc-v1.30.xsd": "stc-1.30.xsd",
}

#: The addresses from which the files import each other -> file.
REMOTE: Mapping[str, str] = {
    IVOA + "Xlink/xlink.xsd": "xlink.xsd",
    "http://vo.ari.uni-heidelberg.de/docs/schemata/xlink.xsd": "xlink.xsd",
    IVOA + "VOResource/v1.0": "VOResource-1.2.xsd",
    "https://www.ivoa.net/xml/VOResource/VOResource-v1.0.xsd": "VOResource-1.2.xsd",
    IVOA + "VODataService/v1.1": "VODataService-1.2.xsd",
    IVOA + "STC/stc-v1.30.xsd": "stc-1.30.xsd",
}


#: What the schema of registry interfaces says of the element around a record, which is all that is wanted of it.
RECORDS = f"""\
<schema xmlns="{XS}" targetNamespace="{IVOA}RegistryInterface/v1.0" xmlns:vr="{IVOA}VOResource/v1.0">
 <import namespace="{IVOA}VOResource/v1.0"/>
 <element name="Resource" type="vr:Resource"/>
</schema>
"""


class Offline(etree.Resolver):
    """Finds remote schemas in the folder, and refuses what is not there."""

    def __init__(self, folder: Path, more: str):
        self.folder = folder
        self.more = more

    def resolve(self, url, public_id, context):
        if url == "file:///more.xsd":
            return self.resolve_string(self.more, context)
        if url in REMOTE:
            return self.resolve_filename(str(self.folder / REMOTE[url]), context)
        if url.startswith("file:"):
            return None
        raise OSError(f"no schema is kept for {url}")


def load_schema(folder: Path = FOLDER, more: str = "") -> etree.XMLSchema:
    """Return one schema for all the namespaces, and ``more``: `load_schema().assertValid(element)`."""
    driver = etree.Element(f"{{{XS}}}schema")
    for namespace, name in FILES.items():
        location = (folder / name).as_uri()
        etree.SubElement(driver, f"{{{XS}}}import", namespace=namespace, schemaLocation=location)
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(Offline(folder, more))
    if more:
        target = etree.fromstring(more).get("targetNamespace")
        etree.SubElement(driver, f"{{{XS}}}import", namespace=target, schemaLocation="file:///more.xsd")
    source = etree.fromstring(etree.tostring(driver), parser, base_url=f"{folder.as_uri()}/driver.xsd")
    return etree.XMLSchema(source)
