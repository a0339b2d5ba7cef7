# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a release's values come from, how they lie over each other, and what is taken for a change."""

from __future__ import annotations

import json

import pytest
from charts import SETTINGS, config_map, write_chart
from conftest import HELM_4


@pytest.fixture
def settings(tmp_path):
    """A chart that writes down its values."""
    return str(write_chart(tmp_path / "chart", templates={"settings": SETTINGS}))


@pytest.fixture
def written(keep, settings, kubectl, namespace):
    """Keep the release with these options; the values it then has."""

    def run(**options):
        run.result = keep("web", chart=settings, **options)
        words = ["get", "configmap", "web-settings", "--namespace", namespace, "--output", "jsonpath={.data.settings}"]
        return json.loads(kubectl(*words))

    return run


@pytest.mark.extended
@HELM_4
def test_later_values_lie_over_earlier_ones(written, tmp_path):
    for name, text in (
        ("a", "settings: {from: a, a: 1, deep: {a: 1, b: 1}}"),
        ("b", "settings: {from: b, deep: {b: 2}}"),
    ):
        (tmp_path / f"{name}.yaml").write_text(text)
    files = [str(tmp_path / "a.yaml"), str(tmp_path / "b.yaml")]
    own = {"from": "b", "a": 1, "deep": {"a": 1, "b": 2}, "chart": True}
    assert written(values_files=files) == own
    assert written(values_files=files[::-1]) == {**own, "from": "a", "deep": {"a": 1, "b": 1}}
    inline = {"settings": {"from": "inline", "chart": None}}
    assert written(values_files=files, values=inline) == {"from": "inline", "a": 1, "deep": {"a": 1, "b": 2}}
    assert written(values_files=files, values=inline, set_values=["settings.from=set"])["from"] == "set"
    options = {
        "values_files": files,
        "set_values": ["settings.from=set", r"settings.dots.a\.b/c=1", "settings.list={x,y}"],
        "set_strings": ["settings.from=7", 'settings.dots."d.e"=2'],
    }
    assert written(**options) == {**own, "from": "7", "dots": {"a.b/c": 1, "d": {"e": "2"}}, "list": ["x", "y"]}
    assert written(**options) and written.result["changed"] is False


@HELM_4
def test_what_is_left_out_is_left_alone_and_what_is_empty_clears(written):
    assert written(values={"settings": {"from": "me", "more": 1}}) == {"from": "me", "more": 1, "chart": True}
    assert written()["from"] == "me" and written.result["changed"] is False
    assert written(reuse_values=True, values={"settings": {"more": 2}}) == {"from": "me", "more": 2, "chart": True}
    assert written(reuse_values=True) and written.result["changed"] is False
    assert written(values={}) == {"from": "chart", "chart": True}
    assert written.result["reasons"] == ["values", "manifests"]


@HELM_4
def test_a_template_that_changed_without_a_version_is_seen(keep, settings, tmp_path):
    keep("web", chart=settings)
    write_chart(tmp_path / "chart", templates={"settings": SETTINGS, "extra": config_map("extra")})
    assert keep("web", chart=settings, compare="inputs")["changed"] is False
    assert keep("web", chart=settings)["reasons"] == ["manifests"]
    write_chart(tmp_path / "chart", version="4.0.1", templates={"settings": SETTINGS})
    newer = keep("web", chart=settings, compare="inputs")
    assert newer["reasons"] == ["chart chart-4.0.0 -> chart-4.0.1"]


@HELM_4
def test_a_password_that_is_made_up_is_no_change(keep, tmp_path):
    random = config_map("random").replace("a: b", 'a: "{{ randAlphaNum 20 }}"')
    kept = config_map("kept").replace(
        "a: b",
        'a: "{{ dig "data" "a" (randAlphaNum 20) (lookup "v1" "ConfigMap" .Release.Namespace "kept") }}"',
    )
    one = str(write_chart(tmp_path / "one", templates={"random": random}))
    keep("one", chart=one)
    assert keep("one", chart=one)["varying_paths"] == ["ConfigMap random: data.a"]
    compared = keep("one", chart=one, compare="inputs")
    assert compared["changed"] is False and "varying_paths" not in compared
    two = str(write_chart(tmp_path / "two", templates={"kept": kept}))  # as well-behaved charts do
    keep("two", chart=two)
    assert keep("two", chart=two)["changed"] is False


@pytest.mark.extended
@HELM_4
def test_letters_of_all_languages(written, tmp_path):
    """In keys, values, set_values, and in the names of the folders and files of values."""
    folder = tmp_path / "Größe 名前 (eins)"
    folder.mkdir()
    path = folder / "zna čenja.yaml"
    path.write_text('settings: {"größe": "5 m²", "名前": "プラットフォーム"}', encoding="utf-8")
    values = {"settings": {"ключ": 'с "кавычками"\nи строкой', "emoji": "🚀"}}
    options = {"values_files": [str(path)], "values": values, "set_values": ["settings.titre=à la carte"]}
    found = written(**options)
    assert found == {
        "größe": "5 m²",
        "名前": "プラットフォーム",
        **values["settings"],
        "titre": "à la carte",
        "chart": True,
    }
    assert written(**options) == found and not written.result["changed"]
    values["settings"]["emoji"] = "☀"
    written(**options)
    assert "🚀" in written.result["diff"]["before"] and "☀" in written.result["diff"]["after"]
