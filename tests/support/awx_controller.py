# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for the API of AWX 24.6.1: it keeps what modules of awx.awx send, and refuses some of what AWX refuses.

It runs no jobs. What it refuses: names that do not exist, playbooks that a project does not have, surveys, answers and recurrence rules that are not
valid. The rules are those of awx/api/views/__init__.py (_validate_spec_data), awx/main/models/mixins.py (_survey_element_validation) and
awx/api/serializers.py (validate_rrule). Secrets are shown as $encrypted$, as AWX shows them.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

TOKEN = "stand-in-token"
HIDDEN = "$encrypted$"
TYPES = {
    "organizations": "organization",
    "execution_environments": "execution_environment",
    "credential_types": "credential_type",
    "credentials": "credential",
    "notification_templates": "notification_template",
    "projects": "project",
    "inventories": "inventory",
    "hosts": "host",
    "inventory_sources": "inventory_source",
    "job_templates": "job_template",
    "workflow_job_templates": "workflow_job_template",
    "workflow_job_template_nodes": "workflow_job_template_node",
    "workflow_approval_templates": "workflow_approval_template",
    "schedules": "schedule",
}
UNIFIED = ("projects", "inventory_sources", "job_templates", "workflow_job_templates")
ANSWER_TYPES: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "textarea": (str,),
    "password": (str,),
    "multiplechoice": (str,),
    "multiselect": (str,),
    "integer": (int,),
    "float": (float, int),
}


def list_survey_problems(spec: dict[str, Any]) -> list[str]:
    """Why AWX refuses a survey. Defaults of multiselect are a text here, and a list in answers."""
    rows = spec.get("spec")
    if not isinstance(spec.get("name"), str) or not isinstance(spec.get("description"), str) or not rows:
        return ["a survey has a name, a description and questions"]
    variables = [row.get("variable") for row in rows]
    problems = [f"{name} is asked twice" for name in set(variables) if variables.count(name) > 1]
    for row in rows:
        if {"type", "question_name", "variable", "required"} - set(row) or row["type"] not in ANSWER_TYPES:
            problems.append(f"{row}: incomplete, or not a type")
            continue
        default = row.get("default", "")
        if default != "" and (not isinstance(default, ANSWER_TYPES[row["type"]]) or isinstance(default, bool)):
            problems.append(f"{row['variable']}: the default {default!r} is not of the type {row['type']}")
        problems += [
            f"{row['variable']}: {k} is no integer" for k in ("min", "max") if not isinstance(row.get(k) or 0, int)
        ]
        if row["type"] in ("multiplechoice", "multiselect"):
            chosen = str(default).splitlines()
            problems += [f"{row['variable']}: {word} is no choice" for word in chosen if word not in row["choices"]]
    return problems


def list_answer_problems(spec: dict[str, Any], answers: dict[str, Any]) -> list[str]:
    """Why AWX refuses answers that are given with a schedule or a node. What is left out gets the default, which AWX takes only if it is valid."""
    rows = {row["variable"]: row for row in spec.get("spec", [])}
    problems = [f"{name} is not asked for" for name in answers if name not in rows]
    for name, row in rows.items():
        value = answers.get(name, read_default(row))
        if name not in answers and value == "" and not row["required"]:
            continue
        fault = describe_answer_fault(row, value)
        problems += [f"{name}: {fault}"] if fault else []
    return problems


def read_default(row: dict[str, Any]) -> Any:
    """The default as an answer: for multiselect, a user interface makes a list of it."""
    default = row.get("default", "")
    return default.splitlines() if row["type"] == "multiselect" else default


def describe_answer_fault(row: dict[str, Any], value: Any) -> str:
    """Why a value is no answer to a question, or an empty text."""
    if row["type"] in ("text", "textarea", "password", "integer", "float"):
        wanted = ANSWER_TYPES[row["type"]]
        if not isinstance(value, wanted) or isinstance(value, bool):
            return f"{value!r} is not of the type {row['type']}"
        size = len(value) if isinstance(value, str) else value
        low, high = row.get("min"), row.get("max")
        within = (low is None or size >= low) and (high is None or size <= high)
        return "" if within else f"{value!r} is out of range"
    if row["type"] == "multiselect":
        return (
            "" if isinstance(value, list) and set(value) <= set(row["choices"]) else f"{value!r} is no list of choices"
        )
    return "" if value in row["choices"] else f"{value!r} is no choice"


