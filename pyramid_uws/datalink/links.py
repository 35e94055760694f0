"""Link makers: what there is of an observation (DataLink 1.1, section 3.2.6), as rows and service descriptors.

A maker is called with the observation and the *offer*: where its service has what. None of them reads pixels.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pyramid_uws.documents.datalink import SODA_ASYNC, SODA_SYNC, Descriptor, Input, Link

from .cuts import Cut
from .declarations import ID, as_input
from .offer import Offer, url
from .pieces import Pieces
from .problems import CannotCut

#: The parameter that clients fill with the id of the row.
THE_ID = as_input(ID, ref="links_ID", description=f"{ID.description} Required.")


def this(observation: Any, offer: Offer) -> Iterator[Link]:
    """Give the file itself."""
    yield Link(
        id=observation.id,
        access_url=url(offer.file, ID=observation.id),
        description=_described(observation),
        semantics="#this",
        content_type=observation.media_type,
        content_length=observation.size,
        content_qualifier=f"#{observation.kind}",
        **offer.rights,
    )


def preview(observation: Any, offer: Offer) -> Iterator[Link]:
    """Give a picture of all of it, if there are pictures of such data, and that is made at once."""
    if offer.soda is None or _obstacle(observation) or not _can_be_shown(observation, offer.pieces):
        return
    yield Link(
        id=observation.id,
        access_url=url(offer.soda, ID=observation.id, RESPONSEFORMAT="image/png"),
        description=f"A picture of {_title(observation)}",
        semantics="#preview",
        content_type="image/png",
        **offer.rights,
    )


def _can_be_shown(observation: Any, pieces: Pieces) -> bool:
    try:
        pieces.format(observation, Cut(), "image/png")
    except CannotCut:
        return False
    return pieces.estimate(observation, Cut()) <= pieces.datalink.max_sync


def cutouts(observation: Any, offer: Offer) -> Iterator[Link | Descriptor]:
    """Give the services that cut pieces out of it, at once and as a job, with the limits of these very data."""
    if _obstacle(observation):
        return
    inputs = (THE_ID, *offer.pieces.parameters(observation))
    if offer.soda is not None:
        yield from _service(observation, offer, inputs, _Kind("soda", offer.soda, SODA_SYNC, "at once"))
    if offer.dlasync is not None:
        about = "as a job: several ids and regions together, also large ones"
        yield from _service(observation, offer, inputs, _Kind("dlasync", offer.dlasync, SODA_ASYNC, about))


@dataclass(frozen=True)
class _Kind:
    name: str
    url: str
    standard_id: str
    about: str


def _service(
    observation: Any, offer: Offer, inputs: tuple[Input, ...], kind: _Kind
) -> Iterator[Link | Descriptor]:
    name = f"{kind.name}-{offer.number}"
    about = f"Pieces of {_title(observation)}, cut out {kind.about}"
    yield Link(
        id=observation.id,
        service_def=name,
        description=about,
        semantics="#cutout",
        content_type=observation.media_type,
        **offer.rights,
    )
    yield Descriptor(
        id=name,
        name=f"{kind.name} of {observation.id}",
        description=f"{about}.",
        access_url=kind.url,
        standard_id=kind.standard_id,
        inputs=inputs,
        example_urls=_examples(observation, offer, inputs) if kind.url == offer.soda else (),
    )


def _examples(observation: Any, offer: Offer, inputs: tuple[Input, ...]) -> tuple[str, ...]:
    """Return a URL that cuts the inner half out of what the observation covers."""
    if observation.circle is None or offer.soda is None or all(each.name != "CIRCLE" for each in inputs):
        return ()
    longitude, latitude, radius = observation.circle
    wish = f"{longitude:.6f} {latitude:.6f} {radius / 2:.6f}"
    return (url(offer.soda, ID=observation.id, CIRCLE=wish),)


def _title(observation: Any) -> str:
    return str(observation.title or observation.id)


def _described(observation: Any) -> str:
    """Return the title, whom the data are owed to, and why there is nothing else."""
    told = (_title(observation), observation.credits, observation.licence, _obstacle(observation))
    return ". ".join(filter(None, told))


def _obstacle(observation: Any) -> str:
    """Return why nothing can be cut out of it, if that is known; observations of others need not say."""
    return getattr(observation, "obstacle", "")
