"""How ``make docs`` builds the site: the Markdown pages as they are, and the reference from the docstrings.

What the index lists is what the site's side bar shows, under the index's own headings. Nothing is fetched, neither when
the site is built nor when it is looked at.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, Final

# autodoc imports Airflow, which writes its settings and a log.
os.environ["AIRFLOW_HOME"] = str(Path(__file__).parent / "_build" / "airflow")
os.environ["AIRFLOW__LOGGING__LOGGING_LEVEL"] = "WARNING"

from airflow_provider_tcocr import __version__

project = "airflow-provider-tcocr"
version = release = __version__
html_title = project
copyright = "Apache-2.0"  # noqa: A001 - Sphinx's name

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_copybutton"]
exclude_patterns = ["_build"]
myst_heading_anchors = 4

html_theme = "furo"
html_theme_options = {
    "light_css_variables": {
        "color-brand-primary": "#0b5cad",
        "color-brand-content": "#0b5cad",
        "sidebar-item-spacing-vertical": "0.3rem",
        "sidebar-caption-space-above": "1rem",
    },
    "dark_css_variables": {"color-brand-primary": "#7ab8f5", "color-brand-content": "#7ab8f5"},
}
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_copyright = False
html_show_sphinx = False

autodoc_typehints = "description"
autodoc_typehints_description_target = "documented_params"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
toc_object_entries_show_parents = "hide"
default_role = "code"

nitpicky = True
nitpick_ignore_regex = [
    (r"py:.*", r"(?!airflow_provider_tcocr\.).*"),  # other projects' names: their reference would have to be fetched
    (r"py:class", r"airflow_provider_tcocr\.(api|documents)\..*"),  # what nobody outside needs to make
]

_ENTRY: Final = re.compile(r"\| \[[^\]]+\]\((?P<page>[\w-]+)\.\w+\) \|$")


def toctrees(index: str) -> str:
    """The index's tables as hidden toctrees, one for each heading."""
    trees: list[str] = []
    for section in index.split("\n## ")[1:]:
        caption, _, rest = section.partition("\n")
        pages = [found["page"] for line in rest.splitlines() if (found := _ENTRY.search(line))]
        if pages:
            trees.append("\n".join(["", "```{toctree}", ":hidden:", f":caption: {caption}", "", *pages, "```", ""]))
    return "\n".join(trees)


def setup(app: Any) -> None:
    """Have the index read with its toctrees."""

    def read(app: Any, name: str, source: list[str]) -> None:
        if name == "index":
            source[0] += toctrees(source[0])

    app.connect("source-read", read)
