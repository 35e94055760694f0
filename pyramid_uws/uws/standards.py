"""The names of standards, as capabilities have them."""

from typing import Final

UWS: Final = "ivo://ivoa.net/std/UWS#rest-1.1"
EXAMPLES: Final = "ivo://ivoa.net/std/DALI#examples"
VOSI_CAPABILITIES: Final = "ivo://ivoa.net/std/VOSI#capabilities"
VOSI_AVAILABILITY: Final = "ivo://ivoa.net/std/VOSI#availability"
VOSI_TABLES: Final = "ivo://ivoa.net/std/VOSI#tables"
VOSI_TABLES_1_1: Final = "ivo://ivoa.net/std/VOSI#tables-1.1"
