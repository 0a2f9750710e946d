"""docs/fvd.md: its examples run, and its tables say what the code does."""

import re

import pytest

from keras_i3d.fvd.protocols import PROTOCOLS
from keras_i3d.fvd.self_testing import TABLE, WRONG_AT_30
from tests.conftest import PROJECT
from tests.test_docs import examples

PAGE = "docs/fvd.md"


def rows(heading):
    """The cells of the first table below a heading."""
    text = (PROJECT / PAGE).read_text("utf-8").partition(f"## {heading}")[2]
    table = re.search(r"^\|.*?(?=\n\n)", text, re.MULTILINE | re.DOTALL)[0]
    return [[cell.strip(" `") for cell in line.strip("|").split("|")]
            for line in table.splitlines()[2:]]  # fmt: skip


def test_every_protocol_is_described():
    told = {row[0]: row[1:] for row in rows("Protocols")}
    assert told.keys() == PROTOCOLS.keys()
    for name, (clip, resize, covariance, videos, _) in told.items():
        protocol = PROTOCOLS[name]
        assert str(protocol.frames) in clip and (protocol.clip == "random") == ("random" in clip)
        assert covariance.split(",")[0] == ("n - 1" if protocol.ddof else "n")
        assert videos == ("all" if protocol.videos is None else str(protocol.videos))
        assert (
            any(step.crop for step in protocol.resizing) == ("centre" in resize)
            or resize == "the same"
        )


def test_the_values_of_the_self_test():
    for frames, expected, *others in rows("A test at each run"):
        assert float(expected) == TABLE[int(frames)]
        for found in filter(None, others[:3]):
            assert float(found) == pytest.approx(TABLE[int(frames)], rel=1e-5)
    text = (PROJECT / PAGE).read_text("utf-8")
    for value, cause in WRONG_AT_30.items():
        assert f"| {value} | {cause} |" in text


@pytest.mark.slow
def test_the_examples_run(shared, real_weights, capsys):
    for code in examples(PAGE):
        exec(compile(code, PAGE, "exec"), {})
    texts = capsys.readouterr().out, (PROJECT / PAGE).read_text("utf-8")
    printed, wanted = (re.findall(r"^FVD \d.*(?=;)", text, re.MULTILINE)[0] for text in texts)
    decimal = r"\d+\.\d+"  # whose last digit is another on other processors
    assert re.sub(decimal, "", printed) == re.sub(decimal, "", wanted)
    found, told = ([float(n) for n in re.findall(decimal, line)] for line in (printed, wanted))
    assert found == pytest.approx(told, rel=1e-5) and len(told) >= 4
