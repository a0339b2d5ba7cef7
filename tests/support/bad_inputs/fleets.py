# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of kubeconfig entries, of what reads whole clusters, and of the check that credentials are of the cluster's account."""

from __future__ import annotations

from support.bad_inputs.row import module

entry = module("eks_kubeconfig", path="/nowhere/kubeconfig", cluster_name="there")
check = module("eks_preflight")
whole = module("eks_info", cluster_name="there")
export = module("eks_export")
events = module("eks_event_info", cluster_name="there", resources=[{"kind": "cluster", "name": "there"}])
report = module("eks_drift_report")
cost = module("eks_cost_info", cluster_name="there")
priced = module("eks_cost_plan", results=[])
costs = module("eks_cost_report")
audit = module("eks_audit_info", cluster_name="there")
audits = module("eks_audit_report")
leaks = module("eks_leaks_info", cluster_name="there")
teardown = module("eks_teardown", cluster_name="there", step="check")
ROLE = "arn:aws:iam::123456789012:role/deploy"
OWN_RULE = {"id": "my rule", "severity": "low", "title": "x", "reads": ["cluster"], "expression": "cluster"}
ROWS = [
    leaks("a kind that there is not", "kinds", "balancers", "load_balancer", kinds=["balancers"]),
    teardown("a step that there is not", "step", "everything", "leftovers", step="everything"),
    teardown("volumes that are given away", "volumes", "give", "snapshot", volumes="give"),
    teardown("a wait into the past", "wait_timeout", "-1", "at least 0", wait_timeout=-1),
    priced("a source of a plan's prices", "price_source", "spot", "table", price_source="spot"),
    priced("a region of nowhere", "region", "'tokyo'", "spelling", region="tokyo"),
    cost("a source of prices that there is not", "price_source", "calculator", "auto", price_source="calculator"),
    cost("pods that are not read", "rightsizing", "kubernetes", "kubernetes: true", rightsizing=True, kubernetes=False),
    entry("an alias of a blank", "alias", "' '", "Omit it", alias=" "),
    entry("a user alias of blanks", "user_alias", "' '", "Omit it", user_alias=" "),
    entry("a namespace with an underscore", "namespace", "'my_app'", "lower case letters", namespace="my_app"),
    entry(
        "an endpoint without TLS", "endpoint", "'http://localhost'", "https://HOST:PORT", endpoint="http://localhost"
    ),
    entry("a proxy without a scheme", "proxy_url", "'proxy:3128'", "socks5://HOST:PORT", proxy_url="proxy:3128"),
    entry(
        "a proxy with a password", "proxy_url", "a password", "HTTPS_PROXY", proxy_url="http://me:hunter2@proxy:3128"
    ),
    entry(
        "a certificate's name alone", "tls_server_name", "'x.example.com'", "endpoint", tls_server_name="x.example.com"
    ),
    entry(
        "a user as a role",
        "assume_role_arn",
        "user/x",
        "role/my-role",
        assume_role_arn="arn:aws:iam::123456789012:user/x",
    ),
    entry(
        "an external id for the aws command",
        "external_id",
        "no such option",
        "credential: python",
        credential="aws_cli",
        assume_role_arn=ROLE,
        external_id="x",
    ),
    entry("an external id without a role", "assume_role_arn", "external_id", "missing parameter", external_id="x"),
    entry("another program", "credential", "kubelogin", "aws_cli", credential="kubelogin"),
    check("a number that is none of an account", "eks_account_id", "'1234'", "12 digits", account_id="1234"),
    check(
        "credentials of another account",
        "eks_account_id",
        "210987654321",
        "Use a profile of that account",
        account_id="210987654321",
    ),
    export("a name with a blank", "cluster", "my cluster", "letters", cluster_name="my cluster"),
    export("no cluster", "cluster_name", "missing required arguments", "cluster_name"),
    events("more hours than CloudTrail keeps", "hours", "5000", "2160", hours=5000),
    events("no hours", "hours", "0", "1", hours=0),
    costs("no clusters to price", "clusters", "missing required arguments", "clusters"),
    report("no clusters", "clusters", "missing required arguments", "clusters"),
    audit(
        "a rule that does not exist",
        "only",
        "'endpoint_publik'",
        "Did you mean endpoint_public",
        only=["endpoint_publik"],
    ),
    audit("an unknown family", "families", "network", "value of families must be", families=["networks"]),
    audit(
        "a rule of a user with a blank in its ID", "custom_rules[0].id", "'my rule'", "letters", custom_rules=[OWN_RULE]
    ),
    audit(
        "an exception without a day",
        "exceptions[0].until",
        "'soon'",
        "2027-03-31",
        exceptions=[{"rule": "endpoint_public", "reason": "known", "until": "soon"}],
    ),
    audits(
        "an audit without findings", "audits[0]", "neither findings nor an error", "eks_audit_info", audits=[{"a": 1}]
    ),
    whole("an unknown section", "sections", "nodes", "nodegroups", sections=["nodes"]),
]
