"""Where the site keeps what it has: folders and databases."""

from .converters import read_path
from .keys import Key

PLACES: tuple[Key, ...] = (
    Key("var", read_path, "var", "Folder for everything the server keeps; made if missing, private to its user."),
    Key("storage", str, "file://{var}/uws.fs", "The ZODB storage, as a zodburi."),
    Key(
        "archive.uri",
        str,
        "",
        "A ZODB storage for archived jobs, as a zodburi; without it they stay in the other one.",
    ),
    Key("results", read_path, "{var}/results", "Folder for results and uploaded files, one folder a job."),
    Key("work", read_path, "{var}/work", "Folder in which jobs run; best on the same file system as the results."),
)
