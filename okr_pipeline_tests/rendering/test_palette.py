"""Contrast and colour, computed from the style sheet itself, for each scheme."""

import re
from itertools import combinations
from pathlib import Path

import pytest

import okr_pipeline.rendering
from okr_pipeline.model.score import Status

CSS = (Path(okr_pipeline.rendering.__file__).parent / "templates" / "page.css").read_text()
TEXT = ["ink", "muted", "link", *(status.value for status in Status)]
GROUNDS = ["paper", "raised", "rest"]
CONFUSABLE = ["on_track", "at_risk", "behind", "unknown"]


def palette(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z_]+): (#[0-9a-f]{6});", block))


LIGHT, DARK, PRINT = (palette(block) for block in re.findall(r":root \{(.*?)\}", CSS, re.DOTALL))
SCHEMES = {"light": LIGHT, "dark": LIGHT | DARK, "print": LIGHT | PRINT}


def linear(colour: str) -> tuple[float, float, float]:
    shares = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return tuple(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares)  # type: ignore[return-value]


def luminance(colour: str) -> float:
    red, green, blue = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


# Machado, Oliveira & Fernandes 2009, severity 1.0
SIGHT = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


def lab(colour: str, sight: str) -> tuple[float, float, float]:
    seen = [max(0.0, sum(m * c for m, c in zip(row, linear(colour), strict=True))) for row in SIGHT[sight]]
    to_xyz = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
    xyz = [sum(m * c for m, c in zip(row, seen, strict=True)) for row in to_xyz]
    x, y, z = (
        (v / w) ** (1 / 3) if v / w > 0.008856 else 7.787 * v / w + 16 / 116
        for v, w in zip(xyz, (0.9505, 1, 1.089), strict=True)
    )
    return (116 * y - 16, 500 * (x - y), 200 * (y - z))


def distance(one: str, other: str, sight: str) -> float:
    return sum((a - b) ** 2 for a, b in zip(lab(one, sight), lab(other, sight), strict=True)) ** 0.5


def test_every_scheme_has_every_colour():
    assert set(LIGHT) == set(DARK) == set(PRINT)
    assert {status.value for status in Status} <= set(LIGHT)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("text", TEXT)
def test_text_has_a_contrast_of_four_and_a_half(scheme, text):
    colours = SCHEMES[scheme]
    assert min(contrast(colours[text], colours[ground]) for ground in GROUNDS) >= 4.5


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("line", ["rule", "ink", *(status.value for status in Status)])
def test_lines_that_carry_meaning_have_a_contrast_of_three(scheme, line):
    colours = SCHEMES[scheme]
    assert min(contrast(colours[line], colours[ground]) for ground in GROUNDS) >= 3


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("sight", SIGHT)
def test_the_statuses_that_matter_are_told_apart_by_every_eye(scheme, sight):
    colours = SCHEMES[scheme]
    assert min(distance(colours[a], colours[b], sight) for a, b in combinations(CONFUSABLE, 2)) >= 15


def test_no_colour_is_written_outside_the_palettes():
    rest = re.sub(r":root \{.*?\}", "", CSS, flags=re.DOTALL)
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b|rgba?\(|hsla?\(", rest)
