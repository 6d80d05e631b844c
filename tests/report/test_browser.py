"""The report in a real Chromium, opened from disk: what a person sees and does. Without one, skipped by name."""

import base64
import io

import pypdfium2
import pytest
from PIL import Image

pytestmark = pytest.mark.browser

SIZES = pytest.mark.parametrize("width", [1280, 400])
SCHEMES = pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
CONTRAST = """(() => {
  const light = (colour) => { const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map((one) => one / 255)
      .map((one) => one <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const sheet = light(getComputedStyle(document.querySelector(".page")).backgroundColor);
  return [...document.querySelectorAll(".lines b, .facts, .where, .legend b, .score")].map((one) => {
    const [low, high] = [light(getComputedStyle(one).color), sheet].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05); });
})()"""


@pytest.fixture
def shown(browser, report, dataset):
    """Show the report of some pages; afterwards nothing but the file was asked for, and nothing was complained of."""
    browser.requests.clear()
    browser.problems.clear()
    paths = []

    def show(*pages, **how):
        made = report(dataset(*pages))
        paths.append(made.path.as_uri())
        browser.open(made.path, **how)
        browser.wait("document.querySelector('#found').textContent")
        if pages:
            browser.wait("document.querySelector('article h2')")
        return made

    yield show
    assert {url for url in browser.requests if not url.startswith("data:")} == set(paths)
    assert browser.problems == []


def names(browser):
    """The pages in their order, built or not."""
    return browser.run("[...document.querySelectorAll('article')].map((one) => one.page.name)")


def linked(browser):
    """What is lit: the texts of lines, the labels of polygons."""
    return browser.run(
        "[[...document.querySelectorAll('.lines li.on span')].map((one) => one.textContent),"
        " [...document.querySelectorAll('polygon.on')].map((one) => one.getAttribute('aria-label'))]"
    )


def lines(count):
    return [(f"line {n}", 99 - n, ((5, 5 * n), (95, 5 * n), (95, 5 * n + 4), (5, 5 * n + 4))) for n in range(count)]


@SIZES
@SCHEMES
def test_it_fits_the_window_and_is_legible(browser, shown, rows, sheet, width, dark):
    levels = [(f"word {confidence}", confidence, ()) for confidence in (30, 60, 80, 90, 99)]
    pages = [rows(sheet(), *levels), rows("b" * 300 + ".png", "x" * 300)]
    shown(
        *pages,
        rows("c", error_code="E" * 200, error_message="m" * 500),
        width=width,
        height=4000,
        dark=dark,
        touch=width == 400,
    )
    browser.wait("document.querySelectorAll('article h2').length === 3")
    assert browser.run("document.documentElement.scrollWidth") == width
    contrasts = browser.run(CONTRAST)
    assert len(contrasts) > 10
    assert min(contrasts) >= 4.5
    pixel = Image.open(io.BytesIO(browser.screenshot())).convert("L").getpixel((2, 2))
    assert (pixel < 60) == dark


def test_pages_are_built_when_they_are_scrolled_to_and_taken_down_behind(browser, shown, rows):
    shown(*[rows(f"page-{number:03}", *lines(9)) for number in range(300)])
    built = "[...document.querySelectorAll('article')].flatMap((one) => one.firstChild ? [one.page.place] : [])"
    first = browser.run(built)
    assert 0 < len(first) < 12
    browser.run("document.querySelector('#article-200').scrollIntoView()")
    browser.wait(f"{built}.includes(200)")
    browser.wait(f"!{built}.includes(0)")
    assert len(browser.run(built)) < 12


def test_all_pages_that_are_chosen_are_printed(browser, shown, rows):
    shown(rows("broken", error_code="E"), *(rows(f"page-{n}", *[f"word-{n}"] * 30) for n in range(40)))
    built = browser.run("document.querySelectorAll('article h2').length")
    browser.run("document.querySelector('[data-status=recognized]').click()")
    printed = base64.b64decode(browser("Page.printToPDF")["data"])
    with pypdfium2.PdfDocument(printed) as pdf:
        words = "\n".join(page.get_textpage().get_text_bounded() for page in pdf).split()
    assert [words.count(f"word-{n}") for n in range(40)] == [30] * 40
    assert "broken" not in words
    browser.wait(f"document.querySelectorAll('article h2').length <= {built}")


def test_a_line_and_its_polygon_are_lit_together_under_the_pointer(browser, shown, rows):
    shown(rows("a", *lines(9)))
    browser.hover("polygon[data-at='4']")
    browser.wait("document.querySelector('polygon.on')")
    assert linked(browser) == [["line 4"], ["line 4 (confidence 95)"]]
    assert browser.run("document.querySelector('.reading').textContent") == "95 line 4"
    browser.hover("li[data-at='7']")
    browser.wait("document.querySelector('li.on').dataset.at === '7'")
    assert linked(browser) == [["line 7"], ["line 7 (confidence 92)"]]


