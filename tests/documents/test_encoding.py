"""Encoding: lossless where that fits, else as JPEG, else smaller, and never beyond the limit."""

import io

from PIL import Image, ImageChops

from airflow_provider_tcocr.documents.encoding import encoded, fit, fit_rendered


def test_fit_halves_until_it_fits_and_tells_how_often(make):
    data, steps, factor = fit(make.noise(800, 600), lossless=True, limit=12_000)
    assert len(data) <= 12_000
    assert factor in (4, 8)
    assert steps[0] == "re-encoded as JPEG 85"
    assert Image.open(io.BytesIO(data)).size == (800 // factor, 600 // factor)


def test_fit_keeps_a_drawing_lossless(make):
    data, steps, factor = fit(make.marked(), lossless=True)
    assert (steps, factor) == ([], 1)
    assert ImageChops.difference(Image.open(io.BytesIO(data)), make.marked()).getbbox() is None


def test_an_image_longer_than_a_jpeg_may_be_is_halved_first(make):
    data, _, factor = fit(make.noise(70_000, 8, mode="L"), lossless=True, limit=300_000)
    assert factor == 2
    assert Image.open(io.BytesIO(data)).size == (35_000, 4)


def test_encoding_stops_at_the_limit(make):
    assert encoded(make.noise(400, 400), limit=1000, format="PNG") is None


def test_a_grey_page_is_lossless_and_a_photo_goes_as_jpeg(make):
    grey = make.marked(300, 200)
    data, steps, factor = fit_rendered(grey.convert("RGB"), limit=7_500_000)
    assert data.startswith(b"\x89PNG")
    assert (steps, factor) == ([], 1)
    assert Image.open(io.BytesIO(data)).convert("L").tobytes() == grey.tobytes()
    photos = [make.noise(30, 20, mode="L").resize((300, 200)) for _ in range(3)]
    for photo in (photos[0].convert("RGB"), Image.merge("RGB", photos)):
        data, steps, factor = fit_rendered(photo, limit=7_500_000)
        assert data.startswith(b"\xff\xd8")
        assert (steps, factor) == (["JPEG 90"], 1)
