"""Render the fictional documents that `make demo` reads into `demo/documents/`, the same every time.

Needs Pillow, numpy, fpdf2 and the fonts of Debian's `fonts-noto-cjk`: `python demo/render_documents.py [FOLDER]`.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from fpdf import FPDF
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

NOTO = Path("/usr/share/fonts/opentype/noto")
Font = tuple[str, int]  # a collection, and its index of the simplified Chinese face
SANS, BOLD = ("NotoSansCJK-Regular.ttc", 2), ("NotoSansCJK-Bold.ttc", 2)
MONO, MONO_BOLD = ("NotoSansCJK-Regular.ttc", 7), ("NotoSansCJK-Bold.ttc", 7)
SERIF, SERIF_BOLD = ("NotoSerifCJK-Regular.ttc", 2), ("NotoSerifCJK-Bold.ttc", 2)
INK, RULE, TEAL, SEAL = "#1d2328", "#c9d0d4", "#0f5c66", "#c8352b"
LEFT, RIGHT, CENTRE = "ls", "rs", "ms"

INVOICE = """CW-1040|Cedar writing box, lacquered|4|86.50|346.00
IK-0221|Ink stick, pine soot, 60 g|24|7.25|174.00
BR-3305|Brush set, goat and weasel hair|12|31.90|382.80
PA-7712|Rice paper, 70 x 138 cm, 100 sheets|10|22.40|224.00
ST-0089|Inkstone, slate, 15 cm|6|48.00|288.00
FR-0150|Freight and packing|1|39.75|39.75"""
NOTICE = """各位居民：
　　为更换老旧供水管道，我社区定于2026年5月18日（星期一）上午9时
至下午5时暂停供水。停水范围为梧桐街1号至46号、银杏里全部楼栋。
　　请各户提前储备生活用水，停水期间关好水龙头。恢复供水后，初期
水质可能略显浑浊，请放水两到三分钟后再使用。
　　行动不便的老人如需送水上门，请于5月16日前拨打0000-5550142。
　　给您带来的不便，敬请谅解。感谢您的支持与配合！"""
DELIVERY = """Consignee|Fernhill Observatory, 9 Summit Road, Port Alder
Carrier|Heron Coastal Freight, van 17
Parcels|2 crates, 212.4 kg in all
Crate A|Mirror cell, aluminium, serial MC-00418
Crate B|Equatorial mount with counterweights, 96 kg
Handling|Keep dry. Do not tilt crate A by more than 30 degrees.
Received|14 April 2026, 10:35, signed T. Quill"""
ARTICLE = """The first tide clock of Port Alder was built in 1874 by a lamp maker who had never been to sea. It had
a single hand, a painted moon and a brass bell that rang an hour before high water. Fishermen laughed at it until
the great fog, when nobody could see the marks on the harbour wall and the bell was right eleven days in a row.
The keeper wrote the wind beside each reading, and his notebooks are now worth more than the clock. They hold 38,412
readings over sixty years, in four hands and two languages. Of the first 2,000 lines that were photographed, 1,931
were read without a mistake, and the others mostly fail at a seven with a bar.""".replace("\n", " ")
ESSAY = """各站于当地时间每日8时观测。读数后须将雨量
筒倒空，降水量以毫米为单位，保留一位小数。
不足0.1毫米的降水记为微量，按零处理。遇有
雷雨时，观测员应在室内等候，不得冒险外出。"""
RAIN = "Station 站点|January|March\nFernhill 蕨山|61.4|90.7\nPort Alder 桤木港|73.0|101.3\nLow Meadow 低草甸|40.8|66.1"


def face(font: Font, size: int) -> ImageFont.FreeTypeFont:
    """Open one face at a size in pixels; the basic layout engine draws alike on every machine."""
    return ImageFont.truetype(NOTO / font[0], size, font[1], layout_engine=ImageFont.Layout.BASIC)


class Sheet:
    """A sheet of paper and a pen."""

    def __init__(self, width: int, height: int, paper: str = "white") -> None:
        self.image = Image.new("RGB", (width, height), paper)
        self.pen = ImageDraw.Draw(self.image)

    def text(self, x: int, y: int, text: str, font: Font, size: int, fill: str = INK, anchor: str = LEFT) -> None:
        """Write a line from a point."""
        self.pen.text((x, y), text, fill, face(font, size), anchor)

    def rows(self, y: int, step: int, columns: dict[int, str], rows: str, font: Font, size: int) -> None:
        """Write lines of `|`-separated cells from the baseline y down, each column at its x with its anchor."""
        for number, row in enumerate(rows.split("\n")):
            for (x, anchor), cell in zip(columns.items(), row.split("|"), strict=True):
                self.text(x, y + number * step, cell, font, size, INK, anchor)

    def rule(self, x0: int, y: int, x1: int, fill: str = RULE, width: int = 2) -> None:
        """Draw a level line."""
        self.pen.line((x0, y, x1, y), fill, width)


def invoice() -> Image.Image:
    """Draw an A4 page at 150 dpi whose table adds up."""
    sheet = Sheet(1240, 1754)
    sheet.pen.rectangle((0, 0, 1240, 26), TEAL)
    sheet.text(100, 150, "Larkspur & Finch", SERIF_BOLD, 52, TEAL)
    sheet.text(1140, 150, "INVOICE", BOLD, 54, INK, RIGHT)
    customer = "Bill to\nMoonbridge Calligraphy School\n3 Willow Embankment\nPort Alder PA4 7QX"
    sheet.rows(270, 42, {100: LEFT}, customer, SANS, 25)
    sheet.rows(270, 42, {800: LEFT, 1140: RIGHT}, "No.|LF-2026-0417\nDate|17 April 2026\nDue|17 May 2026", SANS, 25)
    sheet.pen.rectangle((100, 500, 1140, 560), "#e6f0f1")
    columns = {120: LEFT, 270: LEFT, 790: RIGHT, 960: RIGHT, 1120: RIGHT}
    sheet.rows(540, 0, columns, "Item|Description|Qty|Unit price|Amount", BOLD, 25)
    sheet.rows(604, 68, columns, INVOICE, SANS, 25)
    for y in range(628, 1000, 68):
        sheet.rule(100, y, 1140)
    sheet.rows(1030, 62, {720: LEFT, 1120: RIGHT}, "Subtotal|1,454.55\nTax 8 %|116.36", SANS, 28)
    sheet.pen.rectangle((700, 1112, 1140, 1176), outline=TEAL, width=4)
    sheet.rows(1156, 0, {720: LEFT, 1120: RIGHT}, "Total EUR|1,570.91", BOLD, 30)
    sheet.rows(1480, 44, {100: LEFT}, "Payment within 30 days by bank transfer.\naccounts@larkspur.example", SANS, 25)
    return sheet.image


def notice() -> Image.Image:
    """Draw a Chinese notice with a red heading and a seal."""
    sheet = Sheet(1240, 1160, "#fdfcf7")
    sheet.pen.rectangle((36, 36, 1204, 1124), outline=SEAL, width=5)
    sheet.text(620, 165, "停 水 通 知", SERIF_BOLD, 84, SEAL, CENTRE)
    sheet.rule(110, 215, 1130, SEAL, 4)
    sheet.rows(300, 72, {110: LEFT}, NOTICE, SERIF, 32)
    sheet.rows(920, 60, {1090: RIGHT}, "青槐里社区服务站\n2026年5月11日", SERIF, 32)
    sheet.pen.rounded_rectangle((560, 870, 740, 1050), 14, outline=SEAL, width=7)
    sheet.pen.multiline_text((650, 958), "便 民\n专 用", SEAL, face(SERIF_BOLD, 58), "mm", spacing=14)
    return sheet.image


def receipt() -> Image.Image:
    """Draw a till receipt as it leaves the printer."""
    sheet = Sheet(760, 1100, "#f6f4ee")
    sheet.text(380, 110, "THE CORNER KETTLE", MONO_BOLD, 50, INK, CENTRE)
    sheet.text(380, 172, "街角茶壶", BOLD, 42, INK, CENTRE)
    sheet.text(380, 226, "5 Market Steps, Port Alder", MONO, 32, INK, CENTRE)
    columns = {60: LEFT, 700: RIGHT}
    sheet.rows(310, 0, columns, "Table 12|2026-04-14 12:47", MONO, 32)
    sheet.rule(60, 350, 700, INK)
    items = "1 x Jasmine tea, pot|5.80\n2 x Sesame bun|4.80\n1 x Noodle soup 牛肉面|11.50\n2 x Plum juice|6.40"
    sheet.rows(412, 62, columns, items, MONO, 34)
    sheet.rule(60, 634, 700, INK)
    sheet.rows(704, 0, columns, "TOTAL|28.50", MONO_BOLD, 46)
    sheet.rows(772, 54, columns, "Cash|40.00\nChange|11.50", MONO, 34)
    bars = np.random.default_rng(3).integers(2, 9, 88)
    for left, width in zip(160 + np.cumsum(bars)[:-1:2], bars[1::2], strict=True):
        sheet.pen.rectangle((left, 874, left + width - 1, 954), INK)
    sheet.text(380, 1024, "Thank you, come again! 欢迎再来", MONO, 34, INK, CENTRE)
    return sheet.image


def wood(width: int, height: int, rng: np.random.Generator) -> Image.Image:
    """Draw a table top of brown planks, the grain running across."""
    y, x = np.mgrid[0:height, 0:width].astype(float)
    shift = rng.uniform(0, 900, height // 260 + 1)[(y // 260).astype(int)]
    grain = np.sin((y + 9 * np.sin((x + shift) / 170) + shift) / 4.1) + np.sin((y + 9 * np.sin(x / 61) + shift) / 11.3)
    light = 0.78 + 0.033 * grain + 0.06 * np.sin(shift) - 0.35 * (y % 260 < 4)
    return Image.fromarray((np.array([150, 122, 96]) * light[..., None]).clip(0, 255).astype(np.uint8))


def photograph(paper: Image.Image, size: tuple[int, int], corners: list[tuple[int, int]]) -> Image.Image:
    """Lay the paper on a table, corners clockwise from top left, and take its picture under one lamp."""
    rng = np.random.default_rng(11)
    width, height = paper.size
    source = [(0, 0), (width, 0), (width, height), (0, height)]
    equations = []
    for (x, y), (u, v) in zip(corners, source, strict=True):
        equations += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    matrix = np.linalg.solve(np.array(equations, float), np.array(source, float).ravel()).tolist()
    laid = paper.transform(size, Image.Transform.PERSPECTIVE, matrix, Image.Resampling.BICUBIC)
    mask = Image.new("L", size)
    ImageDraw.Draw(mask).polygon(corners, fill=255)
    picture = wood(*size, rng)
    picture.paste("#33281d", mask=ImageChops.offset(mask, 16, 22).filter(ImageFilter.GaussianBlur(16)))
    picture.paste(laid, mask=mask.filter(ImageFilter.MinFilter(5)).filter(ImageFilter.GaussianBlur(1)))
    y, x = np.mgrid[0 : size[1], 0 : size[0]]
    lamp = 1.08 - 0.5 * np.hypot(x / size[0] - 0.3, y / size[1] - 0.25) ** 1.3
    lit = np.asarray(picture.filter(ImageFilter.GaussianBlur(0.7))) * lamp[..., None] * np.array([1.0, 0.97, 0.9])
    return Image.fromarray((lit + rng.normal(0, 3.5, (size[1], size[0], 1))).clip(0, 255).astype(np.uint8))


def scanned(page: Image.Image) -> Image.Image:
    """Return the page in 16 greys, with the dust of a flatbed scanner."""
    rng = np.random.default_rng(5)
    grey = page.convert("L").filter(ImageFilter.GaussianBlur(0.6))
    for x, y in rng.integers(0, grey.size, (60, 2)).tolist():
        grey.putpixel((x, y), 200)
    return grey.point([level // 16 * 17 for level in range(256)])


def delivery_note() -> Image.Image:
    """Draw a typed form, still upright."""
    sheet = Sheet(1240, 740)
    sheet.text(80, 120, "DELIVERY NOTE", MONO_BOLD, 54)
    sheet.text(1160, 120, "No. 005731", MONO, 40, INK, RIGHT)
    sheet.rule(80, 156, 1160, INK, 4)
    sheet.rows(226, 64, {80: LEFT, 270: LEFT}, DELIVERY, MONO, 29)
    for y in range(244, 680, 64):
        sheet.rule(80, y, 1160)
    return sheet.image


def shelf_label() -> Image.Image:
    """Draw a price label, small and bold."""
    sheet = Sheet(560, 330)
    sheet.pen.rectangle((6, 6, 553, 323), outline="black", width=4)
    sheet.text(30, 80, "Oolong tea 乌龙茶", BOLD, 40)
    sheet.rows(228, 0, {30: LEFT, 530: RIGHT}, "EUR|12.90", BOLD, 96)
    sheet.rows(298, 0, {30: LEFT, 530: RIGHT}, "SKU 40-1187|51.60 / kg", MONO, 27)
    return sheet.image.convert("L")


def journal() -> bytes:
    """Compose a born-digital PDF of four A5 pages: cover, two columns in English, Chinese, a table."""
    pdf = FPDF(format=(148, 210))
    pdf.set_creation_date(datetime(2026, 4, 1, tzinfo=UTC))
    pdf.set_margin(16)
    for name, (file, index) in {"sans": SANS, "bold": BOLD, "serif": SERIF}.items():
        pdf.add_font(name, fname=NOTO / file, collection_font_number=index)

    def heading(text: str, size: int = 20) -> None:
        pdf.set_font("bold", size=size)
        pdf.multi_cell(0, size * 0.75, text, new_x="LMARGIN", new_y="NEXT")

    pdf.add_page()
    pdf.set_fill_color(TEAL)
    pdf.rect(0, 0, 148, 70, style="F")
    pdf.set_y(90)
    heading("The Alder Quarterly\n桤木季刊\nSpring 2026 春", 28)
    pdf.add_page()
    heading("The clock that knew the tide")
    pdf.set_font("serif", size=13)
    with pdf.text_columns(ncols=2, gutter=8, line_height=1.4, balance=True) as columns:
        columns.write(ARTICLE)
    pdf.add_page()
    heading("测量降水")
    pdf.set_font("serif", size=15)
    pdf.multi_cell(0, 11, ESSAY)
    pdf.add_page()
    heading("Monthly rain in mm 月降水量")
    pdf.set_font("sans", size=12)
    for row in RAIN.split("\n"):
        for cell, width in zip(row.split("|"), (60, 28, 28), strict=True):
            pdf.cell(width, 12, cell, border="B", align="L" if width == 60 else "R")
        pdf.ln()
    return bytes(pdf.output())


def main(folder: Path) -> None:
    """Write every document into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    corners = [(330, 120), (880, 190), (920, 1290), (120, 1180)]
    invoice().save(folder / "invoice.png", optimize=True)
    notice().save(folder / "notice 停水通知.jpg", quality=82, optimize=True)
    photograph(receipt(), (1120, 1400), corners).save(folder / "receipt-photo.jpg", quality=76, optimize=True)
    scanned(delivery_note()).transpose(Image.Transpose.ROTATE_270).save(folder / "delivery-note-rotated.png")
    scanned(Sheet(1240, 1754).image).save(folder / "blank-page.png", optimize=True)
    shelf_label().save(folder / "shelf-label.bmp")
    (folder / "journal.pdf").write_bytes(journal())
    scan = (folder / "delivery-note-rotated.png").read_bytes()
    (folder / "broken-upload.png").write_bytes(scan[:6000])  # as an upload that stopped on the way


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "documents")
