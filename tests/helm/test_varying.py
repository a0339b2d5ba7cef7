# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Charts that render differently each time: that is no change, and what else differs is still seen."""

from __future__ import annotations

import difflib
import json
from pathlib import Path

import pytest
from charts import WORKLOAD, config_map, job, write_chart
from conftest import HELM_4

from ansible_collections.kumo.eks.plugins.module_utils.helm.chance import LEFT_OUT
from ansible_collections.kumo.eks.plugins.module_utils.helm.cli import Helm

# As aws-load-balancer-controller does: a certificate in a Secret, and its CA in the configuration of the webhook.
CERTIFICATE = """
{{- $ca := genCA "aws-load-balancer-controller-ca" 3650 -}}
{{- $cert := genSignedCert "webhook" nil (list "webhook.svc") 3650 $ca -}}
apiVersion: v1
kind: Secret
metadata: {name: tls, labels: {tier: red}}
type: kubernetes.io/tls
data:
  ca.crt: {{ $ca.Cert | b64enc }}
  tls.crt: {{ $cert.Cert | b64enc }}
  tls.key: {{ $cert.Key | b64enc }}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: "{{ .Release.Namespace }}"}
webhooks:
  - name: first.example.com
    admissionReviewVersions: [v1]
    sideEffects: None
    failurePolicy: Ignore
    clientConfig:
      caBundle: {{ $ca.Cert | b64enc }}
      service: {name: webhook, namespace: {{ .Release.Namespace }}, path: /red}
    rules: [{apiGroups: [example.com], apiVersions: [v1], operations: [CREATE], resources: [nothings]}]
"""
PASSWORD = """
apiVersion: v1
kind: Secret
metadata: {name: login}
stringData:
  user: red
  password: {{ randAlphaNum 24 | quote }}
"""
CHECKSUM = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: app}
spec:
  replicas: 1
  selector: {matchLabels: {run: app}}
  template:
    metadata:
      labels: {run: app}
      annotations:
        checksum/secret: {{ include (print $.Template.BasePath "/login.yaml") . | sha256sum }}
    spec:
      nodeSelector: {nowhere: "true"}
      containers:
        - name: app
          image: example.com/app
          env: [{name: LEVEL, value: red}, {name: SEED, value: "{{ randNumeric 20 }}"}]
"""
UNORDERED = """
apiVersion: v1
kind: ConfigMap
metadata:
  name: list
  annotations: {same: red}
  finalizers: []
data:
  joined: {{ keys (dict "a" 1 "b" 2) | join "," | quote }}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: list}
