"""A report as one HTML file: no script, nothing to be fetched, readable on paper too."""

import base64
import html

from keras_i3d.evaluation import charts

STYLE = """
:root { color-scheme: light; --ink: #1d2733; --faint: #66727f; --line: #dde3e9 }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); max-width: 70rem;
       margin: 2rem auto; padding: 0 1.2rem }
h1 { font-size: 1.7rem; margin: 0 } h2 { font-size: 1.2rem; margin: 2.4rem 0 .6rem }
p { margin: .3rem 0; max-width: 46rem } .faint, figcaption { color: var(--faint) }
dl { display: flex; flex-wrap: wrap; gap: .8rem; margin: 1.4rem 0 .6rem }
dl div { border: 1px solid var(--line); border-radius: .6rem; padding: .6rem 1rem; flex: 1 }
dt { color: var(--faint); font-size: .85rem } dd { margin: 0; font-size: 1.7rem; line-height: 1.3 }
dd small { display: block; font-size: .85rem; color: var(--faint) }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
td, th { padding: .25rem .7rem; text-align: left; overflow-wrap: anywhere;
         border-bottom: 1px solid var(--line) }
th { color: var(--faint); font-weight: 500 } img { max-width: 100%; display: block }
.mistakes figure { margin: 0 0 1.2rem; break-inside: avoid }
.mistakes img { border-radius: .4rem } figure { margin: .6rem 0 }
figcaption b { color: var(--ink) } svg { max-width: 100%; height: auto; margin: .6rem 0 }
"""


def whole(title: str, body: list[str]) -> str:
    """Return the page of these parts, which are HTML; the title is text."""
    head = (
        f'<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{html.escape(title)}</title><style>{STYLE}</style>"
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


def image(png: bytes, caption: str, emphasised: str = "") -> str:
    """Return a picture inside the page with a caption, which `emphasised` begins."""
    data, text = base64.b64encode(png).decode(), html.escape(caption)
    strong = f"<b>{html.escape(emphasised)}</b> " if emphasised else ""
    alt = html.escape(f"{emphasised} {caption}".strip())
    return (
        f'<figure><img alt="{alt}" src="data:image/png;base64,{data}">'
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
    return f'<div class="mistakes">{"".join(parts)}</div>'


def section(title: str, *parts: str) -> str:
    """Return a heading and the parts below it, which are HTML."""
    return f"<section><h2>{html.escape(title)}</h2>{''.join(parts)}</section>"


def faint(text: str) -> str:
    """Return a remark."""
    return f'<p class="faint">{html.escape(text)}</p>'


def made_from(rows: list[tuple[str, str]]) -> str:
    """Return the table of what the scores rest on, from (name, value)."""
    return section("Made from", charts.table(("field", "value"), rows))


def failures(failed: dict[str, str]) -> str:
    """Return the table of the videos that could not be scored, and why."""
    return section("Not scored", charts.table(("video", "cause"), failed.items()))
