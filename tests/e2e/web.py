"""What a person does in the web interface: a connection made and tested, a Dag run, its links looked at."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from tests.chaos.check import Check
from tests.e2e.processes import until
from tests.e2e.stage import DAG_ID, Stage

SHOWN_SCHEMES: Final = ("", "http", "https", "mailto")
"""Of the extra links that Airflow's web interface shows; "" is a page of its own. It leaves out all others."""
LINK: Final = "a[rel~=noopener]"
SHOWN: Final = {"MetaDatabase", "Scheduler", "Triggerer", "Dag Processor"}
"""What the home page shows the health of."""
CELL: Final = "a[data-testid^='grid-'][href*='/runs/']"


def login(stage: Stage) -> list[Check]:
    """The home page; Airflow's simple auth manager takes everybody for an admin."""
    browser = stage.browser
    browser.open("/")
    browser.find("[data-testid=nav-sidebar]", text="Admin")
    for name in SHOWN:
        browser.find("[data-testid=main-content] .chakra-badge", text=name)
    browser.picture("home")
    healthy = {
        one.text for one in browser.all("[data-testid=main-content] .chakra-badge") if _is_green(browser.colour(one))
    }
    return [Check("parts shown in green", len(healthy & SHOWN), "==", len(SHOWN))]


def connection(stage: Stage) -> list[Check]:
    """The connection made in the web form by the labels that the provider gives its fields, then tested."""
    browser, account = stage.browser, stage.emulator.connection
    endpoint, _, port = stage.emulator.url.rpartition(":")
    browser.open("/connections")
    browser.click("button", text="Add Connection")
    browser.fill("Connection ID", "tencentcloud_default")
    browser.choose("Connection Type", "Tencent Cloud OCR")
    browser.fill("Endpoint", endpoint)
    browser.fill("SecretId", account["login"])
    browser.fill("SecretKey", account["password"])
    browser.fill("Port", port)  # without a port, the test button of Airflow 3.3.2 is refused: apache/airflow#73298
    browser.picture("connection-standard-fields")
    browser.click("[role=dialog] button", text="Extra Fields")
    browser.fill("Calls a second", "200")
    browser.fill("Time-out", "20")
    browser.choose("Credential", "static")
    browser.picture("connection-extra-fields")
    browser.click("[role=dialog] button", text="Save")
    browser.find("[data-testid=table-cell-connection_id]", text="tencentcloud_default")
    browser.until("the form's end", lambda _: not browser.all("[role=dialog]"))
    browser.picture("connection-saved")
    browser.open("/connections")
    browser.click("button[aria-label='Test Connection']")
    told = browser.find("[data-scope=toast][data-part=root]", text="Test Connection")
    said = told.text
    browser.picture("connection-tested")
    kept = stage.airflow.api.get("/api/v2/connections/tencentcloud_default")
    extra = kept["extra"] or "{}"
    return [
        Check("connection type", kept["conn_type"], "==", "tencentcloud"),
        Check(
            "custom fields kept", sum(one in extra for one in ('"max_qps": 200', '"timeout": 20', "static")), "==", 3
        ),
        Check("test", " ".join(said.split()) if "Successful" not in said else "successful", "==", "successful"),
        Check("calls billed by the test", stage.emulator.ledger()["billed"], "==", 0),
    ]


def dag(stage: Stage) -> list[Check]:
    """The example Dag: unpaused, triggered, watched until its grid is green."""
    browser, api = stage.browser, stage.airflow.api
    until(f"the Dag {DAG_ID}", lambda: api.dag_known(DAG_ID))
    browser.open("/dags")
    browser.find("[data-testid=dag-id]", text=DAG_ID)
    browser.picture("dags")
    browser.open(f"/dags/{DAG_ID}")
    browser.click("[data-testid=toggle-pause]")
    until("an unpaused Dag", lambda: not api.get(f"/api/v2/dags/{DAG_ID}")["is_paused"])
    browser.click("[data-testid=trigger-dag-button]")
    browser.find("[data-testid=trigger-dag-submit]")
    browser.picture("dag-trigger")
    browser.click("[data-testid=trigger-dag-submit]")
    run = until("a run", lambda: api.get(f"/api/v2/dags/{DAG_ID}/dagRuns")["dag_runs"])
    stage.run_id = str(run[0]["dag_run_id"])
    browser.open(f"/dags/{DAG_ID}")
    browser.until("a task in the grid", lambda _: browser.all(CELL))
    browser.picture("dag-running")
    state = api.ended(DAG_ID, stage.run_id)
    tasks = api.states(DAG_ID, stage.run_id)

    def green(_: Any) -> list[bool] | None:
        cells = [_is_green(browser.colour(cell)) for cell in browser.all(f"{CELL} [data-testid=task-state-badge]")]
        return cells if len(cells) == len(tasks) and all(cells) else None

    cells = browser.until("green tasks", green)
    bar = f"a[href='/dags/{DAG_ID}/runs/{stage.run_id}/'] div"
    browser.until("a green run", lambda _: _is_green(browser.colour(browser.find(bar))))
    browser.picture("dag-green")
    return [
        Check("run", state, "==", "success"),
        Check("green tasks in the grid", len(cells), "==", len(tasks)),
        Check("calls", stage.emulator.ledger()["billed"], ">=", 1),
    ]


def task(stage: Stage) -> list[Check]:
    """The task's page: its log, every extra link that it offers, its manifest in XCom."""
    browser = stage.browser
    page = f"/dags/{DAG_ID}/runs/{stage.run_id}/tasks/recognize"
    links = {name: href for name, href in stage.airflow.api.links(DAG_ID, stage.run_id, "recognize").items() if href}
    browser.open(page)
    browser.find("[data-testid=main-content]", text="Dataset ")
    browser.picture("task-log")
    browser.open(f"{page}/details")
    browser.find("[data-testid=main-content]", text="Max Tries")
    showing = sorted(name for name, href in links.items() if urlsplit(href).scheme in SHOWN_SCHEMES)
    shown = {name: browser.find(LINK, text=name).get_attribute("href") or "" for name in showing}
    browser.picture("task-details-and-links")
    browser.open(f"{page}/xcom")
    browser.click("button[aria-label^='Expand all']")
    browser.find("[data-testid=main-content]", text="pages_uri")
    browser.picture("task-xcom")
    checks = [Check("extra links shown", len(shown), ">=", 1)]
    checks += [Check(f"{name} to {_start(href)}, sound", _is_sound(href), "==", True) for name, href in shown.items()]
    checks += [
        Check(f"left out by Airflow: {name} to {_start(links[name])}", 1) for name in links.keys() - shown.keys()
    ]
    browser.open(f"{page}/details")
    for name, href in shown.items():
        checks.append(Check(f"{name} opens its page", browser.opened_by(LINK, text=name) == href, "==", True))
    return checks


def _is_green(colour: tuple[int, int, int]) -> bool:
    red, green, blue = colour
    return green > 60 and green > 1.5 * max(red, blue)


def _is_sound(href: str) -> bool:
    """Whether it is a page of the web, all of it rendered, and bears no password."""
    parts = urlsplit(href)
    unrendered = any(one in href for one in ("None", "{{", "%7B%7B"))
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.password and not unrendered


def _start(href: str) -> str:
    """Scheme and host."""
    return "{0.scheme}://{0.netloc}".format(urlsplit(href))
