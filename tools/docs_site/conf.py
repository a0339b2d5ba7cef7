"""Sphinx' settings; tools/docs_site/build.py calls it with the assembled pages."""

from __future__ import annotations

import sys
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).parent))
from places import ROOT

galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text())
project = "kumo.eks"
version = release = galaxy["version"]
copyright = "kumo.eks contributors"  # noqa: A001
language = "en"
smartquotes = False  # --check is an option
extensions = ["myst_parser", "sphinx_antsibull_ext", "references"]
myst_enable_extensions = ["linkify"]  # an address is a link, as on GitHub
myst_linkify_fuzzy_links = False  # and a host name is none
myst_heading_anchors = 4  # with the names that GitHub gives them
html_theme = "furo"
html_title = f"kumo.eks {version}"
html_static_path = [str(Path(__file__).parent / "static")]
html_css_files = ["site.css"]
html_copy_source = html_show_sourcelink = False
html_theme_options = {
    "navigation_with_keys": True,
    "source_repository": galaxy["repository"],
}
