"""uws-admin in this very process, which is faster than to start it."""

import contextlib
import io
import json

from pyramid_uws.cli import main


def found(server, *words):
    """Run a command that looks; return what it found."""
    with contextlib.redirect_stdout(io.StringIO()) as output:
        assert main([str(server.ini), *words, "--json"]) == 0
    return json.loads(output.getvalue())
