"""What the ids and the media types of results look like."""

import re

#: Ids of results become path segments and file names.
RESULT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", re.ASCII)

#: RFC 6838, section 4.2, with parameters that hold anything but control characters.
MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]{1,127}/[\w!#$&^.+-]{1,127}( *;[\x20-\x7e]{0,127})?", re.ASCII)
