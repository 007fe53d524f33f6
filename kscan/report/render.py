"""The templates of a report; what they fill in is escaped."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


def environment(**given: Any) -> Environment:
    """The templates, all of which know what is `given`."""
    made = Environment(loader=PackageLoader("kscan.report"), autoescape=True, undefined=StrictUndefined,
                       trim_blocks=True, lstrip_blocks=True)  # fmt: skip
    made.globals.update(given)
    return made
