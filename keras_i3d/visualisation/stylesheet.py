"""The one stylesheet of all HTML that the project writes: light, dark, on a phone and on paper."""

from functools import cache
from importlib import resources


@cache
def stylesheet() -> str:
    """Return the CSS, to be put into a page, which then loads nothing."""
    return resources.files(__package__).joinpath("style.css").read_text("utf-8")
