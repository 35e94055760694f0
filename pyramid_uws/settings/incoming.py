"""What clients may send, have fetched, and how long they may wait."""

from pyramid_uws.parameters.hosts import read_hosts

from .converters import read_count, read_flag, read_seconds, read_size
from .keys import Key

INCOMING: tuple[Key, ...] = (
    Key("max_wait", read_count, "60", "The longest a request with WAIT is held, in seconds."),
    Key(
        "waiters",
        read_count,
        "0",
        "Requests with WAIT held at once where the server cannot park them, each in a thread; more are answered "
        "early. 0: half the threads.",
    ),
    Key(
        "max_body",
        read_size,
        "104857600",
        "The largest request body taken, in bytes; files in it are streamed to disk.",
    ),
    Key(
        "max_upload",
        read_size,
        "{max_body}",
        "The largest file that is sent along, or fetched for an upload, in bytes (`100M`); 0: unlimited. Services "
        "may have lower limits.",
    ),
    Key("upload_urls", read_flag, "true", "Whether uploads may be given by URL, to be fetched by the job."),
    Key(
        "upload_hosts",
        read_hosts,
        "",
        "From where uploads may be fetched besides public addresses: names of hosts, addresses, and networks such "
        "as `10.0.0.0/8`, separated by blanks. Private, loopback and other special addresses are refused "
        "otherwise.",
    ),
    Key("upload_timeout", read_seconds, "300", "Seconds for fetching all uploads of a job; 0: unlimited."),
)
