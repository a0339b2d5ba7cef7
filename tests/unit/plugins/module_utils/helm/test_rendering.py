# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a release is known to render as it is stored, and when Helm has to render it."""

from __future__ import annotations

import base64
import json
import tarfile
from dataclasses import replace

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError
from ansible_collections.kumo.eks.plugins.module_utils.helm.chart import read_chart
from ansible_collections.kumo.eks.plugins.module_utils.helm.release import Release
from ansible_collections.kumo.eks.plugins.module_utils.helm.rendering import is_rendering_known

TEMPLATE = "kind: ConfigMap\ndata: {a: {{ .Values.a | quote }}, name: {{ .Release.Name }}}\n"
VALUES = {"a": "b"}


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "web"
    (root / "templates").mkdir(parents=True)
    (root / "Chart.yaml").write_text("apiVersion: v2\nname: web\nversion: 1.0.0\nappVersion: 1.16\nunknown: field\n")
    (root / "values.yaml").write_text("a: x\n")
    (root / "README.md").write_text("read me")
    (root / "templates/map.yaml").write_text(TEMPLATE)
    return root


def encode(path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def store(folder, **more) -> Release:
    """The release that Helm would have stored for the chart in the folder."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    special = ("Chart.yaml", "values.yaml")
    package = {
        "metadata": {"apiVersion": "v2", "name": "web", "version": "1.0.0", "appVersion": "1.16", "type": ""},
        "templates": [{"name": name, "data": encode(folder / name)} for name in names if name.startswith("templates/")],
        "files": [
            {"name": name, "data": encode(folder / name)}
            for name in names
            if not name.startswith("templates/") and name not in special
        ],
        "values": {"a": "x"},
        "schema": None,
    }
    manifest = "---\n# Source: web/templates/map.yaml\nkind: ConfigMap\n"
    return Release(
        "web", "default", 1, "deployed", "web-1.0.0", "1.16", "", "", manifest, {}, VALUES, {**package, **more}
    )


def test_the_same_chart_and_values_are_known(folder, tmp_path):
    release = store(folder)
    assert is_rendering_known(release, read_chart(str(folder)), VALUES)
    archive = tmp_path / "web-1.0.0.tgz"
    with tarfile.open(archive, "w:gz") as out:
        out.add(folder, arcname="web")
    assert is_rendering_known(release, read_chart(str(archive)), VALUES)
    (folder / "README.md").write_text("another text, which no template reads")
    assert is_rendering_known(release, read_chart(str(folder)), VALUES)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("templates/map.yaml", TEMPLATE + "# more"),
        ("templates/other.yaml", "kind: Service"),
        ("values.yaml", "a: z\n"),
        ("values.yaml", "a: x\nb: 1e3\n"),
        ("values.schema.json", "{}"),
        ("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\nappVersion: '1.17'\n"),
        ("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\nappVersion: '1.16'\ndependencies: [{name: x}]\n"),
        ("charts/common/Chart.yaml", "name: common"),
    ],
)
def test_another_chart_is_rendered(folder, name, text):
    release = store(folder)
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    assert not is_rendering_known(release, read_chart(str(folder)), VALUES)


@pytest.mark.parametrize(
    "action",
    [
        '{{ lookup "v1" "Secret" "a" "b" }}',
        "{{ randAlphaNum 20 }}",
        '{{ if .Capabilities.APIVersions.Has "x" }}{{ end }}',
        "{{- if\n $.Release.IsInstall }}{{ end }}",
        "{{ .Release.Revision }}",
        "{{ toYaml .Release }}",
        "{{ now | date `2006` }}",
        '{{ genSelfSignedCert "a" nil nil 1 }}',
        "{{ uuidv4 }}",
    ],
)
def test_a_chart_that_depends_on_more_is_rendered(folder, action):
    (folder / "templates/map.yaml").write_text(TEMPLATE + action)
    assert not is_rendering_known(store(folder), read_chart(str(folder)), VALUES)


def test_words_outside_of_actions_do_not_matter(folder):
    (folder / "templates/map.yaml").write_text(TEMPLATE + "# now lookup Capabilities\nrevisionHistoryLimit: 1\n")
    assert is_rendering_known(store(folder), read_chart(str(folder)), VALUES)


def test_values_that_are_templates_are_looked_through(folder):
    (folder / "templates/map.yaml").write_text("{{ tpl .Values.a . }}")
    assert is_rendering_known(store(folder), read_chart(str(folder)), VALUES)
    values = {"a": "{{ randAlphaNum 5 }}"}
    assert not is_rendering_known(replace(store(folder), values=values), read_chart(str(folder)), values)


def test_files_matter_to_templates_that_read_them(folder):
    (folder / "templates/map.yaml").write_text('{{ .Files.Get "README.md" }}')
    release = store(folder)
    assert is_rendering_known(release, read_chart(str(folder)), VALUES)
    (folder / "README.md").write_text("another text")
    assert not is_rendering_known(release, read_chart(str(folder)), VALUES)


def test_other_values_and_releases_are_rendered(folder):
    release, chart = store(folder), read_chart(str(folder))
    assert not is_rendering_known(release, chart, {"a": "c"})
    assert not is_rendering_known(replace(release, status="failed"), chart, VALUES)
    assert not is_rendering_known(replace(release, package={}), chart, VALUES)
    changed = json.dumps({"kind": "ConfigMap"})  # as a post-renderer leaves it
    assert not is_rendering_known(replace(release, manifest=f"---\n{changed}\n"), chart, VALUES)


@pytest.mark.parametrize("text", [None, "name: web", "[", "text"])
def test_what_is_not_a_chart_is_refused(tmp_path, text):
    if text:
        (tmp_path / "Chart.yaml").write_text(text)
    with pytest.raises(EksError, match="cannot be read"):
        read_chart(str(tmp_path))