addressType: IPv4
endpoints: [{addresses: {{ toJson (keys (dict "10.9.0.1" 1 "10.9.0.2" 2 "10.9.0.3" 3)) }}, hostname: red}]
"""
MIGRATION = job("migrate-RANDOM", "note=red").replace("RANDOM", "{{ randAlphaNum 8 | lower }}")
CLOCK = config_map("clock", 'annotations: {at: "{{ now | unixEpoch }}", same: red}')
CASES = {
    "certificate": (
        {"tls": CERTIFICATE},
        [
            'Secret tls: data["ca.crt"]',
            'Secret tls: data["tls.crt"]',
            'Secret tls: data["tls.key"]',
            "ValidatingWebhookConfiguration NAMESPACE: webhooks[first.example.com].clientConfig.caBundle",
        ],
        [["tier: red", "tier: blue"], ["path: /red", "path: /blue"]],
    ),
    "password": (
        {"login": PASSWORD},
        ["Secret login: stringData.password"],
        [["user: (hidden)", "user: (hidden, changed)"]],
    ),
    "checksum": (
        {"login": PASSWORD, "app": CHECKSUM},
        [
            "Secret login: stringData.password",
            'Deployment app: spec.template.metadata.annotations["checksum/secret"]',
            "Deployment app: spec.template.spec.containers[app].env[SEED].value",
        ],
        [["value: red", "value: blue"], ["user: (hidden)", "user: (hidden, changed)"]],
    ),
    "name": ({"job": MIGRATION}, ["Job migrate-*: metadata.name"], [["note: red", "note: blue"]]),
    "order": (
        {"list": UNORDERED},
        ["ConfigMap list: data.joined", "EndpointSlice list: endpoints[0].addresses (order)"],
        [["same: red", "same: blue"], ["hostname: red", "hostname: blue"]],
    ),
    "clock": ({"clock": CLOCK}, ["ConfigMap clock: metadata.annotations.at"], [["same: red", "same: blue"]]),
}


def list_changes(diff: dict[str, str]) -> list[list[str]]:
    """The lines that a diff takes away and adds, side by side."""
    lines = list(difflib.ndiff(diff["before"].splitlines(), diff["after"].splitlines()))
    old, new = ([line[2:].strip() for line in lines if line.startswith(sign)] for sign in "-+")
    return sorted([left, right] for left, right in zip(old, new, strict=True))


@pytest.fixture
def renders(monkeypatch) -> list[str]:
    """The Helm commands that render, as they are run."""
    seen: list[str] = []
    run = Helm.run

    def record(self: Helm, *args: str, **options: object) -> str:
        seen.extend(["dry run"] if "--dry-run=server" in args else [args[0]] if args[0] == "template" else [])
        return run(self, *args, **options)

    monkeypatch.setattr(Helm, "run", record)
    return seen


@pytest.mark.parametrize("case", CASES)
def test_chance_is_no_change(keep, tmp_path, namespace, case):
    templates, paths, changes = CASES[case]
    paths = sorted(path.replace("NAMESPACE", namespace) for path in paths)
    chart = str(write_chart(tmp_path / "chart", templates=templates))
    keep("web", chart=chart)
    same = keep("web", chart=chart)
    assert (same["changed"], same["action"], same["reasons"], same.get("diff")) == (False, "none", [], None)
    assert set(same.get("varying_paths", [])) <= set(paths)  # a short list may come in the same order
    write_chart(tmp_path / "chart", templates={name: text.replace("red", "blue") for name, text in templates.items()})
    planned, made = keep("web", chart=chart, check=True), keep("web", chart=chart)
    for result in (planned, made):
        assert (result["changed"], result["action"], result["reasons"]) == (True, "upgrade", ["manifests"])
        if case != "order":
            assert sorted(result["varying_paths"]) == paths
            assert all(path in result["diff"]["prepared"] for path in paths)
        assert list_changes(result["diff"]) == sorted(changes)
    assert made["revision"] == 2
    assert keep("web", chart=chart)["changed"] is False
    keep("web", state="absent")


@pytest.mark.extended
@HELM_4
def test_a_resource_beside_the_varying_one_comes_changes_and_goes(keep, tmp_path):
    def chart(**more: str) -> str:
        return str(write_chart(tmp_path / "chart", templates={"job": MIGRATION, "login": PASSWORD, **more}))

    keep("web", chart=chart(other=config_map("other")))
    changed = keep("web", chart=chart(other=config_map("other").replace("a: b", "a: c")), check=True)
    assert list_changes(changed["diff"]) == [["a: b", "a: c"]]
    gone = keep("web", chart=chart())
    assert "name: other" in gone["diff"]["before"] and "name: other" not in gone["diff"]["after"]
    assert "name: migrate-*\n" in gone["diff"]["before"] and "name: migrate-*\n" in gone["diff"]["after"]
    second = MIGRATION.replace("migrate", "clean-up")
    more = keep("web", chart=chart(second=second), check=True)
    assert "name: clean-up-*\n" in more["diff"]["after"] and "clean-up" not in more["diff"]["before"]
    assert more["varying_paths"] == [
        "Secret login: stringData.password",
        "Job clean-up-*: metadata.name",
        "Job migrate-*: metadata.name",
    ]
    new = PASSWORD.replace("name: login", "name: new")
    more = keep("web", chart=chart(new=new))
    assert "password: (hidden)" in more["diff"]["after"] and more["diff"]["before"].count("kind: Secret") == 1


@HELM_4
def test_hooks_that_render_differently_are_no_change(keep, tmp_path):
    hook = MIGRATION.replace('"note": "red"', '"note": "red", "helm.sh/hook": "pre-install,pre-upgrade"')
    templates = {"hook": hook, "settings": config_map("settings")}
    chart = str(write_chart(tmp_path / "chart", templates=templates))
    keep("web", chart=chart)
    same = keep("web", chart=chart)
    assert (same["changed"], same["varying_paths"]) == (False, ["Job migrate-*: metadata.name"])
    write_chart(tmp_path / "chart", templates={**templates, "hook": hook.replace("red", "blue")})
    changed = keep("web", chart=chart)
    assert changed["reasons"] == ["hooks"]
    assert list_changes(changed["diff"]) == [["note: red", "note: blue"]]
    assert keep("web", chart=chart, disable_hook=True)["changed"] is False


@pytest.mark.extended
@HELM_4
def test_other_values_are_a_change_whose_diff_leaves_out_what_varies(keep, tmp_path):
    templates = {**WORKLOAD, "login": PASSWORD}
    chart = str(write_chart(tmp_path / "chart", templates=templates))
    keep("web", chart=chart)
    for compare in ("inputs", "manifests"):
        assert keep("web", chart=chart, compare=compare)["changed"] is False
    values = {"controller": {"replicas": 2}}
    planned = keep("web", chart=chart, values=values, compare="inputs", check=True)
    assert planned["reasons"] == ["values"] and list_changes(planned["diff"]) == [["replicas: 1", "replicas: 2"]]
    made = keep("web", chart=chart, values=values)
    assert made["reasons"] == ["values", "manifests"] and made["diff"] == planned["diff"]
    assert keep("web", chart=chart, values=values)["changed"] is False


@HELM_4
def test_a_second_render_is_made_only_where_the_first_differs(keep, tmp_path, renders):
    def count(templates: dict[str, str], changed: bool) -> int:
        renders.clear()
        write_chart(tmp_path / "chart", templates=templates)
        assert keep("web", chart=str(tmp_path / "chart"))["changed"] is changed
        return len(renders)

    known = '{{ (lookup "v1" "Namespace" "" "nowhere") | len }}'
    looks = config_map("looks", f'annotations: {{found: "{known}", same: red}}')
    count({"looks": looks}, changed=True)
    assert count({"looks": looks}, changed=False) == 1
    assert count({"looks": looks.replace("red", "blue")}, changed=True) == 1  # nothing in it that may vary
    kept = '{{ dig "data" "a" (randAlphaNum 20 | b64enc) (lookup "v1" "Secret" .Release.Namespace "kept") }}'
    password = f'apiVersion: v1\nkind: Secret\nmetadata: {{name: kept, labels: {{same: red}}}}\ndata: {{a: "{kept}"}}\n'
    count({"kept": password}, changed=True)
    assert count({"kept": password}, changed=False) == 1  # it looks up what it made
    assert count({"kept": password.replace("red", "blue")}, changed=True) == 2
    count({"login": PASSWORD}, changed=True)
    assert count({"login": PASSWORD}, changed=False) == 2


@pytest.mark.extended
@HELM_4
def test_a_list_of_releases_says_for_each_what_varies(keep, task, namespace, tmp_path):
    one = str(write_chart(tmp_path / "one", templates={"login": PASSWORD}))
    two = str(write_chart(tmp_path / "two", templates={"settings": config_map("settings")}))
    rows = [{"name": Path(path).name, "namespace": namespace, "chart": path} for path in (one, two)]
    args = {"cluster_name": "my-cluster", "releases": rows, "create_namespace": True}
    task("eks_helm", args)
    same = task("eks_helm", args)
    assert same["changed"] is False
    assert [row.get("varying_paths") for row in same["releases"]] == [["Secret login: stringData.password"], None]
    assert json.dumps(LEFT_OUT) not in json.dumps(same)
