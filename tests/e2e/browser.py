"""A headless Chromium: found or installed, driven by its own driver, and its screenshots."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver
    from selenium.webdriver.remote.webelement import WebElement

T = TypeVar("T")
CHROMIUM: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DRIVER: Final = ("chromedriver", "chromium.chromedriver")
SIZE: Final = (1280, 1143)
"""Of the window; the page in it is 1280 wide and 1000 high."""
FLAGS: Final = (
    "--headless=new",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--force-device-scale-factor=1",
    "--lang=en-US",
    f"--window-size={SIZE[0]},{SIZE[1]}",
)
_FIELD: Final = """
const label = [...document.querySelectorAll("label")].find(
    one => one.innerText.replace("*", "").trim() === arguments[0]);
return label?.closest("[data-part=root]")?.querySelector("input") ?? null;
"""
_COLOUR: Final = """
const canvas = document.createElement("canvas").getContext("2d");
canvas.fillStyle = getComputedStyle(arguments[0]).backgroundColor;
canvas.fillRect(0, 0, 1, 1);
return [...canvas.getImageData(0, 0, 1, 1).data];
"""


class MissingBrowserError(Exception):
    """There is no Chromium, and it cannot be installed here."""


def find_browser() -> tuple[str, str]:
    """The paths of Chromium and its driver; on a Debian, root installs what is absent."""
    if not _found():
        _install()
    if not (found := _found()):
        raise MissingBrowserError(
            "make e2e needs Chromium and ChromeDriver on the PATH (Debian: apt-get install chromium chromium-driver)"
        )
    return found


def _found() -> tuple[str, str] | None:
    chromium = next(filter(None, map(shutil.which, CHROMIUM)), None)
    driver = next(filter(None, map(shutil.which, DRIVER)), None)
    return (chromium, driver) if chromium and driver else None


def _install() -> None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    print("installing Debian's chromium and chromium-driver ...", flush=True)
    environ = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update", "-qq"], ["install", "-qq", "--no-install-recommends", "chromium", "chromium-driver"]):
        done = subprocess.run(["apt-get", "-y", *words], env=environ, capture_output=True, text=True)
        if done.returncode:
            raise MissingBrowserError(f"apt-get {words[0]} ended with {done.returncode}:\n{done.stderr[-2000:]}")


class Browser:
    """A window, what is found in it, and pictures of it.

    :param url: of the site, before every path
    :param environ: of the driver and the browser
    :param profile: an empty folder
    :param pictures: where screenshots go
    """

    def __init__(self, url: str, *, environ: Mapping[str, str], profile: Path, pictures: Path) -> None:
        from selenium.webdriver import Chrome, ChromeOptions
        from selenium.webdriver.chrome.service import Service

        chromium, driver = find_browser()
        options = ChromeOptions()
        options.binary_location = chromium
        options.set_capability("goog:loggingPrefs", {"browser": "SEVERE"})
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        if os.geteuid() == 0:
            options.add_argument("--no-sandbox")
        # Both paths are given: nothing is looked up or downloaded.
        self.driver: WebDriver = Chrome(options, Service(driver, env={**environ, "SE_OFFLINE": "true"}))
        self.url, self.pictures = url, pictures
        self.taken: list[Path] = []

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        self.driver.quit()

    def open(self, path: str) -> None:
        """Go to a page of the site."""
        self.driver.get(self.url + path)

    def find(self, selector: str, *, text: str = "", timeout: float = 60.0) -> WebElement:
        """Wait for an element that is shown.

        :param selector: of CSS
        :param text: that it holds
        """

        def shown(_: Any) -> WebElement | None:
            return next((one for one in self.all(selector) if one.is_displayed() and text in one.text), None)

        return self.until(f"{selector} {text!r}".strip(), shown, timeout=timeout)

    def all(self, selector: str) -> list[WebElement]:
        """Every element that is there now."""
        return self.driver.find_elements("css selector", selector)

    def until(self, what: str, told: Callable[[WebDriver], T | None], *, timeout: float = 60.0) -> T:
        """Wait for something; an element that is drawn anew meanwhile is looked for again."""
        from selenium.common.exceptions import StaleElementReferenceException, TimeoutException
        from selenium.webdriver.support.wait import WebDriverWait

        waiting = WebDriverWait(self.driver, timeout, 0.2, ignored_exceptions=[StaleElementReferenceException])
        try:
            found = waiting.until(told)
        except TimeoutException as error:
            self.picture("failed")
            raise TimeoutError(f"{what}: not on {self.driver.current_url} within {timeout:.0f} s") from error
        assert found
        return found

    def click(self, selector: str, *, text: str = "", timeout: float = 60.0) -> None:
        """Click on an element as soon as it takes clicks."""
        from selenium.common.exceptions import ElementClickInterceptedException, StaleElementReferenceException

        def clicked(_: Any) -> bool:
            one = self.find(selector, text=text, timeout=timeout)
            with contextlib.suppress(ElementClickInterceptedException, StaleElementReferenceException):
                if one.is_enabled():
                    one.click()
                    return True
            return False

        self.until(f"{selector} {text!r} that takes a click".strip(), clicked, timeout=timeout)

    def opened_by(self, selector: str, *, text: str) -> str:
        """Click on a link that opens a tab of its own; gives the tab's address, whether or not its host is reached."""
        driver, own = self.driver, self.driver.current_window_handle
        self.click(selector, text=text)
        tab = self.until(
            f"a tab of {text!r}", lambda _: next((one for one in driver.window_handles if one != own), None)
        )
        driver.switch_to.window(tab)
        address = self.until(f"the address of {text!r}", lambda _: driver.current_url.partition("about:")[0])
        self.picture("link")
        driver.close()
        driver.switch_to.window(own)
        return address

    def fill(self, label: str, value: str) -> None:
        """Type into the field that bears a label, in the place of what stands in it."""
        field = self.field(label)
        field.clear()
        field.send_keys(value)
        self.until(f"{label} holding its value", lambda _: field.get_attribute("value") == value)

    def choose(self, label: str, value: str) -> None:
        """Choose from the list that bears a label."""
        self.field(label).send_keys(value)
        self.click("[role=option]", text=value)

    def field(self, label: str) -> WebElement:
        """Wait for the field that bears a label, and bring it into view."""

        def shown(driver: WebDriver) -> WebElement | None:
            field = driver.execute_script(_FIELD, label)
            return field if field is not None and field.is_displayed() else None

        field = self.until(f"a field {label!r}", shown)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", field)
        return field

    def colour(self, element: WebElement) -> tuple[int, int, int]:
        """Red, green and blue of an element's background."""
        red, green, blue, _ = self.driver.execute_script(_COLOUR, element)
        return red, green, blue

    def picture(self, name: str) -> Path:
        """Take a screenshot."""
        path = self.pictures / f"{len(self.taken) + 1:02}-{name}.png"
        self.driver.save_screenshot(str(path))
        self.taken.append(path)
        return path
