"""SODA while the client waits (SODA 1.0): one product in a request, errors as texts that begin with a label."""

from typing import Any

from pyramid.httpexceptions import HTTPForbidden
from pyramid.request import Request
from pyramid.response import Response

from pyramid_uws.datalink.combinations import Combination, combinations, count_combinations
from pyramid_uws.datalink.core import TEXT
from pyramid_uws.datalink.faults import NOTHING_THERE, STATUSES, SeveralProducts, UsageError, labelled, status_of
from pyramid_uws.datalink.problems import NoOverlap, NotFound
from pyramid_uws.documents.datalink import SODA_ASYNC
from pyramid_uws.exceptions import UWSError
from pyramid_uws.execution.arriving import Sent
from pyramid_uws.parameters import complete
from pyramid_uws.tree import Job
from pyramid_uws.tree.attributes import Result
from pyramid_uws.tree.datalink import SodaRenderer
from pyramid_uws.uws import phases
from pyramid_uws.uws.control import split

from .data import endpoints_of, pieces_of
from .exchange import Exchange
from .forms import read_query
from .incoming import make_job
from .payers import user_of
from .respond import plain

#: Status -> label, where nothing else is known of an error.
_LABELS = {401: "AuthenticationError", 403: "AuthorizationError", 503: "ServiceUnavailable"}


class Refused(UWSError):
    """No job is made of a request: what is told instead, and its status."""

    def __init__(self, problem: UWSError, status: int) -> None:
        super().__init__(labelled(problem))
        self.status = status


class SodaExchange(Exchange):
    """One request to SODA. What is wrong with it is told before a job is made, as far as headers tell."""

    def begin(self) -> str:
        """Make a job of what was sent, if there is nothing wrong with it."""
        return make_job(self.request, self.renderer, self.control, self.examine)

    def check(self) -> None:
        """Raise what :meth:`begin` would raise for the query."""
        control, others = split(read_query(self.request))
        self.control(control, 0)
        self.examine(Sent(tuple(others)))

    def examine(self, sent: Sent) -> None:
        """Raise :class:`Refused` if there is no product for these parameters, or not here."""
        try:
            self._examine(sent)
        except NotFound as problem:
            raise Refused(problem, 404) from problem
        except NoOverlap as problem:
            raise Refused(problem, 204) from problem
        except UWSError as problem:
            raise Refused(problem, status_of(labelled(problem))) from problem

    def _examine(self, sent: Sent) -> None:
        pieces = pieces_of(self.renderer, self.request)
        values = self._values(sent)
        combination = self._combination(values)
        observation = pieces.find(combination.id)
        if not pieces.permits(observation, user_of(self.request)):
            raise HTTPForbidden
        pieces.format(observation, combination.cut, values.get("RESPONSEFORMAT"))
        size, limit = pieces.estimate(observation, combination.cut), pieces.datalink.max_sync
        if size > limit:
            raise UsageError(
                f"This would have about {size} bytes, and at most {limit} are made at once; {self._elsewhere}."
            )

    def _values(self, sent: Sent) -> dict[str, Any]:
        definition = self.worker_system.definition
        assert definition is not None, "its pieces were found"
        return complete(definition.parameters, sent.pairs, [name for name, *_ in sent.references])

    def _combination(self, values: dict[str, Any]) -> Combination:
        """Return the only combination of the values."""
        count = count_combinations(values)
        if count > 1:
            raise SeveralProducts(f"These are {count} products, and one is made at once; {self._elsewhere}.")
        return combinations(values, 1)[0]

    @property
    def _elsewhere(self) -> str:
        url = endpoints_of(self.renderer, self.request).get(SODA_ASYNC)
        return "cut out less" if url is None else f"make it a job of {url}"

    def answer(self, job: Job) -> Response:
        """Answer with the product; without a body if there is nothing of the data within the filters."""
        if job.phase == phases.COMPLETED and self._is_empty(self.primary(job)):
            return _nothing()
        return super().answer(job)

    def _is_empty(self, result: Result | None) -> bool:
        if result is None or result.media_type != TEXT:
            return False
        path = self.request.registry.uws.store.path(result.job.job_id, result.__name__)
        with path.open("rb") as file:
            return bool(file.read(len(NOTHING_THERE)) == NOTHING_THERE.encode())

    def tell(self, message: str, status: int) -> Response:
        """Write an error; a label that it begins with tells the status better than that a job has failed."""
        if message.partition(":")[0] in STATUSES:
            status = status_of(message) if status in {400, 500} else status
        else:
            message = f"{_LABELS.get(status, 'UsageError' if status < 500 else 'Error')}: {message}"
        return plain(f"{message}\n", status)


def refused(error: Refused, _request: Request) -> Response:
    """Answer that no job was made."""
    return _nothing() if error.status == 204 else plain(f"{error}\n", error.status)


def _nothing() -> Response:
    return Response(status=204, headerlist=[])


def includeme(config: Any) -> None:
    """Have requests to SODA be answered in its way."""
    config.add_uws_exchange(SodaRenderer, SodaExchange)
    config.add_exception_view(refused, context=Refused)