@pytest.mark.parametrize("kind", ["li", "polygon"])
def test_a_line_and_its_polygon_are_lit_together_by_the_keyboard(browser, shown, rows, kind):
    shown(rows("a", *lines(9)))
    browser.run(f"document.querySelector('{kind}[tabindex=\"0\"]').focus()")
    assert linked(browser)[0] == ["line 0"]
    browser.press("ArrowDown")
    browser.press("ArrowRight")
    assert linked(browser) == [["line 2"], ["line 2 (confidence 97)"]]
    assert browser.run("document.activeElement.localName") == kind
    browser.press("End")
    assert linked(browser)[0] == ["line 8"]
    assert browser.run(f"document.querySelectorAll('{kind}[tabindex=\"0\"]').length") == 1


def test_the_worst_page_is_first_and_pages_are_filtered_sorted_and_searched(browser, shown, rows):
    bad = rows("d.png", error_code="FailedOperation.OcrFailed", error_message="It failed.")
    even = rows("b.png", ("even", 80, ()), ("steady", 80, ()))
    shown(rows("a.png", ("good", 99, ())), even, rows("c.png", ("Ärger", 60, ()), ("fine", 99, ())), rows("e.png"), bad)
    assert names(browser) == ["d.png", "c.png", "b.png", "a.png", "e.png"]
    assert browser.run("document.querySelector('#worst .name').textContent") == "c.png"
    for status, wanted in (("recognized", ["c.png", "b.png", "a.png"]), ("failed", ["d.png"]), ("empty", ["e.png"])):
        browser.run(f"document.querySelector('[data-status={status}]').click()")
        assert names(browser) == wanted
    browser.run("document.querySelector('[data-status=all]').click()")
    order = "(() => {{ const one = document.querySelector('#order'); one.value = '{}'; "
    order += "one.dispatchEvent(new Event('change', {{bubbles: true}})); }})()"
    browser.run(order.format("place"))
    assert names(browser) == ["a.png", "b.png", "c.png", "e.png", "d.png"]
    browser.run("document.querySelector('#search').focus()")
    browser("Input.insertText", text="ÄRGER")
    browser.wait("document.querySelector('#found').textContent === '1 of 5 pages'")
    assert names(browser) == ["c.png"]
    browser.wait("document.querySelector('li.hit')")
    browser.run("document.querySelector('#worst li:nth-child(3) button').click()")
    assert browser.run("document.activeElement.page.name") == "a.png"
    assert len(names(browser)) == 5


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp"])
@pytest.mark.parametrize(("angle", "orientation"), [(0, 1), (0, 6), (90, 6), (180, 1), (-90, 8)])
def test_what_a_polygon_covers_on_the_screen_is_the_word(browser, shown, rows, sheet, suffix, angle, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    shown(rows(sheet(f"sheet.{suffix}", exif=exif), "word", angle=angle), height=2000)
    browser.run("document.querySelector('svg image').decode?.()")
    left, top, right, bottom = browser.run(
        "(() => { document.querySelector('figure svg').scrollIntoView();"
        " const at = document.querySelector('polygon').getBoundingClientRect();"
        " return [at.left, at.top, at.right, at.bottom]; })()"
    )
    browser.wait("document.querySelector('svg image').getBBox().width")
    seen = Image.open(io.BytesIO(browser.screenshot())).convert("L")
    inside = [
        seen.getpixel((left + (right - left) * x, top + (bottom - top) * y)) for x in (0.1, 0.9) for y in (0.1, 0.9)
    ]
    assert max(inside) < 80
    assert (right - left > bottom - top) == (angle % 180 == 0)
    aside = seen.getpixel((left - 8, (top + bottom) / 2))
    assert aside > 200


def test_hostile_names_and_texts_are_only_read(browser, shown, rows):
    text = "</script><img src=x onerror=\"document.title='owned'\"><svg/onload=alert(1)>{{script}}"
    shown(rows(text, text), rows("b" + text, error_code=text, error_message=text))
    browser.wait("document.querySelectorAll('article h2').length === 2")
    assert browser.run("document.querySelector('.lines span').textContent") == text
    assert browser.run("document.querySelector('.wrong code').textContent") == text
    assert browser.run("document.title") == "Recognition report"
    assert browser.run("document.querySelectorAll('img').length") == 0


def test_the_policy_keeps_out_scripts_and_the_network(browser, report, dataset, rows):
    browser.open(report(dataset(rows("a", "text"))).path)
    browser.requests.clear()
    for way in ("one.append('window.owned = 1')", "one.src = 'http://127.0.0.1:9/x.js'"):
        made = f"const one = document.createElement('script'); {way}; document.head.append(one)"
        browser("Runtime.evaluate", expression=f"(() => {{ {made} }})()")
    refused = "fetch('http://127.0.0.1:9/').then(() => 'sent', (error) => error.name)"
    assert browser.run(refused) == "TypeError"
    assert browser.run("window.owned === undefined")
    violations = [one for one in browser.problems if "Content Security Policy" in str(one)]
    assert len(violations) >= 2
    browser.problems.clear()
