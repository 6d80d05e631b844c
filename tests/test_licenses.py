"""The licences of what an installation brings: each is known, and each lets one use it anywhere."""

from importlib.metadata import requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.licenses import PROVIDER, brought_by, licence_of


def test_every_dependency_is_listed_with_a_licence_and_none_is_copyleft():
    told = {name: licence_of(installed) for name, installed in brought_by(PROVIDER).items()}
    direct = [Requirement(line) for line in requires(PROVIDER)]
    assert {canonicalize_name(one.name) for one in direct if not one.marker} | {PROVIDER} <= set(told)
    assert [name for name, licence in told.items() if licence == "unknown"] == []
    assert {name for name, licence in told.items() if "GPL" in licence} == {"text-unidecode"}
    assert "Artistic License" in told["text-unidecode"], "it may be used under that one instead"


def test_neither_the_tests_nor_an_extra_is_listed_where_it_is_not_asked_for():
    assert not {"pytest", "mypy", "rapidocr"} & set(brought_by(PROVIDER))
    assert "rapidocr" in brought_by(f"{PROVIDER}[emulator]")
