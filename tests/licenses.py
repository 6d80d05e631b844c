"""What an installation brings, under which licences: a line each for the package and all that it needs at run time.

Told from the metadata of what is installed here; nothing is asked of a registry.
"""

from __future__ import annotations

from importlib.metadata import Distribution, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROVIDER = "airflow-provider-tcocr"


def brought_by(requirement: str) -> dict[str, Distribution]:
    """All that a requirement installs here, itself included, by canonical name; what its markers rule out is not."""
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, str]] = set()
    ahead = [Requirement(requirement)]
    while ahead:
        wanted = ahead.pop()
        name = canonicalize_name(wanted.name)
        found[name] = distribution(name)
        for extra in {"", *wanted.extras} - {extra for one, extra in seen if one == name}:
            seen.add((name, extra))
            needs = map(Requirement, found[name].requires or ())
            ahead += [one for one in needs if one.marker is None or one.marker.evaluate({"extra": extra})]
    return dict(sorted(found.items()))


def licence_of(installed: Distribution) -> str:
    """The licence expression; of older metadata the classifiers, else the first line of the field."""
    told = installed.metadata
    if expression := told.get("License-Expression"):
        return expression
    classifiers = [one.rpartition(" :: ")[2] for one in told.get_all("Classifier", ()) if one.startswith("License ::")]
    return "; ".join(classifiers) or (told.get("License") or "unknown").strip().partition("\n")[0]


if __name__ == "__main__":
    for name, installed in brought_by(PROVIDER).items():
        print(f"{name}\t{installed.version}\t{licence_of(installed)}")
