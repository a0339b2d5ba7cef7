# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A chart repository over HTTP, and small charts of the names and versions that a test asks for."""

from __future__ import annotations

import base64
import functools
import http.server
import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# What every controller has: a service account with annotations, and pods that use it, in a Deployment with its chart's name.
TEMPLATE = """
{{- $account := .Values.serviceAccount | default dict }}
{{- with .Values.rbac }}{{ $account = .serviceAccount }}{{ end }}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ $account.name | default .Release.Name }}
  annotations: {{ toJson ($account.annotations | default dict) }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
  labels: {app.kubernetes.io/name: {{ .Chart.Name }}}
spec:
  replicas: {{ .Values.replicaCount | default 1 }}
  selector:
    matchLabels: {app: {{ .Release.Name }}}
  template:
    metadata:
      labels: {app: {{ .Release.Name }}}
      annotations: {{ toJson (.Values.podAnnotations | default dict) }}
    spec:
      serviceAccountName: {{ $account.name | default .Release.Name }}
      containers:
        - {name: controller, image: "example.com/{{ .Chart.Name }}:{{ .Chart.Version }}"}
"""


def write_repository(helm: Path, folder: Path, charts: dict[str, str], templates: dict[str, str] | None = None) -> Path:
    """A folder with the packages of charts, by their names and versions, and their index.

    Args:
        templates: by the names of charts, what they have instead of a controller.
    """
    packages = folder / "packages"
    for name, version in charts.items():
        (folder / name / "templates").mkdir(parents=True)
        about = {"apiVersion": "v2", "name": name, "version": version, "appVersion": version}
        (folder / name / "Chart.yaml").write_text(json.dumps(about))
        (folder / name / "values.yaml").write_text("{}")
        (folder / name / "templates" / "controller.yaml").write_text((templates or {}).get(name, TEMPLATE))
        package = [helm, "package", folder / name, "--destination", packages]
        subprocess.run(package, check=True, capture_output=True)
    subprocess.run([helm, "repo", "index", packages], check=True, capture_output=True)
    return packages


@contextmanager
def serve_files(folder: Path, user: str = "", password: str = "") -> Iterator[str]:
    """The files of a folder over HTTP, for one user alone where one is named; the URL."""
    basic = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode() if user else ""

    class Files(http.server.SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            if basic and self.headers.get("Authorization") != basic:
                self.send_error(401)
            else:
                super().do_GET()

        def log_message(self, *arguments: Any) -> None:
            """Quiet."""

    handler = functools.partial(Files, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
