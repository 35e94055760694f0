"""The environment of templates, made once: all is escaped, nothing may be missing, each is compiled once."""

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from pyramid_uws.uws.instants import format_instant

from . import marks, wording
from .frame import Frame
from .moments import when


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
        "when": when,
        "badge": marks.badge,
        "sized": marks.sized,
        "lasting": marks.lasting,
        "stylesheet": marks.stylesheet,
        "script": marks.script,
        "size": wording.size,
        "duration": wording.duration,
    }
    return made


def render(name: str, frame: Frame, **model: Any) -> str:
    """Return the text of a page."""
    return environment().get_template(name).render(frame=frame, **model)
