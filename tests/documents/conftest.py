"""Small documents made on the spot: images of any kind, PDFs written by hand."""

import io
import zlib
from collections.abc import Callable

import pytest
from PIL import Image, ImageDraw


def as_bytes(image: Image.Image, form: str, **how: object) -> bytes:
    target = io.BytesIO()
    image.save(target, form, **how)
    return target.getvalue()


def noise(width: int, height: int, *, mode: str = "RGB") -> Image.Image:
    return Image.effect_noise((width, height), 90).convert(mode)


def marked(width: int = 60, height: int = 40) -> Image.Image:
    """White, with one black spot at (12, 6) to (16, 10)."""
    image = Image.new("L", (width, height), 255)
    ImageDraw.Draw(image).rectangle((12, 6, 15, 9), fill=0)
    return image


def pdf(*boxes: tuple[int, int], picture: tuple[int, int] | None = None, page_entry: bytes = b"") -> bytes:
    """A PDF with a page of each size in points, and on each the same grey picture, if any."""
    count = len(boxes)
    kids = b" ".join(b"%d 0 R" % (3 + number) for number in range(count))
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, count)]
    drawn = b"q 50 0 0 50 0 0 cm /I Do Q" if picture else b"0 0 20 20 re f"
    resources = b"<</XObject<</I %d 0 R>>>>" % (count + 4) if picture else b"<<>>"
    for width, height in boxes:
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %d %d]/Contents %d 0 R/Resources%s%s>>"
            % (width, height, count + 3, resources, page_entry)
        )
    objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(drawn), drawn))
    if picture:
        packed = zlib.compress(bytes(64))
        objects.append(
            b"<</Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8/ColorSpace/DeviceGray"
            b"/Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (*picture, len(packed), packed)
        )
    written, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(written))
    return written + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + end


@pytest.fixture
def sample(samples) -> Callable[[str], str]:
    """The path of a real document, by name."""

    def path(name: str) -> str:
        if not (samples / name).is_file():
            pytest.skip(f"the sample {name} is not there")
        return str(samples / name)

    return path


class Make:
    """The makers above, for tests that cannot import this file."""

    as_bytes = staticmethod(as_bytes)
    noise = staticmethod(noise)
    marked = staticmethod(marked)
    pdf = staticmethod(pdf)


@pytest.fixture(scope="session")
def make() -> Make:
    return Make()
