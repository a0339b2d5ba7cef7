# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of costs, audits, leaks, teardowns, upgrades and kubeconfigs, and names of clusters wherever one is asked for."""

from __future__ import annotations

from typing import Any

from support.bad_inputs.row import BadInput, module

cost = module("eks_cost_info", cluster_name="there")
plan = module("eks_cost_plan", results=[])
priced = module("eks_cost_report")
drift = module("eks_drift_report")
COSTS = [
    cost("no cluster of this name", "cluster_name", "nowhere", "Check its name and region", cluster_name="nowhere"),
    cost("a name in Japanese", "cluster_name", "名前", "letters, digits, hyphens and underscores", cluster_name="名前"),
    cost("half of Kubernetes", "kubernetes", "'perhaps'", "not a valid boolean", kubernetes="perhaps"),
    plan("a text for results", "results", "'site.yml'", "not a mapping of options", results="site.yml"),
    plan("a result alone", "results", "dict", "cannot be converted to a list", results={"changed": True}),
    priced("texts for clusters", "clusters", "'there'", "not a mapping of options", clusters=["there"]),
    priced("clusters that were not priced", "clusters[0]", "lines", "eks_cost_info", clusters=[{"region": "x"}]),
    drift("texts for clusters", "clusters", "'there'", "not a mapping of options", clusters=["there"]),
    drift("a cluster without a host", "clusters[0]", "host", "what drift.yml collects", clusters=[{"cluster": "x"}]),
]
audit = module("eks_audit_info", cluster_name="there")
reported = module("eks_audit_report", audits=[])
ACCEPTED = {"rule": "A01", "resource": "*", "reason": "a test", "until": "2027-03-31"}
RULE = {
    "id": "ACME-1",
    "severity": "high",
    "title": "Clusters are ours",
    "reads": ["cluster"],
    "expression": "cluster.status",
    "why": "Others pay.",
    "remedy": "Tag it.",
}
AUDITS = [
    audit("nothing left", "skip", "only=A01, skip=A01", "Skip fewer, or choose more", only=["A01"], skip=["A01"]),
    audit(
        "a day that does not exist",
        "until",
        "'2026-13-45'",
        "2027-03-31",
        exceptions=[ACCEPTED | {"until": "2026-13-45"}],
    ),
    audit("an empty reason", "exceptions[0].reason", "is empty", "Say why", exceptions=[ACCEPTED | {"reason": ""}]),
    audit("a map of exceptions", "exceptions", "dict", "cannot be converted to a list", exceptions=ACCEPTED),
    audit("a number for an exception", "exceptions[0]", "5", "not a mapping of options", exceptions=[5]),
    audit("a line without an exception", "exceptions[0]", "None", "not a mapping of options", exceptions=[None]),
    audit(
        "an expression with an end missing",
        "expression",
        "'cluster.'",
        "JMESPath",
        custom_rules=[RULE | {"expression": "cluster."}],
    ),
    audit(
        "a source that no rule has",
        "custom_rules[0].reads",
        "'planets'",
        "Allowed: access",
        custom_rules=[RULE | {"reads": ["planets"]}],
    ),
    audit("a rule twice", "custom_rules[1].id", "'ACME-1'", "that no other rule has", custom_rules=[RULE, RULE]),
    reported("a text for audits", "audits", "'there'", "not a mapping of options", audits=["there"]),
    reported("a severity that is none", "fail_on", "severe", "critical, high", fail_on="severe"),
    reported(
        "an audit of another program", "previous", "not the JSON of an audit", "audit_json_file", previous={"a": 1}
    ),
]
teardown = module("eks_teardown", cluster_name="there", step="check")
leaks = module("eks_leaks_info")
REMOVALS = [
    teardown("a path for a name", "cluster_name", "'../there'", "starting with a letter", cluster_name="../there"),
    teardown("a log group that is burnt", "log_group", "burn", "keep", log_group="burn"),
    teardown("a time of words", "wait_timeout", "'soon'", "cannot be converted to an int", wait_timeout="soon"),
    leaks("a name with a blank", "cluster_name", "'my cluster'", "1-100 letters", cluster_name="my cluster"),
]
upgrade = module("eks_upgrade", cluster_name="there", kubernetes_version="1.34")
UPGRADES = [
    upgrade("a word for a version", "kubernetes_version", "'latest'", 'like "1.34"', kubernetes_version="latest"),
    upgrade("a version that EKS does not offer", "kubernetes_version", "1.99", "it offers", kubernetes_version="1.99"),
    upgrade("a version with a v", "kubernetes_version", "'v1.34'", 'like "1.34"', kubernetes_version="v1.34"),
    upgrade("a time before now", "health_timeout", "-1", "at least 1", health_timeout=-1),
    upgrade("no node at once", "nodegroup_drain.max_parallel", "0", "at least 1", nodegroup_drain={"max_parallel": 0}),
    upgrade("a list for a drain", "nodegroup_drain", "[1]", "not a mapping of options", nodegroup_drain=[1]),
    upgrade("negative minutes", "expected_minutes.nodegroup", "-4", "like 20", expected_minutes={"nodegroup": -4}),
    upgrade("an hour too many", "windows[0].start", "'25:00'", "HH:MM", windows=[{"start": "25:00", "duration": "2h"}]),
    upgrade("a window as a map", "windows", "dict", "cannot be converted to a list", windows={"start": "02:00"}),
    upgrade("a word for an override", "overrides[0]", "'insights'", "not a mapping of options", overrides=["insights"]),
    upgrade("a number for an override", "overrides[0]", "7", "not a mapping of options", overrides=[7]),
    upgrade(
        "versions as a list", "addon_versions", "list", "cannot be converted to a dict", addon_versions=["coredns"]
    ),
    upgrade("a fast strategy", "workers", "'fast'", "rolling or blue_green", nodegroup_strategies={"workers": "fast"}),
]
kubeconfig = module("eks_kubeconfig", path="/nowhere/config", cluster_name="there")
ROLE = "arn:aws:iam::12:role/x"
KUBECONFIGS = [
    kubeconfig(
        "an account too short", "assume_role_arn", f"'{ROLE}'", "arn:aws:iam::123456789012", assume_role_arn=ROLE
    ),
    kubeconfig("a name in Japanese", "cluster_name", "'名前'", "1-100 letters", cluster_name="名前"),
    kubeconfig("an empty path", "path", "is empty", "Use the path of a file", path=""),
    kubeconfig("an endpoint without a host", "endpoint", "'https://'", "https://HOST:PORT", endpoint="https://"),
]
# A variable that is not set is an empty text in a template with default(''). EKS would be asked for another operation: /clusters/ lists all.
ASKED: dict[str, dict[str, Any]] = {
    "eks_addon": {"name": "coredns"},
    "eks_addon_info": {},
    "eks_aws_auth_info": {},
    "eks_capability_info": {},
    "eks_certificate_authority_info": {},
    "eks_cost_info": {},
    "eks_discovery_tags": {},
    "eks_fargate_profile_info": {},
    "eks_health_info": {},
    "eks_helm_info": {},
    "eks_identity_provider_info": {},
    "eks_leaks_info": {},
    "eks_nodegroup": {"name": "workers"},
    "eks_nodegroup_info": {},
    "eks_pod_identity_info": {},
    "eks_teardown": {"step": "check"},
    "eks_upgrade": {"kubernetes_version": "1.34"},
    "eks_wait": {},
}
NAMES: list[BadInput] = [
    module(name, **options)("an empty name of a cluster", "cluster_name", "''", "1-100 letters", cluster_name="")
    for name, options in ASKED.items()
]
ROWS = [*COSTS, *AUDITS, *REMOVALS, *UPGRADES, *KUBECONFIGS, *NAMES]
