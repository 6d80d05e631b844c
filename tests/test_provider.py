"""What Airflow sees of the provider: commands list it, schemas accept it, and each version draws the same form."""

import importlib
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import entry_points, metadata, version
from importlib.resources import files

import jsonschema
import pytest
from packaging.utils import canonicalize_name

from airflow_provider_tcocr.get_provider_info import get_provider_info
from airflow_provider_tcocr.hooks.connection import EXTRA_FIELDS
from airflow_provider_tcocr.hooks.ocr import TencentCloudOcrHook

NAME = "airflow-provider-tcocr"
(CONNECTION_TYPE,) = get_provider_info()["connection-types"]
ASKED = """\
import json, sys
from airflow import __version__
if __version__.startswith("3.1."):  # its API server draws the form from the widgets, with stand-ins for their libraries
    from airflow.api_fastapi.core_api.services.ui.connections import HookMetaService
    HookMetaService._get_hooks_with_mocked_fab()
from airflow.__main__ import main
for words in (["list"], ["hooks"], ["get", "airflow-provider-tcocr", "--full"]):
    sys.argv = ["airflow", "providers", *words, "--output", "json"]
    main()
    print("-- next", flush=True)

from airflow.providers_manager import ProvidersManager
manager = ProvidersManager()
try:
    from airflow.sdk.providers_manager_runtime import ProvidersManagerTaskRuntime as Hooks
except ImportError:
    Hooks = ProvidersManager
form = {name: found for name, found in manager.connection_form_widgets.items() if "tencentcloud" in name}

def is_secret(found):
    drawn = getattr(found.field, "param", None)  # a stand-in
    return found.is_sensitive if drawn is None else drawn.schema.get("format") == "password"

print(json.dumps([{
    "hook": Hooks().hooks["tencentcloud"]._asdict(),
    "form": {found.field_name: is_secret(found) for found in form.values()},
    "names": list(form),
    "behaviour": manager.field_behaviours["tencentcloud"],
}], default=repr))
"""


@dataclass(frozen=True)
class Told:
    """What Airflow said in a process of its own: its three commands, its manager, and all that stood around it."""

    listed: list
    hooks: list
    shown: list
    managed: list
    complaints: str


@pytest.fixture(scope="module")
def told():
    ended = subprocess.run(
        [sys.executable, "-W", "always", "-c", ASKED], capture_output=True, text=True, timeout=120, check=True
    )
    texts = ended.stdout.split("-- next\n")
    starts = [re.search(r"^\[\{", text, re.MULTILINE).start() for text in texts]
    around = "".join(text[:start] for text, start in zip(texts, starts, strict=True))
    return Told(*(json.loads(text[start:]) for text, start in zip(texts, starts, strict=True)), around + ended.stderr)


def schema(name):
    found = files("airflow") / name
    return json.loads(found.read_text()) if found.is_file() else None


def is_secret(field):
    return field["schema"].get("format") == "password"


def test_the_distribution_is_called_as_the_package_name_says():
    assert canonicalize_name(metadata(NAME)["Name"]) == get_provider_info()["package-name"] == NAME


def test_the_entry_point_gives_the_provider_info():
    (found,) = [point for point in entry_points(group="apache_airflow_provider") if point.dist.name == NAME]
    assert found.load()() == get_provider_info()


def test_airflow_lists_the_provider_with_its_version(told):
    (row,) = [row for row in told.listed if row["package_name"] == NAME]
    assert row["version"] == version(NAME)
    assert row["description"] == get_provider_info()["description"].rstrip(".")


def test_airflow_lists_the_hook(told):
    (row,) = [row for row in told.hooks if row["package_name"] == NAME]
    assert row["connection_type"] == "tencentcloud"
    assert row["class"] == "airflow_provider_tcocr.hooks.ocr.TencentCloudOcrHook"
    assert row["conn_id_attribute_name"] == "tencentcloud_conn_id"
    assert row["hook_name"] == "Tencent Cloud OCR"


def test_airflow_shows_the_whole_provider_info(told):
    (row,) = told.shown
    assert row["package-name"] == NAME
    assert row["operators"] == get_provider_info()["operators"]
    assert row["connection-types"][0]["conn-fields"].keys() == CONNECTION_TYPE["conn-fields"].keys()


def test_no_command_has_a_complaint_about_the_provider(told):
    assert not re.search(r"tcocr|tencent", told.complaints, re.IGNORECASE)


def test_airflows_schema_accepts_the_provider_info():
    jsonschema.validate(get_provider_info(), schema("provider_info.schema.json"))


def test_the_development_schema_accepts_the_connection_type_where_it_knows_forms():
    known = schema("provider.yaml.schema.json")["properties"]["connection-types"]["items"]
    form = [name for name in ("conn-fields", "ui-field-behaviour") if name in known["properties"]]
    jsonschema.validate(CONNECTION_TYPE, known)
    for name in form:
        strict = known["properties"][name] | {"$schema": "http://json-schema.org/draft-07/schema#"}
        jsonschema.validate(CONNECTION_TYPE[name], strict)


def test_everything_that_the_provider_info_names_is_there():
    info = get_provider_info()
    assert info["asset-uris"] == info["dataset-uris"]
    (cos,) = info["asset-uris"]
    for path in (*info["extra-links"], cos["handler"], cos["factory"], cos["to_openlineage_converter"]):
        module, _, name = path.rpartition(".")
        assert callable(getattr(importlib.import_module(module), name))


def test_every_field_of_the_form_is_one_that_the_connection_reads():
    assert tuple(CONNECTION_TYPE["conn-fields"]) == EXTRA_FIELDS


def test_the_hook_is_the_one_of_the_connection_type(told):
    (found,) = told.managed
    assert found["hook"]["hook_class_name"] == CONNECTION_TYPE["hook-class-name"]
    assert found["hook"]["connection_id_attribute_name"] == TencentCloudOcrHook.conn_name_attr
    assert found["hook"]["connection_testable"]


def test_this_version_draws_every_field_and_hides_the_secret_ones(told):
    (found,) = told.managed
    assert found["form"] == {name: is_secret(field) for name, field in CONNECTION_TYPE["conn-fields"].items()}
    assert found["names"] == [f"extra__tencentcloud__{name}" for name in EXTRA_FIELDS]


def test_this_version_relabels_the_standard_fields(told):
    (found,) = told.managed
    assert found["behaviour"] == TencentCloudOcrHook.get_ui_field_behaviour()
    assert TencentCloudOcrHook.get_ui_field_behaviour() == {
        name.replace("-", "_"): value for name, value in CONNECTION_TYPE["ui-field-behaviour"].items()
    }


def test_the_widgets_of_older_versions_are_the_declared_fields():
    for library in ("flask_appbuilder", "flask_babel", "wtforms"):
        pytest.importorskip(library, reason="this version draws the form from the provider info")
    drawn = {
        name: (str(field.args[0]), field.field_class.__name__, field.kwargs["description"])
        for name, field in TencentCloudOcrHook.get_connection_form_widgets().items()
    }
    assert drawn == {
        name: (field["label"], "PasswordField" if is_secret(field) else "StringField", field["description"])
        for name, field in CONNECTION_TYPE["conn-fields"].items()
    }
