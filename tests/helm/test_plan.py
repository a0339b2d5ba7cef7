# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What check mode and the diff say is what then happens."""

from __future__ import annotations

import pytest
from charts import SECRET, WORKLOAD, config_map, definition, job, write_chart
from conftest import HELM_4

WIDGET = "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: first}\n"


def both(keep, name: str, **options):
    """The plan and the deed of the same options; their actions, reasons and diffs are the same."""
    planned = keep(name, check=True, **options)
    made = keep(name, **options)
    for key in ("changed", "action", "reasons", "diff"):
        assert planned.get(key) == made.get(key)
    return made


def test_the_plan_is_what_happens(keep, chart):
    made = both(keep, "web", chart=chart, crds="skip")
    assert made["reasons"][0] == "installs ingress-nginx-4.0.0"
    assert made["reasons"][1].startswith("creates namespace the-plan-is-what-happens")
    assert made["diff"]["before"] == "" and "kind: Deployment" in made["diff"]["after"]

    changed = both(keep, "web", chart=chart, set_values=["controller.replicas=2", "controller.password=newer-one"])
    assert changed["reasons"] == ["values", "manifests"]
    assert "replicas: 1" in changed["diff"]["before"] and "replicas: 2" in changed["diff"]["after"]
    assert "password: (hidden, changed)" in changed["diff"]["after"]
    assert SECRET not in str(changed) and "changed" not in changed["diff"]["before"]

    same = keep("web", chart=chart, set_values=["controller.replicas=2", "controller.password=newer-one"])
    assert same["changed"] is False and "diff" not in same

    gone = both(keep, "web", state="absent")
    assert gone["diff"]["after"] == "" and "kind: Deployment" in gone["diff"]["before"]
    assert keep("web", state="absent")["changed"] is False


@pytest.mark.extended
@HELM_4
def test_hooks_are_part_of_the_diff(keep, tmp_path):
    folder = tmp_path / "hooked"

    def chart(name: str) -> str:
        hook = job(name, "helm.sh/hook=pre-install,pre-upgrade", "helm.sh/hook-delete-policy=hook-succeeded")
        return str(write_chart(folder, templates={"settings": config_map("settings"), "hook": hook}))

    assert "name: first" in both(keep, "hooked", chart=chart("first"))["diff"]["after"]
    second = both(keep, "hooked", chart=chart("second"))
    assert second["reasons"] == ["hooks"]
    assert "name: first" in second["diff"]["before"] and "name: second" in second["diff"]["after"]
    assert keep("hooked", chart=chart("third"), disable_hook=True)["changed"] is False


@HELM_4
def test_what_helm_leaves_behind_is_not_shown_as_gone(keep, tmp_path, kubectl, namespace):
    kept = config_map("kept", "annotations: {helm.sh/resource-policy: keep}")
    chart = str(write_chart(tmp_path / "chart", templates={"kept": kept, "other": config_map("other")}))
    keep("web", chart=chart)
    gone = both(keep, "web", state="absent")
    assert "name: other" in gone["diff"]["before"] and "name: other" not in gone["diff"]["after"]
    assert "name: kept" in gone["diff"]["after"]
    assert "configmap/kept" in kubectl("get", "configmaps", "--namespace", namespace, "--output", "name")


@pytest.mark.extended
@HELM_4
def test_a_dry_run_that_fails_is_a_plan_that_fails(keep, tmp_path):
    chart = str(write_chart(tmp_path / "chart", templates={"bad": '{{ fail "give a host" }}'}))
    assert "give a host" in keep("web", chart=chart, check=True, fails=True)["msg"]
    assert "give a host" in keep("web", chart=chart, fails=True)["msg"]
    chart = str(write_chart(tmp_path / "chart", templates={"widget": WIDGET}))
    words = 'no matches for kind "Widget"'
    assert words in keep("web", chart=chart, check=True, fails=True)["msg"]
    assert words in keep("web", chart=chart, fails=True)["msg"]
    chart = str(write_chart(tmp_path / "chart"))
    keep("web", chart=chart)
    write_chart(tmp_path / "chart", templates={**WORKLOAD, "bad": '{{ fail "give a host" }}'})
    assert "give a host" in keep("web", chart=chart, check=True, fails=True)["msg"]
    assert keep("web", module="eks_helm_info")["releases"][0]["revision"] == 1


