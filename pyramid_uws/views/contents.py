"""What a job holds: its parameters and its results (UWS 1.1, sections 2.2.2.3 and 2.2.2.4)."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from pyramid.request import Request
from pyramid.response import Response
from webob.static import FileIter

from pyramid_uws import interfaces
from pyramid_uws.documents import parameters_document, parameters_json, results_document, results_json
from pyramid_uws.exceptions import BadRequest, NoSuchThing
from pyramid_uws.execution.arriving import Sent
from pyramid_uws.tree import Attribute
from pyramid_uws.tree.attributes import Parameter, Result
from pyramid_uws.uws.control import read_runid, single

from .bundles import bundled, file_name, wanted_bundle
from .forms import URLENCODED, media_type_of, read_text_body
from .incoming import incoming_form, incoming_value, worker_system_of
from .observed import note_read
from .resources import add_resource_views
from .respond import document, plain, see_other

#: Control parameters that cannot be set among the parameters.
_ELSEWHERE = ("PHASE", "ACTION", "DESTRUCTION", "EXECUTIONDURATION")


def show_parameters(context: Attribute, request: Request) -> Response:
    """GET ``parameters``."""
    job, url = context.job, request.resource_url(context.job)
    return document(
        request,
        lambda as_json: (parameters_json if as_json else parameters_document)(job, url),
        job._p_serial,  # noqa: SLF001 - see views.job
    )


def change_parameters(context: Attribute, request: Request) -> Response:
    """POST to ``parameters``: set or add some, while the job is PENDING."""
    job = context.job
    system = worker_system_of(request, job.__parent__.__parent__)
    with incoming_form(request, system, job.job_id) as incoming:
        for name in _ELSEWHERE:
            if single(incoming.control, name) is not None:
                raise BadRequest(f"{name} is no parameter of the job; it has a resource of its own.")
        runid = single(incoming.control, "RUNID")
        if not (incoming.others or incoming.references or runid):
            raise BadRequest("No parameter was sent.")
        system.set_parameters(job.job_id, incoming.sent, None if runid is None else read_runid(runid))
    return see_other(request.resource_url(job))


def show_parameter(context: Parameter, request: Request) -> Response:
    """GET ``parameters/NAME``: the value, or the file that was sent."""
    if context.reference is None:
        return plain("\n".join(context.texts))
    media_type, _, file = context.reference
    response = _file(request, request.registry.uws.store.reference(context.job.job_id, file), media_type)
    response.content_disposition = "attachment"  # a client has chosen the type: no browser is to run it
    return response


def replace_parameter(context: Parameter, request: Request) -> Response:
    """PUT ``parameters/NAME``: the body is the value; if it is no text, a file."""
    job, name = context.job, context.__name__
    system = worker_system_of(request, job.__parent__.__parent__)
    media_type = media_type_of(request.environ.get("CONTENT_TYPE") or "text/plain")
    if media_type == URLENCODED:  # what curl and others say by default, though the body is just the value
        media_type = "text/plain"
    if name == "RUNID":
        system.set_parameters(job.job_id, Sent(), read_runid(read_text_body(request)))
    elif media_type == "text/plain" and not context.is_upload:
        system.set_parameters(job.job_id, Sent(((name, read_text_body(request)),)), replace=True)
    else:
        with incoming_value(request, system, job.job_id, name, media_type) as incoming:
            system.set_parameters(job.job_id, incoming.sent, replace=True)
    return see_other(request.resource_url(job))


def show_results(context: Attribute, request: Request) -> Response:
    """GET ``results``: the list, or all of them together."""
    bundle = wanted_bundle(request)
    if bundle is not None:
        note_read(request, context, results=[result[0] for result in context.job.results])
        return bundled(request, context.job, bundle)
    job, url = context.job, request.resource_url(context.job)
    return document(
        request,
        lambda as_json: (results_json if as_json else results_document)(job, url),
        job._p_serial,  # noqa: SLF001 - see views.job
    )


def show_result(context: Result, request: Request) -> Response:
    """GET ``results/ID``: the file, whole or by Range."""
    path = request.registry.uws.store.path(context.job.job_id, context.__name__)
    response = _file(request, path, context.media_type)
    note_read(request, context, result=context.__name__)
    response.etag = context.sha256[:32]
    response.content_disposition = f'inline; filename="{file_name(context.__name__, context.media_type)}"'
    if context.job.ended is not None:
        response.last_modified = datetime.fromtimestamp(context.job.ended // 1_000_000, UTC)
    return response


def _file(request: Request, path: Path, media_type: str) -> Response:
    """Answer with a file."""
    try:
        return stream(request, path.open("rb"), media_type)
    except FileNotFoundError:
        raise NoSuchThing(f"The file behind {request.path} is gone.") from None


def stream(request: Request, file: BinaryIO, media_type: str) -> Response:
    """Answer with an open file. HEAD, Range and conditions are the response's own business."""
    response = Response(app_iter=FileIter(file), conditional_response=True)
    response.headers["Content-Type"] = media_type
    response.content_length = os.fstat(file.fileno()).st_size
    response.accept_ranges = "bytes"
    if request.range is not None and (request.range.start or 0) < -response.content_length:
        request.range = None  # the last n bytes of a file that has fewer are all of it (RFC 9110, section 14.1.2)
    return response


def includeme(config: Any) -> None:
    """Register the views of parameters and results."""
    add_resource_views(config, interfaces.IParameters, {"GET": show_parameters, "POST": change_parameters})
    add_resource_views(config, interfaces.IParameter, {"GET": show_parameter, "PUT": replace_parameter})
    add_resource_views(config, interfaces.IResults, {"GET": show_results})
    add_resource_views(config, interfaces.IResult, {"GET": show_result})
