"""The documentation says what the code does: its blocks run, its tables are the code's own, its links lead somewhere.

``python tests/test_docs.py`` writes the generated tables anew.
"""

from __future__ import annotations

import inspect
import re
import shlex
import shutil
import sys
import textwrap
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import pytest

import airflow_provider_tcocr

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = Path(airflow_provider_tcocr.__file__).parent
DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [*(ROOT / f"{name}.md" for name in ("README", "CHANGELOG", "CONTRIBUTING", "SECURITY")), *DOCS]
DEMO = ("blank-page.png", "broken-upload.png", "invoice.png", "journal.pdf", "shelf-label.bmp")

FENCE = re.compile(
    r"(?:^<!-- (?P<mark>[^>]+?) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
LINK = re.compile(r"\[[^\]]+\]\((?P<target>[^)\s]+)\)")  # pictures too
GENERATED = re.compile(r"(<!-- generated: (?P<name>[\w-]+) -->\n)(?P<text>.*?)(<!-- end -->)", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the comment above it, its text and its line in the page."""

    page: Path
    line: int
    language: str
    mark: str
    text: str

    @property
    def name(self) -> str:
        return f"{self.page.name}:{self.line}"


def blocks_of(page: Path) -> list[Block]:
    text = page.read_text()
    return [
        Block(
            page,
            text.count("\n", 0, found.start("language")) + 2,
            found["language"],
            found["mark"] or "",
            found["text"],
        )
        for found in FENCE.finditer(text)
    ]


BLOCKS = [block for page in PAGES for block in blocks_of(page)]


def named(blocks):
    return [pytest.param(block, id=block.name) for block in blocks]


def slug(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    kept = re.sub(r"[^\w\- ]", "", re.sub(r"[`*]", "", heading).strip().lower())
    return kept.replace(" ", "-")


def anchors_of(page: Path) -> set[str]:
    prose = FENCE.sub("", page.read_text())
    return {slug(heading) for heading in re.findall(r"^#+ (.+)$", prose, re.MULTILINE)}


def table_under(page: str, heading: str) -> list[list[str]]:
    """The cells of the first table after a heading, code marks taken off, without its head."""
    text = (ROOT / "docs" / page).read_text()
    _, found, rest = text.partition(f"\n{heading}\n")
    assert found, f"{page} has no heading {heading!r}"
    rows = []
    for line in rest.splitlines():
        if line.startswith("|"):
            cells = re.split(r"(?<!\\)\|", line.strip().strip("|"))
            rows.append([cell.strip().strip("`").replace("\\|", "|") for cell in cells])
        elif rows:
            break
    return rows[2:]


# What is generated.


def error_table() -> str:
    """Every code of the fault table, grouped by what the caller can do."""
    from airflow_provider_tcocr import exceptions
    from airflow_provider_tcocr.api.faults import FAULTS, fault_of

    order = [name for name in vars(exceptions) if name.endswith("Error")]
    rows = [(code, fault) for code, fault in FAULTS.items()]
    families = sorted({code.partition(".")[0] for code in FAULTS})
    for family in families:
        fault = fault_of(f"{family}.")
        if fault.reason.startswith("an unknown code of"):
            rows.append((f"{family}.*", fault))
    rows.append(("anything else", fault_of("Nobody.KnowsThis")))
    rows.sort(key=lambda row: (order.index(row[1].error.__name__), row[0] == "anything else"))  # stable within a class
    lines = ["| code | class | repeated | billed | why | what to do |", "|---|---|---|---|---|---|"]
    for code, fault in rows:
        shown = code if code == "anything else" else f"`{code}`"
        lines.append(
            f"| {shown} | `{fault.error.__name__}` | {_repeated(fault)} | {'yes' if fault.billed else 'no'} "
            f"| {fault.reason} | {fault.advice} |"
        )
    return "\n".join(lines) + "\n"


def _repeated(fault) -> str:
    if fault.error.__name__ == "ThrottledError":
        return "until it passes"
    if fault.fresh_credential:
        return "once, temporary keys only"
    if fault.fresh_clock:
        return "once, by the server's clock"
    return f"up to {fault.retries} times" if fault.retries else "no"


def floors() -> str:
    """The layers that import-linter holds, top floor first."""
    configured = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (contract,) = (one for one in configured if one["type"] == "layers")
    lines = [
        "   ".join(room.strip().removeprefix("airflow_provider_tcocr.") for room in layer.split("|"))
        for layer in contract["layers"]
    ]
    return "```text\n" + "\n".join(lines) + "\n```\n"


def table(head, rows) -> str:
    return "".join(f"| {' | '.join(row)} |\n" for row in [head, ["---"] * len(head), *rows]).replace("| --- ", "|---")


def action_table() -> str:
    """What each action is for, where it is offered, and what it takes."""
    from airflow_provider_tcocr.api.actions import ACTIONS

    rows = []
    for action in ACTIONS.values():
        sites = [action.mainland] + ([action.international] if action.international else [])
        limits = dict.fromkeys(f"{site.max_base64:,}" for site in sites)
        rows.append(
            [
                f"`{action.name}`",
                action.about,
                "both" if action.international else "mainland",
                f"{action.qps}",
                ", outside the mainland ".join(limits),
                ", ".join(kind for kind in ("PNG", "JPEG", "BMP") if kind in action.mainland.formats),
                "yes" if action.takes_pdf else "no",
            ]
        )
    return table(["action", "for", "site", "quota", "largest image", "images", "one-page PDFs"], rows)


def option_table() -> str:
    """Every option of every action, with its rules."""
    from airflow_provider_tcocr.api.actions import ACTIONS

    rows = []
    for action in ACTIONS.values():
        for name, option in action.options.items():
            rules = [option.about]
            if option.choices and len(option.choices) > 3:
                rules.append("one of " + ", ".join(f'`"{choice}"`' for choice in option.choices))
            if option.only_with:
                rules.append(f'only with `{option.only_with[0]}="{option.only_with[1]}"`')
            if option.not_with:
                rules.append(f"not with `{option.not_with}`")
            if option.mainland_only:
                rules.append("not on the international endpoint")
            values = ", ".join(f'`"{choice}"`' for choice in option.choices[:3]) if len(option.choices) <= 3 else "text"
            default = f'`"{option.default}"`' if isinstance(option.default, str) else f"`{option.default}`"
            rows.append([f"`{action.name}`", f"`{name}`", values or "bool", default, "; ".join(rules)])
        if not action.options:
            rows.append([f"`{action.name}`", "none", "", "", ""])
    return table(["action", "option", "value", "default", "what it does"], rows)


def column_table() -> str:
    """Which columns of the detections an action can fill."""
    from airflow_provider_tcocr.api.actions import ACTIONS

    columns = {
        "item_polygon": {"ItemPolygon"},
        "words": {"Words", "WordCoordPoint", "WordPolygon"},
        "language": {"Language"},
    }
    rows = [
        [f"`{action.name}`"]
        + ["yes" if fields & {*action.detection_fields, *action.page_fields} else "null" for fields in columns.values()]
        for action in ACTIONS.values()
    ]
    return table(["action", *(f"`{column}`" for column in columns)], rows)


def torture_table() -> str:
    """The set that tests/documents/test_torture.py puts through a batch: a document, what goes, what the row says."""
    from tests.documents.torture import CASES

    lines = ["| document | sent | `prepared` | row |", "|---|---|---|---|"]
    for case in CASES:
        sent = "no call" if case.sent is None else case.sent if case.prepared else f"{case.sent}, byte for byte"
        lines.append(f"| {case.what} | {sent} | {case.prepared or 'null'} | `{case.row}` |")
    return "\n".join(lines) + "\n"


GENERATORS = {
    "actions": action_table,
    "columns": column_table,
    "documents": torture_table,
    "errors": error_table,
    "floors": floors,
    "options": option_table,
}


def regenerated(text: str) -> str:
    return GENERATED.sub(lambda found: found[1] + GENERATORS[found["name"]]() + found[4], text)


# The pages.


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_what_is_generated_is_what_the_code_gives_now(page):
    text = page.read_text()
    assert text == regenerated(text), f"{page.name} is stale: run python tests/test_docs.py"


def test_every_generator_is_used():
    found = {found["name"] for page in DOCS for found in GENERATED.finditer(page.read_text())}
    assert found == set(GENERATORS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_relative_link_leads_to_a_file_and_to_a_heading_in_it(page):
    broken = []
    for found in LINK.finditer(FENCE.sub("", page.read_text())):
        target = found["target"]
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = page if not name else (page.parent / name).resolve()
        if not file.exists() or (anchor and anchor not in anchors_of(file)):
            broken.append(target)
    assert broken == []


def test_the_index_names_every_page():
    index = (ROOT / "docs" / "index.md").read_text()
    assert [page.name for page in DOCS if page.name != "index.md" and f"({page.name})" not in index] == []


@pytest.mark.parametrize("block", named(block for block in BLOCKS if block.language == "python"))
def test_every_python_block_compiles(block):
    compile(block.text, block.name, "exec")


@pytest.mark.parametrize("block", named(block for block in BLOCKS if block.language == "json"))
def test_every_json_block_is_json(block):
    import json

    json.loads(block.text)


def test_every_fence_is_found_and_every_mark_is_known():
    for page in PAGES:
        assert page.read_text().count("\n```") == 2 * len(blocks_of(page)), page.name
    marks = {block.mark.split()[0] for block in BLOCKS if block.mark}
    assert marks <= {"run", "try", "output", "from", "generated:"}


@pytest.mark.parametrize("block", named(block for block in BLOCKS if block.mark.startswith("from ")))
def test_a_block_from_an_example_is_what_stands_in_the_example(block):
    _, file, mark = block.mark.split()
    source = (ROOT / file).read_text()
    inside = source.partition(f"# [START {mark}]\n")[2].rpartition(f"# [END {mark}]")[0]
    assert textwrap.dedent(inside.rpartition("\n")[0] + "\n").strip() == block.text.strip()


def test_every_mark_of_the_examples_is_shown_in_the_documentation():
    marks = {
        f"{path.relative_to(ROOT)} {mark}"
        for path in (ROOT / "example_dags").glob("*.py")
        for mark in re.findall(r"# \[START (\w+)\]", path.read_text())
    }
    shown = {block.mark.removeprefix("from ") for block in BLOCKS if block.mark.startswith("from ")}
    assert marks == shown


RUNNING = [page for page in PAGES if any(block.mark == "run" for block in blocks_of(page))]


@pytest.mark.parametrize("page", RUNNING, ids=lambda page: page.name)
def test_the_blocks_that_are_marked_run_and_print_what_the_page_says(
    page, tcocr_emulator, tmp_path, request, capsys, monkeypatch
):
    """In order, in one namespace, in a folder that ``/data`` stands for; a Dag that a block makes is run by Airflow."""
    data = tmp_path / "data"
    (data / "inbox").mkdir(parents=True)
    monkeypatch.chdir(data)
    for name in DEMO:
        shutil.copy(ROOT / "demo" / "documents" / name, data / "inbox")
    namespace = {"__name__": "docs"}
    printed = ""
    for block in blocks_of(page):
        text = re.sub(r"(?<![\w/])/data/", f"{data}/", block.text)
        if block.mark == "run" and block.language == "python":
            before = set(map(id, namespace.values()))
            exec(compile("\n" * (block.line - 1) + text, str(page), "exec"), namespace)
            printed = capsys.readouterr().out
            for dag in [value for value in namespace.values() if type(value).__name__ == "DAG"]:
                if id(dag) not in before:
                    ended = request.getfixturevalue("run_dag")(dag)
                    assert str(ended.state).endswith("success"), block.name
                    capsys.readouterr()
        elif block.mark == "run":
            assert block.language == "sql", block.name
            import duckdb

            printed = "\n".join(" ".join(map(str, row)) for row in duckdb.sql(text).fetchall())
        elif block.mark == "output":
            assert printed.replace(str(data), "/data").strip() == block.text.strip(), block.name


# The reference.

NAMED = re.compile(
    r"^\.\. (?:automodule|py:module):: (?P<module>\S+)|^   :members: (?P<members>\S.*)|"
    r"^\.\. auto(?:class|exception|function|data):: (?P<name>\S+)",
    re.MULTILINE,
)


def referenced() -> dict[str, object]:
    """What ``reference.rst`` names: the full name, and what it stands for."""
    module, found = "", {}
    for line in NAMED.finditer((ROOT / "docs" / "reference.rst").read_text()):
        module = line["module"] or module
        for name in (line["name"] or line["members"] or "").split(", "):
            home, _, last = name.rpartition(".")
            if last:
                found[f"{home or module}.{last}"] = getattr(import_module(home or module), last)
    return found


REFERENCED = referenced()


def documented(told: object) -> list[tuple[str, object]]:
    """A class with its own public members, or a function; dataclass fields are parameters of the class."""
    if not isinstance(told, type):
        return [("", told)]
    members = {name: one for name, one in vars(told).items() if not name.startswith("_")}
    return [("", told)] + [
        (f".{name}", getattr(told, name) if isinstance(one, classmethod) else one)
        for name, one in members.items()
        if isinstance(one, (property, classmethod)) or inspect.isfunction(one)
    ]


def parameters(told: object) -> set[str]:
    """The names that a caller gives, where it is not Airflow or pytest who calls."""
    of_its_own = "__init__" in vars(told) if isinstance(told, type) else inspect.isroutine(told)
    if not of_its_own or told.__module__.endswith(".pytest_plugin"):
        return set()
    given = inspect.signature(told).parameters.values()
    return {one.name for one in given if one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)} - {"self", "context"}


@pytest.mark.parametrize("name", REFERENCED)
def test_what_the_reference_names_is_documented_with_each_of_its_parameters(name):
    told = REFERENCED[name]
    missing = []
    for member, one in documented(told) if callable(told) else []:
        doc = inspect.getdoc(one) or ""
        undocumented = {name for name in parameters(one) if f":param {name}:" not in doc}
        if doc.startswith("As :meth:"):
            undocumented = set()
        if not doc or undocumented:
            missing.append((member, undocumented or "no docstring"))
    assert missing == []


def test_the_reference_names_what_the_pages_import_and_what_the_packages_offer():
    from airflow_provider_tcocr import arrow, emulator, exceptions

    imported = re.compile(r"^ *from (airflow_provider_tcocr[\w.]*) import ([\w, ]+)$", re.MULTILINE)
    wanted = {
        f"{module}.{name}"
        for block in BLOCKS
        for module, names in imported.findall(block.text)
        for name in names.split(", ")
    }
    wanted |= {f"{module.__name__}.{name}" for module in (arrow, emulator) for name in module.__all__}
    wanted |= {f"{exceptions.__name__}.{name}" for name in vars(exceptions) if name.endswith("Error")}
    assert wanted - set(REFERENCED) == set()


# The tables that are written by hand.


@pytest.mark.parametrize(
    ("heading", "name"),
    [("## pages", "PAGES_SCHEMA"), ("## detections", "DETECTIONS_SCHEMA")],
    ids=["pages", "detections"],
)
def test_the_column_tables_are_the_schemas(heading, name):
    from airflow_provider_tcocr import arrow

    told = [tuple(row[:3]) for row in table_under("tables.md", heading)]
    assert told == [
        (field.name, str(field.type), "null" if field.nullable else "never null") for field in getattr(arrow, name)
    ]


def test_the_table_of_raw_is_its_schema():
    from airflow_provider_tcocr.landing.raw import RAW_SCHEMA

    told = {name.strip(" `") for row in table_under("tables.md", "## raw") for name in row[0].split(",")}
    assert told == set(RAW_SCHEMA.names)


def test_the_manifest_table_names_every_key_of_a_manifest():
    from airflow_provider_tcocr.landing.manifest import Failure, Manifest

    manifest = Manifest(
        status="failed",
        output_path="",
        raw_uri="",
        pages_uri="",
        detections_uri="",
        counts={},
        calls={},
        started_at="",
        finished_at="",
        failures=(Failure("", 1, None, None, None),),
    )
    told = {name.strip(" `") for row in table_under("tables.md", "## The manifest") for name in row[0].split(",")}
    assert told == set(manifest.to_json())


def test_the_dry_run_table_names_every_key_that_xcom_gets():
    from airflow_provider_tcocr.batch.preflight import Forecast

    told = {name.strip(" `") for row in table_under("batch.md", "## A dry run") for name in row[0].split(",")}
    assert told == set(Forecast("", None, None).to_json(datetime.now(UTC)))


def test_the_class_table_names_every_error():
    from airflow_provider_tcocr import exceptions

    told = [row[0] for row in table_under("errors.md", "## Classes")]
    assert sorted(told) == sorted(name for name in vars(exceptions) if name.endswith("Error"))


@pytest.mark.parametrize(
    ("page", "heading", "operator"),
    [
        ("batch.md", "## Parameters", "TencentCloudOcrBatchOperator"),
        ("single.md", "## Parameters of the operator", "TencentCloudOcrOperator"),
    ],
)
def test_the_parameter_tables_are_the_signatures(page, heading, operator):
    from airflow_provider_tcocr.operators import ocr

    parameters = inspect.signature(getattr(ocr, operator).__init__).parameters.values()
    wanted = {
        one.name: "required" if one.default is one.empty else repr(one.default)
        for one in parameters
        if one.kind is one.KEYWORD_ONLY
    }
    if "deferrable" in wanted:
        wanted["deferrable"] = "Airflow's `default_deferrable"
    assert {row[0]: row[1] for row in table_under(page, heading)} == wanted
    templated = {row[0] for row in table_under(page, heading) if row[2] == "yes"}
    assert templated == set(getattr(ocr, operator).template_fields)


def test_the_connection_table_names_every_field_of_the_form_as_the_form_does():
    from airflow_provider_tcocr.hooks.connection import EXTRA_FIELDS
    from airflow_provider_tcocr.hooks.form import CONN_FIELDS, FIELD_BEHAVIOUR

    rows = {row[0]: row[1] for row in table_under("connection.md", "## Fields")}
    labels = (
        FIELD_BEHAVIOUR["relabeling"] | {"port": "Port"} | {name: CONN_FIELDS[name]["label"] for name in EXTRA_FIELDS}
    )
    assert rows == labels


def test_the_credential_table_names_every_kind():
    from airflow_provider_tcocr.client.credentials import KINDS

    assert tuple(row[0] for row in table_under("connection.md", "## Credential kinds")) == KINDS


@pytest.mark.parametrize("family", ["Document", "Transport"])
def test_the_tables_of_our_own_codes_name_exactly_those_in_the_source(family):
    sources = (path.read_text() for path in PACKAGE.rglob("*.py"))
    raised = set(re.findall(rf'(?:Document|Transport)Error\(\s*"({family}\.\w+)"', "\n".join(sources)))
    assert {row[0] for row in table_under("errors.md", f"## {family} codes")} == raised


def test_every_word_of_the_emulator_page_is_in_the_emulator():
    from airflow_provider_tcocr.cli import make_parser
    from airflow_provider_tcocr.emulator import Emulator, Rule
    from airflow_provider_tcocr.emulator.scenario import DROPS
    from airflow_provider_tcocr.emulator.shapes import SHAPES

    def told(heading):
        return {row[0] for row in table_under("emulator.md", heading)}

    arguments = set(inspect.signature(Emulator.__init__).parameters) - {"self"}
    assert told("## In process") == arguments
    assert told("## Scenarios") == set(inspect.signature(Rule).parameters)
    page = (ROOT / "docs" / "emulator.md").read_text()
    assert [name for name in (*DROPS, *SHAPES) if f"`{name}`" not in page] == []
    (commands,) = (one for one in make_parser()._actions if one.dest == "subcommand")
    options = {option for one in commands.choices["emulator"]._actions for option in one.option_strings}
    assert told("## The command") == {option for option in options if option.startswith("--")} - {"--help"}


def test_every_room_has_a_paragraph_in_the_architecture():
    page = (ROOT / "docs" / "architecture.md").read_text()
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")} | {
        path.stem for path in PACKAGE.glob("*.py") if path.stem not in ("__init__", "get_provider_info")
    }
    assert {room for room in rooms if f"\n**{room}**" not in page} == set()


def test_every_command_that_the_pages_show_is_one_that_we_have():
    from airflow_provider_tcocr.cli import make_parser

    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for block in BLOCKS:
        if block.language not in ("shell", "sh", "bash"):
            continue
        for line in block.text.splitlines():
            words = shlex.split(line, comments=True)
            if words[:1] == ["tcocr"]:
                make_parser().parse_args([word for word in words[1:] if word != "&"])
            elif words[:1] == ["make"]:
                assert {word for word in words[1:] if "=" not in word} <= targets, line
            for found in re.findall(r"airflow-provider-tcocr\[([\w,]+)\]", line):
                assert set(found.split(",")) <= set(extras), line


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))  # for the tables that tests make
    for one in DOCS:
        one.write_text(regenerated(one.read_text()))
