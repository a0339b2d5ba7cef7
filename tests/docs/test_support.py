# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The support matrix is what galaxy.yml, requirements.txt, meta/runtime.yml and the tests say."""

from __future__ import annotations

import json
import re

import yaml
from conftest import ROOT
from test_claims import README, read_rows

from kumo_sandbox.eks.versions import VERSIONS

PAGE = ROOT / "docs/support.md"


def read_matrix() -> dict[str, list[str]]:
    return {cells[0].replace("`", ""): cells[1:] for cells in read_rows(PAGE, "Supported versions")}


def read_core(word: str) -> str:
    """The ansible-core with which tools/core.sh tests: oldest or newest."""
    return re.search(rf"{word}\)\s.*ansible-core>=([\d.]+),", (ROOT / "tools/core.sh").read_text())[1]


def test_core_and_python():
    matrix = read_matrix()
    least = yaml.safe_load((ROOT / "meta/runtime.yml").read_text())["requires_ansible"].removeprefix(">=")
    assert matrix["ansible-core"] == [
        f"{least.removesuffix('.0')} or newer",
        f"{read_core('oldest')} and {read_core('newest')}",
    ]
    oldest = re.search(r"find-python.sh (3.[0-9]+)", (ROOT / "tools/core.sh").read_text())[1]
    newest = re.search(r'requires-python = ">=([\d.]+)"', (ROOT / "pyproject.toml").read_text())[1]
    supported, tested = matrix["Python of the controller"]
    assert supported.startswith(f"{oldest} or newer")
    assert tested == f"{oldest} with the oldest ansible-core, {newest} or newer with the newest"


def test_libraries():
    matrix = read_matrix()
    least = dict(re.findall(r"^(\w+)>=(\S+)$", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    for name, version in least.items():
        [row] = [cells for title, cells in matrix.items() if name in title.split(", ")]
        assert row == [f"{version} or newer", f"{version} and the newest"]


def test_collections():
    matrix = read_matrix()
    for name, versions in yaml.safe_load((ROOT / "galaxy.yml").read_text())["dependencies"].items():
        supported, tested = matrix[name]
        assert supported.replace(" ", "") == versions
        oldest = re.search(r">=([\d.]+)", versions)[1]
        assert tested == f"{oldest} and the newest"


def test_kubernetes_and_helm():
    matrix = read_matrix()
    names = sorted((each.name for each in VERSIONS), key=lambda name: int(name.split(".")[1]))
    assert matrix["Kubernetes"] == [
        "what EKS offers, in standard or extended support",
        f"{names[0]} to {names[-1]}, on the sandbox",
    ]
    [helm] = [cells[1] for cells in read_rows(README) if cells[0] == "Helm, for releases only"]
    assert matrix["Helm, for releases only"][0] == helm


def test_versions_that_eks_does_not_offer_any_more_are_named_with_the_end_of_their_support():
    named = dict(re.findall(r"(1\.\d+) since (\d{4}-\d\d-\d\d)", PAGE.read_text()))
    ends = {each.name: each.extended_until for each in VERSIONS}
    assert named and {name: ends.get(name, day) for name, day in named.items()} == named


def test_awx():
    supported, tested = read_matrix()["AWX"]
    version = re.search(r"24\.\d+\.\d+", supported)[0]
    assert f"`awx.awx` {version}" in tested
    wanted = yaml.safe_load((ROOT / "docs/examples/awx-project/controller/requirements.yml").read_text())
    assert wanted["collections"] == [{"name": "awx.awx", "version": f">={version}"}]


def test_the_versions_of_the_survey_are_supported():
    survey = json.loads((ROOT / "docs/examples/awx-project/surveys/site.json").read_text())["spec"]
    [choices] = [row["choices"] for row in survey if row["variable"] == "kubernetes_version"]
    assert set(choices) <= {each.name for each in VERSIONS}
