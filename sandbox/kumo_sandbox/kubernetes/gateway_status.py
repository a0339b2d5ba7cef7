"""What the AWS Load Balancer Controller writes into the status of Gateways, their classes and routes.

https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/controllers/gateway/listener_status_utils.go
https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/controllers/gateway/route_reconciler.go
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from kumo_sandbox.aws_interfaces import MadeBalancer
from kumo_sandbox.kubernetes.api import Api, Manifest, build_path
from kumo_sandbox.kubernetes.custom_kinds import GATEWAYS
from kumo_sandbox.kubernetes.gateway_routes import ACCEPTED, Listener, Verdict

CONFLICTS = ("HostnameConflict", "ProtocolConflict")
UNRESOLVED = ("InvalidRouteKinds",)
FAILED = "Check Gateway Events for more information."
PENDING = "Waiting for load balancer to be active."


def build_condition(kind: str, status: bool | None, reason: str, message: str, about: Manifest) -> Manifest:
    """Args: status: None for Unknown."""
    words = {True: "True", False: "False", None: "Unknown"}
    generation = about["metadata"].get("generation", 1)
    return {
        "type": kind,
        "status": words[status],
        "reason": reason,
        "message": message,
        "observedGeneration": generation,
    }


def show_accepted_class(api: Api, gateway_class: Manifest, accepted: bool, reason: str, message: str) -> None:
    condition = build_condition(ACCEPTED, accepted, reason, message, gateway_class)
    show(api, gateway_class, {"conditions": [condition]})


def show_refused(api: Api, gateway: Manifest, message: str = FAILED) -> None:
    """A Gateway that is not served; what it had before stays in its status."""
    show(api, gateway, {"conditions": [build_condition(ACCEPTED, False, "Invalid", message, gateway)]})


def show_served(api: Api, gateway: Manifest, listeners: list[Listener], made: MadeBalancer) -> bool:
    """Whether it was not shown before."""
    valid = [each for each in listeners if each.valid]
    reason = ACCEPTED if len(valid) == len(listeners) else "ListenersNotValid"
    programmed = (True, "Programmed", made.arn) if made.active else (None, "Pending", PENDING)
    conditions = [
        build_condition(ACCEPTED, bool(valid), reason, "", gateway),
        build_condition("Programmed", *programmed, gateway),
    ]
    status = {
        "conditions": conditions,
        "addresses": [{"type": "Hostname", "value": made.hostname.lower()}],
        "listeners": [_build_listener(each, gateway, made.active) for each in listeners],
    }
    return show(api, gateway, status)


def show_verdicts(api: Api, route: Manifest, verdicts: Iterable[Verdict], controller: str) -> None:
    """The status of a route at its parents of one Gateway; that of other controllers stays."""
    own = [_build_parent(each, controller) for each in verdicts]
    parents = [row["parentRef"] for row in own]
    others = [row for row in (route.get("status") or {}).get("parents") or [] if row["parentRef"] not in parents]
    show(api, route, {"parents": [*others, *own]})


def show(api: Api, about: Manifest, status: Manifest) -> bool:
    """Write it where it differs; whether it did. Conditions of other types stay."""
    now = about.get("status") or {}
    if "conditions" in status:
        types = {row["type"] for row in status["conditions"]}
        others = [row for row in now.get("conditions") or [] if row["type"] not in types]
        status = {**status, "conditions": [*others, *status["conditions"]]}
    shown = {key: now.get(key) for key in status}
    if _strip(shown) == _strip(status):
        return False
    api.patch(f"{build_path(about)}/status", {"status": _date(status)})
    about["status"] = {**now, **status}
    return True


def _build_listener(listener: Listener, gateway: Manifest, programmed: bool) -> Manifest:
    reason, message = listener.reason, listener.message
    conflict = reason in CONFLICTS
    refused = not listener.valid and reason not in UNRESOLVED
    state = (
        ("Programmed", "Listener is programmed.")
        if programmed
        else ("Pending", "Listener is pending to be programmed.")
    )
    if not listener.valid:
        state = (reason, "Listener is not accepted.")
    no_conflict, resolved = (
        ("NoConflicts", "Listener has no conflict."),
        ("ResolvedRefs", "Listener has all refs resolved."),
    )
    conditions = [
        ("Conflicted", conflict, *((reason, message) if conflict else no_conflict)),
        (ACCEPTED, not refused, *((reason, message) if refused else (ACCEPTED, "Listener is accepted."))),
        ("ResolvedRefs", reason not in UNRESOLVED, *((reason, message) if reason in UNRESOLVED else resolved)),
        ("Programmed", programmed and listener.valid, *state),
    ]
    return {
        "name": listener.spec["name"],
        "supportedKinds": [{"group": GATEWAYS, "kind": kind} for kind in listener.kinds],
        "attachedRoutes": len(listener.routes),
        "conditions": [build_condition(*row, gateway) for row in conditions],
    }


def _build_parent(verdict: Verdict, controller: str) -> Manifest:
    problem = (verdict.reason, verdict.message)
    resolved = ("ResolvedRefs", "") if verdict.resolved else problem
    accepted = (ACCEPTED, "") if verdict.accepted else problem
    conditions = [
        build_condition("ResolvedRefs", verdict.resolved, *resolved, verdict.route),
        build_condition(ACCEPTED, verdict.accepted, *accepted, verdict.route),
    ]
    return {"parentRef": verdict.parent, "controllerName": controller, "conditions": conditions}


def _strip(value: object) -> object:
    """Without moments, and in an order that does not count."""
    if isinstance(value, dict):
        return {key: _strip(each) for key, each in value.items() if key != "lastTransitionTime"}
    if isinstance(value, list):
        return sorted((_strip(each) for each in value), key=repr)
    return value


def _date(value: object) -> object:
    """With the moment of each condition."""
    if isinstance(value, list):
        return [_date(each) for each in value]
    if not isinstance(value, dict):
        return value
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    dated = {"lastTransitionTime": now} if "reason" in value and "lastTransitionTime" not in value else {}
    return {**{key: _date(each) for key, each in value.items()}, **dated}
