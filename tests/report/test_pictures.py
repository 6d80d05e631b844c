"""A page's picture: made small, and lying under the polygons of the tables whatever became of the document."""

import io

import pytest
from PIL import Image

from airflow_provider_tcocr.report.bounds import PICTURE_BYTES
from airflow_provider_tcocr.report.pictures import NoPictureError, Pictures


@pytest.fixture
def picture():
    """The picture of one page, of a row with the columns that matter for it."""
    opened = Pictures(fetch=False)

    def make(path, *, width, height, page=1, detections=1):
        row = {"document_uri": str(path), "page": page, "width": width, "height": height, "detections": detections}
        return opened.of(row)

    yield make
    opened.close()


def dark(picture):
    """The bounds of what is dark, in the coordinates of the tables: the four corners of it through the matrix."""
    image = Image.open(io.BytesIO(picture.data))
    assert not image.getexif()  # a browser would turn it
    image = image.convert("L")
    left, top, right, bottom = image.point(lambda value: 255 if value < 128 else 0).getbbox()
    a, b, c, d, e, f = picture.matrix
    corners = [(x / image.width, y / image.height) for x in (left, right) for y in (top, bottom)]
    across, down = zip(*((a * x + c * y + e, b * x + d * y + f) for x, y in corners), strict=True)
    return min(across), min(down), max(across), max(down)


def near(found, wanted, by=1.0):
    return all(abs(one - other) <= by for one, other in zip(found, wanted, strict=True))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "webp"])
def test_the_picture_lies_under_the_polygons_as_the_image_is_stored(sheet, picture, suffix, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    made = picture(sheet(f"turned.{suffix}", exif=exif), width=100, height=60)
    assert (made.width, made.height) == (100, 60)
    assert near(dark(made), (10, 20, 90, 40)), dark(made)


def test_the_polygons_that_a_batch_lands_lie_on_the_words_of_the_picture(tcocr_emulator, tmp_path, sheet, picture):
    from unittest.mock import MagicMock

    from airflow_provider_tcocr.operators.ocr import TencentCloudOcrBatchOperator

    ti = MagicMock(dag_id="dag", task_id="task", run_id="run", map_index=-1)
    exif = Image.Exif()
    exif[0x0112] = 6
    path = sheet("sheet.webp", exif=exif)
    operator = TencentCloudOcrBatchOperator(task_id="task", documents=[str(path)], output_path=str(tmp_path / "out"))
    manifest = operator.execute({"ti": ti})
    from airflow_provider_tcocr.dataset import OcrDataset

    (row,) = OcrDataset.open(manifest).pages().to_pylist()
    assert "turned upright" in row["prepared"]
    assert near(dark(picture(path, width=row["width"], height=row["height"])), (10, 20, 90, 40))


def test_a_pdf_is_drawn_at_the_size_that_it_was_rendered_at(sheet, tmp_path, picture):
    Image.open(sheet()).save(tmp_path / "sheet.pdf", resolution=36)
    made = picture(tmp_path / "sheet.pdf", width=556, height=333)  # 200 x 120 points at 200 dpi
    assert (made.width, made.height) == (556, 333)
    assert near(dark(made), (55.6, 111, 500.4, 222), by=4), dark(made)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_a_large_image_becomes_a_small_picture_and_what_is_transparent_is_white(tmp_path, picture, mode):
    Image.new(mode, (4000, 3000)).save(tmp_path / "large.png")
    made = picture(tmp_path / "large.png", width=4000, height=3000)
    image = Image.open(io.BytesIO(made.data)).convert("RGB")
    assert image.size == (1000, 750)
    assert image.getpixel((500, 300)) == ((255,) * 3 if mode in ("LA", "RGBA") else (0,) * 3)


def test_a_picture_of_noise_stays_within_its_bytes(tmp_path, picture):
    Image.effect_noise((1000, 3000), 200).convert("RGB").save(tmp_path / "noise.jpg")
    assert len(picture(tmp_path / "noise.jpg", width=1000, height=3000).data) <= PICTURE_BYTES


def test_each_document_is_opened_once_for_all_its_pages(tmp_path, picture, monkeypatch):
    from airflow_provider_tcocr.report import pictures

    opened = []
    real = pictures.open_document
    monkeypatch.setattr(pictures, "open_document", lambda *a, **how: opened.append(a) or real(*a, **how))
    frames = [Image.new("L", (40, 30), shade) for shade in (0, 90, 200)]
    frames[0].save(tmp_path / "fax.tif", save_all=True, append_images=frames[1:])
    for page in (1, 2, 3):
        picture(tmp_path / "fax.tif", page=page, width=40, height=30)
    assert len(opened) == 1


def test_a_document_that_is_gone_broken_or_another_has_no_picture_and_the_reason_is_told(tmp_path, sheet, picture):
    path = sheet()
    for width, height, why in ((100, 90, "has changed: it has 100 x 60 pixels now, and had 100 x 90"),):
        with pytest.raises(NoPictureError, match=why):
            picture(path, width=width, height=height)
    with pytest.raises(NoPictureError, match=r"cannot be drawn: Document\.PageOutOfRange"):
        picture(path, page=2, width=100, height=60)
    for name, content in (("gone.png", None), ("empty.png", b""), ("broken.png", b"\x89PNG\r\n\x1a\nno")):
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(NoPictureError, match=r"cannot be opened any more: Document\."):
            picture(tmp_path / name, width=100, height=60)
    body = path.read_bytes()
    (tmp_path / "odd.png").write_bytes(body.replace(b"IDAT", b"IDAT", 1)[:60] + bytes(20) + body[80:])
    with pytest.raises(NoPictureError, match="its image is broken"):
        picture(tmp_path / "odd.png", width=100, height=60)


def test_a_page_that_the_service_rendered_itself_has_no_picture_under_its_polygons(sheet, tmp_path, picture):
    Image.open(sheet()).save(tmp_path / "sheet.pdf", resolution=72)
    with pytest.raises(NoPictureError, match="resolution of its own"):
        picture(tmp_path / "sheet.pdf", width=None, height=None)
    assert picture(tmp_path / "sheet.pdf", width=None, height=None, detections=0).width > 100


class Server:
    """An HTTP server that counts what is asked of it."""

    def __init__(self, body):
        import http.server
        import threading

        asked = self.asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                self.send_response(200)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/scan.png"

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.mark.parametrize("fetch", [False, True])
def test_a_url_is_contacted_only_when_that_is_asked_for(report, dataset, rows, sheet, fetch):
    server = Server(sheet().read_bytes())
    try:
        made = report(dataset(rows(server.url, "text", width=None, height=None)), fetch=fetch)
    finally:
        server.close()
    assert server.asked == (["/scan.png"] if fetch else [])
    assert len(made.pictures) == int(fetch)
    assert ("--fetch" in (made.pages[0]["note"] or "")) != fetch


def test_the_worst_pages_have_their_pictures_when_not_all_may(report, dataset, rows, sheet):
    from airflow_provider_tcocr.report import Bounds

    pages = [rows(sheet(f"{confidence}.png"), ("text", confidence, ())) for confidence in (90, 40, 80, 30, 70)]
    pages.append(rows("gone.png", error_code="Document.Missing", error_message="there is no gone.png"))
    made = report(dataset(*pages), bounds=Bounds(pictures=2))
    assert [place for place, _ in made.pictures] == ["1", "3"]
    assert made.written.pictured == made.summary["pictured"] == 2
    assert all(url.startswith("data:image/webp;base64,") for _, url in made.pictures)
