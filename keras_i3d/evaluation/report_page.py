"""A report as one HTML file: no script, nothing to be fetched, readable on paper too."""

import base64
import html

from keras_i3d.evaluation import charts
from keras_i3d.visualisation.stylesheet import stylesheet


def whole(title: str, body: list[str]) -> str:
    """Return the page of these parts, which are HTML; the title is text."""
    head = (
        f'<meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{stylesheet()}</style>"
    )
    text = "\n".join([f"<h1>{html.escape(title)}</h1>", *body])
    return f"<!doctype html><html lang=en><head>{head}</head><body>\n{text}\n</body></html>\n"


def tiles(figures: list[tuple[str, str, str]]) -> str:
    """Return (name, value, published value or nothing) as tiles side by side."""
    parts = []
    for name, value, beside in figures:
        small = f"<small>published: {html.escape(beside)}</small>" if beside else ""
        parts.append(f"<div><dt>{html.escape(name)}</dt><dd>{html.escape(value)}{small}</dd></div>")
    return f"<dl>{''.join(parts)}</dl>"


def image(png: bytes, caption: str, emphasised: str = "", drawn: bool = False) -> str:
    """Return a picture inside the page with a caption, which `emphasised` begins.

    It is as large as it is, in a box that scrolls. One that is `drawn`, dark on white, becomes
    light on black where the reader wants dark pages.
    """
    data, text = base64.b64encode(png).decode(), html.escape(caption)
    strong = f"<b>{html.escape(emphasised)}</b> " if emphasised else ""
    alt, kind = html.escape(f"{emphasised} {caption}".strip()), ' class="drawn"' if drawn else ""
    return (
        f'<figure><div class="wide"><img{kind} alt="{alt}" src="data:image/png;base64,{data}">'
        f"</div>"
        f"<figcaption>{strong}{text}</figcaption></figure>"
    )


def mistakes(found: list[tuple[str, str, str, float]], strips: dict[str, bytes]) -> str:
    """Return the surest mistakes, with their frames where they could be read."""
    parts = []
    for video, true, predicted, sure in found:
        what = f"{true}, taken for {predicted} ({sure:.3f})"
        if video in strips:
            parts.append(image(strips[video], video, what))
        else:
            parts.append(f"<p><b>{html.escape(what)}</b> {html.escape(video)}</p>")
    return "".join(parts)


def section(title: str, *parts: str) -> str:
    """Return a heading and the parts below it, which are HTML."""
    return f"<section><h2>{html.escape(title)}</h2>{''.join(parts)}</section>"


def heading(title: str, level: int) -> str:
    """Return a heading, of 2 or 3."""
    return f"<h{level}>{html.escape(title)}</h{level}>"


def faint(text: str) -> str:
    """Return a remark."""
    return f'<p class="faint">{html.escape(text)}</p>'


def made_from(rows: list[tuple[str, str]]) -> str:
    """Return the table of what the scores rest on, from (name, value)."""
    return section("Made from", charts.table(("field", "value"), rows))


def failures(failed: dict[str, str]) -> str:
    """Return the table of the videos that could not be scored, and why."""
    return section("Not scored", charts.table(("video", "cause"), failed.items()))