@pytest.mark.extended
@HELM_4
def test_a_chart_brings_its_kinds(keep, tmp_path, kubectl):
    plural, kind = "gears", "Gear"  # which no other test brings
    widget = WIDGET.replace("Widget", kind)
    version = '{{ if .Capabilities.APIVersions.Has "example.com/v1" }}' + config_map("known") + "{{ end }}"
    chart = str(
        write_chart(
            tmp_path / "chart", templates={"widget": widget, "version": version}, crds={"w": definition(plural, kind)}
        )
    )
    made = both(keep, "web", chart=chart)
    assert f"name: {plural}.example.com" in made["diff"]["after"]
    assert f"kind: {kind}" in made["diff"]["after"] and "name: known" in made["diff"]["after"]
    assert keep("web", chart=chart)["changed"] is False
    assert plural in kubectl("get", "customresourcedefinitions", "--output", "name")

    keep("web", state="absent")
    again = keep("web", chart=chart, check=True)  # the kind is there now
    assert f"kind: {kind}" in again["diff"]["after"] and "CustomResourceDefinition" not in again["diff"]["after"]


@HELM_4
def test_kinds_are_left_out(keep, tmp_path, kubectl):
    crds = {"g": definition("gadgets", "Gadget")}
    chart = str(write_chart(tmp_path / "chart", templates={"settings": config_map("settings")}, crds=crds))
    made = both(keep, "web", chart=chart, crds="skip")
    assert "CustomResourceDefinition" not in made["diff"]["after"]
    assert "gadgets" not in kubectl("get", "customresourcedefinitions", "--output", "name")
    assert keep("web", chart=chart, crds="skip")["changed"] is False


@HELM_4
def test_a_namespace_is_made_only_when_asked_for(keep, chart, namespace):
    words = f"namespace: namespace {namespace} does not exist. Set create_namespace=true to create it"
    planned = keep("web", chart=chart, create_namespace=False, check=True)
    assert planned["changed"] is True and words in planned["warnings"][0]
    assert keep("web", chart=chart, create_namespace=False, fails=True)["msg"] == words
    keep("web", chart=chart)
    assert keep("web", chart=chart, create_namespace=False)["changed"] is False


@HELM_4
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"name": "Web"}, "name: 'Web' is not a valid release name"),
        ({"name": "--all"}, "name: '--all' is not a valid release name"),
        ({"name": "a" * 54}, "is not a valid release name. Use up to 53"),
        ({"namespace": "a.b"}, "namespace: 'a.b' is not a valid namespace name"),
        ({"wait_timeout": 0}, "wait_timeout: 0 is not a valid time"),
        ({"values_files": ["/nowhere/values.yaml"]}, "values_files: the file /nowhere/values.yaml does not exist"),
        ({"chart": "./nowhere"}, "chart: ./nowhere does not exist on this machine"),
        ({"chart": "nowhere"}, "chart: nowhere does not exist on this machine"),
        ({"repository": "http://localhost"}, "repository: "),
        ({"version": "1.0.0"}, "version: the chart"),
        ({"ecr_login": True}, "ecr_login: "),
        ({"username": "me"}, "username and password are required together"),
        (
            {"chart": "x", "repository": "oci://host/charts"},
            "repository: oci://host/charts is a registry. Set chart: oci://host/charts/x",
        ),
    ],
)
def test_what_is_written_wrong_is_refused_before_anything_is_made(keep, chart, namespace, kubectl, options, said):
    refused = keep(options.pop("name", "web"), fails=True, **{"chart": chart, **options})
    assert said in refused["msg"]
    assert namespace not in kubectl("get", "namespaces", "--output", "name")
