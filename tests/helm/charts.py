# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small chart like ingress-nginx, written as a test needs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SECRET = "not-to-be-shown"  # the password in the chart's own values
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}-controller
spec:
  replicas: {{ .Values.controller.replicas }}
  selector:
    matchLabels: {run: {{ .Release.Name }}}
  template:
    metadata:
      labels: {run: {{ .Release.Name }}}
      annotations: {{ toJson .Values.controller.podAnnotations }}
    spec:
      nodeSelector: {{ toJson .Values.controller.nodeSelector }}
      containers:
        - {name: controller, image: "example.com/controller:{{ .Chart.AppVersion }}"}
"""
SERVICE = """
apiVersion: v1
kind: Service
metadata:
  name: {{ .Release.Name }}-controller
  annotations: {{ toJson .Values.controller.service.annotations }}
spec:
  type: {{ .Values.controller.service.type }}
  selector: {run: {{ .Release.Name }}}
  ports: [{port: 80}]
"""
LOGIN = """
apiVersion: v1
kind: Secret
metadata:
  name: {{ .Release.Name }}-login
stringData:
  password: {{ .Values.controller.password | quote }}
"""
SETTINGS = """
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-settings
data:
  settings: {{ toJson .Values.settings | quote }}
"""
WORKLOAD = {"deployment": DEPLOYMENT, "service": SERVICE, "secret": LOGIN}
VALUES = {
    "controller": {
        "replicas": 1,
        "podAnnotations": {},
        "nodeSelector": {},
        "password": SECRET,
        "service": {"type": "ClusterIP", "annotations": {}},
    },
    "settings": {"from": "chart", "chart": True},
}
NEVER_READY = {"controller": {"podAnnotations": {"sandbox.kumo.eks/never-ready": "true"}}}


def write_chart(
    folder: Path,
    version: str = "4.0.0",
    templates: dict[str, str] | None = None,
    crds: dict[str, str] | None = None,
    **about: Any,
) -> Path:
    """Write a chart, in place of the one that is there.

    Args:
        templates: in place of its Deployment, Service and Secret.
        crds: what it brings in its folder of that name.
        about: more for its Chart.yaml.
    """
    own = {"apiVersion": "v2", "name": folder.name, "version": version, "appVersion": f"app-{version}"}
    for name, files in (("templates", WORKLOAD if templates is None else templates), ("crds", crds or {})):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for path in (folder / name).iterdir():
            path.unlink()
        for title, text in files.items():
            (folder / name / f"{title}.yaml").write_text(text)
    (folder / "Chart.yaml").write_text(json.dumps({**own, "description": "A small controller", **about}))
    (folder / "values.yaml").write_text(json.dumps(VALUES))
    return folder


def config_map(name: str, *lines: str) -> str:
    """A ConfigMap, with these lines in its metadata."""
    more = "".join(f"  {line}\n" for line in lines)
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n{more}data: {{a: b}}\n"


def job(name: str, *annotations: str, **pod: str) -> str:
    """A Job with annotations, and with others at its pod."""
    about = {"name": name, "annotations": dict(each.split("=", 1) for each in annotations)}
    notes = {f"sandbox.kumo.eks/{key.replace('_', '-')}": value for key, value in pod.items()}
    spec = {"restartPolicy": "Never", "containers": [{"name": "work", "image": "example.com/work"}]}
    template = {"metadata": {"annotations": notes}, "spec": spec}
    row = {"apiVersion": "batch/v1", "kind": "Job", "metadata": about}
    return json.dumps({**row, "spec": {"backoffLimit": 0, "template": template}})


def definition(plural: str, kind: str) -> str:
    """A CustomResourceDefinition of the group example.com."""
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    spec = {
        "group": "example.com",
        "names": {"plural": plural, "kind": kind},
        "scope": "Namespaced",
        "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
    }
    row = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}
    return json.dumps({**row, "metadata": {"name": f"{plural}.example.com"}, "spec": spec})
