"""Small documents made on the spot: images of any kind, PDFs written by hand."""

import io
import zlib
from hashlib import md5

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
    return assembled(objects)


def assembled(objects: list[bytes], *, trailer: bytes = b"") -> bytes:
    """A PDF of these objects, numbered from 1; the first is the catalog."""
    written, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, trailer, len(written))
    return written + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + end


def sheet(content: bytes, *, page: bytes = b"", catalog: bytes = b"", more: tuple[bytes, ...] = ()) -> bytes:
    """A PDF of two pages of 72 x 72 points: the first with this content and these entries, the second blank.

    :param more: further objects, from number 6 on
    """
    return assembled(
        [
            b"<</Type/Catalog/Pages 2 0 R%s>>" % catalog,
            b"<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2/MediaBox[0 0 72 72]>>",
            b"<</Type/Page/Parent 2 0 R/Contents 5 0 R%s>>" % page,
            b"<</Type/Page/Parent 2 0 R>>",
            b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
            *more,
        ]
    )


def encrypted(password: bytes, *, owner: bytes = b"owner") -> bytes:
    """A PDF of one page of 72 x 72 points, with the oldest of PDF's encryptions, since it is the shortest."""
    fill = bytes.fromhex("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a")
    user_key, owner_key = ((secret + fill)[:32] for secret in (password, owner))
    told = rc4(md5(owner_key).digest()[:5], user_key)
    key = md5(user_key + told + (-4).to_bytes(4, "little", signed=True) + b"id").digest()[:5]
    content = rc4(md5(key + bytes([4, 0, 0, 0, 0])).digest()[:10], b"0 0 20 20 re f")
    lock = b"<</Filter/Standard/V 1/R 2/P -4/O<%s>/U<%s>>>" % (told.hex().encode(), rc4(key, fill).hex().encode())
    return assembled(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 72 72]/Contents 4 0 R>>",
            b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
            lock,
        ],
        trailer=b"/Encrypt 5 0 R/ID[<%s><%s>]" % ((b"id".hex().encode(),) * 2),
    )


def rc4(key: bytes, data: bytes) -> bytes:
    state, j = list(range(256)), 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    out, i, j = bytearray(), 0, 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)


APPEARANCE = b"<</Subtype/Form/BBox[0 0 20 20]/Length 14>>stream\n0 0 20 20 re f\nendstream"
"""How an annotation looks."""
