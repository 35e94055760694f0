"""Links to results that work for a while without logging in: what they say is signed."""

from typing import Any
from urllib.parse import parse_qsl, urlencode

from pyramid.request import Request

from pyramid_uws.interfaces import IResult

from .signing import LONGEST, Signer

#: The field of the query that has the signature.
FIELD = "link"


class Links:
    """Signs and checks links; each is good for one result, as it was then."""

    def __init__(self, secret: bytes, longest: int) -> None:
        self._signer = Signer(secret, "pyramid_uws link")
        self.longest = longest

    def sign(self, request: Request, result: Any, until: int) -> str:
        """Return the URL of the result, good until a time (s since 1970, UTC)."""
        signed = self._signer.sign(_named(request, result), until)
        return f"{request.resource_url(result)}?{urlencode({FIELD: signed})}"

    def let_in(self, request: Request, context: Any) -> bool:
        """Tell whether the request has come by such a link to this very result."""
        query = request.environ.get("QUERY_STRING", "")
        if not IResult.providedBy(context) or FIELD not in query or len(query) > LONGEST:
            return False
        signed = dict(parse_qsl(query)).get(FIELD, "")
        try:
            return bool(self._signer.read(signed) == _named(request, context))
        except ValueError:
            return False


def _named(request: Request, result: Any) -> list[str]:
    return [request.resource_path(result), result.sha256]
