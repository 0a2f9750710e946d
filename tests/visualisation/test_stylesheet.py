"""The stylesheet's colours can be told apart, in the light and in the dark."""

import re

import pytest

from keras_i3d.visualisation.stylesheet import stylesheet

GROUNDS = ("paper", "panel")
TEXTS = ("ink", "faint", "bar", "warn", "error")  # "bar" is a link's colour too
SHAPES = ("bar", "minus")


def schemes():
    """{"light": {name: (red, green, blue)}, "dark": ...}"""
    light, dark = re.findall(r":root \{(.*?)\}", stylesheet(), re.DOTALL)
    return {
        name: {
            key: tuple(bytes.fromhex(value))
            for key, value in re.findall(r"--(\w+): #([0-9a-f]{6});", block)
        }
        for name, block in (("light", light), ("dark", dark))
    }


def luminance(colour):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
    return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    """WCAG 2.2's ratio of two colours of 0 to 255 each."""
    values = [luminance([part / 255 for part in colour]) for colour in (one, other)]
    return (max(values) + 0.05) / (min(values) + 0.05)


def test_contrast_by_hand():
    assert contrast((255, 255, 255), (0, 0, 0)) == pytest.approx(21)
    assert contrast((255, 255, 255), (118, 118, 118)) == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_a_contrast_of_at_least_4_5(scheme):
    colours = schemes()[scheme]
    for ground in GROUNDS:
        for text in TEXTS:
            found = contrast(colours[text], colours[ground])
            assert found >= 4.5, f"{text} on {ground}, {scheme}: {found:.2f}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_shapes_have_a_contrast_of_at_least_3(scheme):
    colours = schemes()[scheme]
    for shape in SHAPES:
        assert contrast(colours[shape], colours["paper"]) >= 3


def test_no_colour_but_those_that_are_measured():
    css = stylesheet()
    both = schemes()
    assert both["light"].keys() == both["dark"].keys()
    rest = re.sub(
        r":root \{.*?\}", "", re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL), flags=re.DOTALL
    )
    assert not re.findall(r"#[0-9a-fA-F]{3}|rgba?\(|hsla?\(|opacity", rest)
    assert set(re.findall(r"var\(--(\w+)\)", css)) <= both["light"].keys()
    for word in re.findall(r"(?:color|background|fill): ([\w-]+)", rest):
        assert word in ("var", "none", "inherit"), word


def test_nothing_is_loaded():
    assert not re.findall(r"url\(|@import", stylesheet())
