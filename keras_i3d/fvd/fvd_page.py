"""The table of results, in a terminal and as a page with a plot."""

import html
from collections.abc import Iterable, Mapping

from keras_i3d.evaluation import charts, report_page
from keras_i3d.fvd.results import FVDResult, clip_text
from keras_i3d.fvd.uncertainty import Figure
from keras_i3d.fvd.value_plot import value_plot

HEADER = (
    "fake", "FVD", "95 %", "infinite videos", "KVD", "precision", "recall", "density", "coverage",
    "real", "fake videos",
)  # fmt: skip
EXPLAINED = (
    "FVD is lower where the fake videos are more like the real ones; KVD likewise, and it does not "
    "depend on their number. Precision and density say how many fake videos look real, recall and "
    "coverage how much of the real variety there is. Intervals are of bootstrap draws: what other "
    "videos of the same number would give."
)


def result_rows(results: Mapping[str, FVDResult]) -> list[tuple[str, ...]]:
    """Return a row of text for each result, in the order of HEADER."""
    return [(name, *_cells(result)) for name, result in results.items()]


def text_table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return rows of text as a table of columns."""
    lines = [tuple(header), *map(tuple, rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def fvd_page(results: Mapping[str, FVDResult], real: str) -> str:
    """Return the page, whole in itself.

    Args:
        results: by the fake side's name.
        real: the real side's name.
    """
    first = next(iter(results.values()))
    body = [
        f"<p>{html.escape(EXPLAINED)}</p>",
        charts.table(HEADER, result_rows(results)),
        report_page.section("By the number of videos", value_plot(results), _of_the_plot()),
        report_page.section(
            "For a paper",
            *(f"<p><b>{html.escape(name)}</b> {html.escape(one.line)}</p>"
              for name, one in results.items()),
        ),
        *_notes(results),
        *_left_out(results),
        report_page.made_from(_made(first)),
    ]  # fmt: skip
    names = ", ".join(results)
    return report_page.whole(f"Fréchet video distance of {names} from {real}", body)


def _cells(result: FVDResult) -> tuple[str, ...]:
    low_high = "" if result.interval is None else "{:.1f} - {:.1f}".format(*result.interval)
    line = result.figures.extrapolation
    beyond = "" if line is None else f"{line.value:.1f} ± {line.error:.1f}"
    figures = result.figures
    shares = (figures.precision, figures.recall, figures.density, figures.coverage)
    return (
        f"{result.value:.2f}", low_high, beyond, _text(figures.kernel, 2),
        *(_text(one, 3) for one in shares), result.real.text, result.fake.text,
    )  # fmt: skip


def _text(figure: Figure, digits: int) -> str:
    return "" if figure.value is None else f"{figure.value:.{digits}f}"


def _of_the_plot() -> str:
    return report_page.faint(
        "Values of subsets, drawn several times each, against their size; the ring is where their "
        "line meets infinitely many videos. With fewer videos than 400 dimensions the line bends, "
        "and the ring lies too high."
    )


def _notes(results: Mapping[str, FVDResult]) -> list[str]:
    parts = [
        f"<li>{html.escape(name)}: {html.escape(note)}</li>"
        for name, one in results.items()
        for note in one.notes
    ]
    if not parts:
        return []
    return [report_page.section("Notes", f'<ul class="notes">{"".join(parts)}</ul>')]


def _left_out(results: Mapping[str, FVDResult]) -> list[str]:
    sides = [next(iter(results.values())).real, *(one.fake for one in results.values())]
    rows = [tuple(one) for side in sides for one in side.left_out]
    if not rows:
        return []
    return [report_page.section("Left out", charts.table(("video", "cause"), rows))]


def _made(result: FVDResult) -> list[tuple[str, str]]:
    protocol, test = result.protocol, result.self_test
    engine = result.made.get("engine", {})
    rows = [
        ("protocol", f"{protocol.label} [{protocol.hash}]"),
        ("", clip_text(protocol)),
        ("source", protocol.source),
        ("weights", f"CRC-32C {result.made.get('weights_crc32c', 'unknown')}"),
        ("engine", ", ".join(f"{key} {value}" for key, value in engine.items())),
    ]
    if test is not None:
        wanted = "" if test.expected is None else f" (should be {test.expected:.4f})"
        rows.append(
            ("self-test", f"{test.frames} frames: {test.value:.4f}{wanted}: {test.verdict}")
        )
    return rows
