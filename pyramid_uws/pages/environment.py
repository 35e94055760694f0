"""The environment of templates, made once: all is escaped, nothing may be missing, each is compiled once."""

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from pyramid_uws.uws.instants import format_instant, now

from . import wording
from .frame import Frame
from .moments import moment


@cache
def environment() -> Environment:
    """Return the environment."""
    made = Environment(
        loader=PackageLoader("pyramid_uws.pages", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "iso": format_instant,
        "clock": wording.clock,
        "hint": wording.hint,
        "moment": moment,
        "size": wording.size,
        "duration": wording.duration,
    }
    made.globals |= {"now": now}
    return made


def render(name: str, frame: Frame, **model: Any) -> str:
    """Return the text of a page."""
    return environment().get_template(name).render(frame=frame, **model)