def list_rule_problems(rule: str) -> list[str]:
    """Why AWX refuses the recurrence rule of a schedule."""
    starts = re.findall(r"DTSTART(?:;[^:]+)?:\d+T\d+Z?", rule)
    parts = re.findall(r"RULE:\S*", rule)
    problems = (
        []
        if len(starts) == 1 and (";TZID=" in starts[0] or starts[0].endswith("Z"))
        else ["one DTSTART, with a time zone"]
    )
    problems += [] if parts else ["no RRULE"]
    problems += [f"INTERVAL is missing in {part}" for part in parts if "INTERVAL=" not in part]
    problems += [f"{part} is not supported" for part in parts if "SECONDLY" in part or re.search(r"BYDAY=\d", part)]
    return problems


class Refused(Exception):
    """A request that is answered with 400 or 404."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(body)
        self.status, self.body = status, body


class Controller:
    """The objects by endpoint and id, the ids of what is associated with them, and the calls that changed something."""

    def __init__(self, playbooks: list[str]) -> None:
        self.playbooks = playbooks
        self.objects: dict[str, dict[int, dict[str, Any]]] = {name: {} for name in TYPES}
        self.associated: dict[tuple[str, int, str], list[int]] = {}
        self.surveys: dict[tuple[str, int], dict[str, Any]] = {}
        self.secrets: dict[int, dict[str, Any]] = {}
        self.changes: list[str] = []
        self._last_id = 0
        self.create("organizations", {"name": "Default"})
        self.changes.clear()

    def find(self, endpoint: str, name: str) -> dict[str, Any]:
        """The object of a name, for tests."""
        return next(each for each in self.objects[endpoint].values() if each.get("name") == name)

    def list(self, endpoint: str, filters: dict[str, str]) -> list[dict[str, Any]]:
        names = UNIFIED if endpoint == "unified_job_templates" else (endpoint,)
        every = [each for name in names for each in self.objects[name].values()]
        plain = {k: v for k, v in filters.items() if not k.startswith("or__")}
        either = {k.removeprefix("or__"): v for k, v in filters.items() if k.startswith("or__")}
        return [
            each
            for each in every
            if all(str(each.get(k)) == v for k, v in plain.items())
            and (not either or any(str(each.get(k)) == v for k, v in either.items()))
        ]

    def create(self, endpoint: str, fields: dict[str, Any]) -> dict[str, Any]:
        if endpoint not in self.objects:
            raise Refused(404, {"detail": f"there is no {endpoint}"})
        self._validate(endpoint, fields)
        self._last_id += 1
        number, url = self._last_id, f"/api/v2/{endpoint}/{self._last_id}/"
        related = {"survey_spec": f"{url}survey_spec/"} if endpoint.endswith("job_templates") else {}
        made = {"id": number, "type": TYPES[endpoint], "url": url, "related": related, "summary_fields": {}}
        made |= {"scm_revision": "0"} if endpoint == "projects" else {}
        self.objects[endpoint][number] = made | self._hide(endpoint, number, fields)
        self.changes.append(f"POST {endpoint} {fields.get('name') or fields.get('identifier')}")
        return self.objects[endpoint][number]

    def change(self, endpoint: str, number: int, fields: dict[str, Any]) -> dict[str, Any]:
        kept = self.objects[endpoint][number]
        self._validate(endpoint, kept | fields)
        known = {k: v for k, v in fields.items() if endpoint != "workflow_approval_templates" or k in kept}
        before = dict(kept)
        kept.update(self._hide(endpoint, number, known))
        if kept != before:
            self.changes.append(f"PATCH {endpoint} {kept.get('name')}")
        return kept

    def associate(self, endpoint: str, number: int, kind: str, body: dict[str, Any]) -> None:
        ids = self.associated.setdefault((endpoint, number, kind), [])
        if body.get("disassociate"):
            ids.remove(body["id"])
        else:
            ids.append(body["id"])
        self.changes.append(f"POST {endpoint}/{number}/{kind} {body['id']}")

    def approve(self, number: int, fields: dict[str, Any]) -> dict[str, Any]:
        """Make the approval of a node of a workflow."""
        kept = {k: v for k, v in fields.items() if k in ("name", "description", "timeout")}
        made = self.create("workflow_approval_templates", kept)
        node = self.objects["workflow_job_template_nodes"][number]
        node["unified_job_template"], node["related"] = made["id"], {"unified_job_template": made["url"]}
        return made

    def survey(self, endpoint: str, number: int, spec: dict[str, Any]) -> None:
        problems = list_survey_problems(spec)
        if problems:
            raise Refused(400, {"error": "; ".join(problems)})
        self.surveys[endpoint, number] = spec
        self.changes.append(f"POST survey of {self.objects[endpoint][number]['name']}")

    def read_survey(self, template: int) -> dict[str, Any]:
        return next((spec for (_endpoint, number), spec in self.surveys.items() if number == template), {})

    def _hide(self, endpoint: str, number: int, fields: dict[str, Any]) -> dict[str, Any]:
        if endpoint != "credentials" or "inputs" not in fields:
            return fields
        kind = self.objects["credential_types"][fields["credential_type"]]
        secret = {row["id"] for row in kind["inputs"]["fields"] if row.get("secret")}
        self.secrets[number] = fields["inputs"]
        return fields | {"inputs": {k: HIDDEN if k in secret else v for k, v in fields["inputs"].items()}}

    def _validate(self, endpoint: str, fields: dict[str, Any]) -> None:
        problems: list[str] = []
        if endpoint == "job_templates" and fields["playbook"] not in self.playbooks:
            problems = [f"Playbook not found for project: {fields['playbook']}"]
        if endpoint == "schedules":
            problems = list_rule_problems(fields["rrule"])
        if endpoint in ("schedules", "workflow_job_template_nodes") and fields.get("extra_data"):
            survey = self.read_survey(fields["unified_job_template"])
            problems += list_answer_problems(survey, fields["extra_data"])
        if endpoint == "credentials":
            kind = self.objects["credential_types"][fields["credential_type"]]
            asked = {row["id"] for row in kind["inputs"]["fields"]}
            given = {k for k, v in fields["inputs"].items() if v}
            problems += [f"input {each}" for each in (given - asked) | (set(kind["inputs"]["required"]) - given)]
        if problems:
            raise Refused(400, {"detail": problems})


class Handler(BaseHTTPRequestHandler):
    """The requests that modules send."""

    controller: Controller

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def answer(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(size) or b"{}")
        try:
            status, result = self.dispatch(body)
        except Refused as refused:
            status, result = refused.status, refused.body
        text = json.dumps(result).encode() if result is not None else b""
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.send_header("X-API-Product-Name", "AWX")
        self.send_header("X-API-Product-Version", "24.6.1")
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PATCH = answer

    def dispatch(self, body: dict[str, Any]) -> tuple[int, Any]:
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {"detail": "no credentials"}
        url = urlsplit(self.path)
        endpoint, *rest = url.path.removeprefix("/api/v2/").strip("/").split("/")
        if not rest:
            if self.command == "POST":
                return 201, self.controller.create(endpoint, body)
            return 200, page(self.controller.list(endpoint, dict(parse_qsl(url.query))))
        return self.dispatch_object(endpoint, int(rest[0]), rest[1] if len(rest) > 1 else "", body)

    def dispatch_object(self, endpoint: str, number: int, part: str, body: dict[str, Any]) -> tuple[int, Any]:
        kept = self.controller
        if not part:
            changed = kept.change(endpoint, number, body) if self.command == "PATCH" else kept.objects[endpoint][number]
            return 200, changed
        if part == "survey_spec":
            if self.command == "POST":
                kept.survey(endpoint, number, body)
            return 200, kept.surveys.get((endpoint, number), {})
        if part == "create_approval_template":
            return 201, kept.approve(number, body)
        if self.command == "POST":
            kept.associate(endpoint, number, part, body)
            return 204, None
        return 200, page([{"id": each} for each in kept.associated.get((endpoint, number, part), [])])


def page(results: list[Any]) -> dict[str, Any]:
    return {"count": len(results), "next": None, "results": results}


@contextmanager
def run_controller(playbooks: list[str]) -> Iterator[tuple[str, Controller]]:
    """A controller that listens on this machine: its URL, and what it keeps."""
    controller = Controller(playbooks)
    handler = type("BoundHandler", (Handler,), {"controller": controller})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", controller
    finally:
        server.shutdown()
        server.server_close()
