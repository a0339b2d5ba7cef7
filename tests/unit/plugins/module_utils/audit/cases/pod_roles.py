# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from case import Case, allow, build_cluster, build_object, build_pods, build_role

ISSUER = "oidc.eks.ap-northeast-1.amazonaws.com/id/A1"
CLUSTER = build_cluster(identity={"oidc": {"issuer": f"https://{ISSUER}"}})
ROLE = "arn:aws:iam::123456789012:role/reader"
ASSOCIATION = {"namespace": "shop", "serviceAccount": "reader", "roleArn": ROLE}
NAME = ["Pod identity association shop/reader"]
PODS = "pods.eks.amazonaws.com"
AGENT = {"addonName": "eks-pod-identity-agent", "status": "ACTIVE"}
READER = ["IAM role reader"]


def agent(*addons):
    return {"cluster": CLUSTER, "pod_identity_associations": [ASSOCIATION], "addons": list(addons)}


def association(**fields):
    return {
        "pod_identity_associations": [ASSOCIATION],
        "association_roles": {ROLE: build_role("reader", PODS, **fields)},
    }


def account(name="reader", arn=ROLE):
    notes = {"annotations": {"eks.amazonaws.com/role-arn": arn}} if arn else {}
    return build_object(name, "shop", metadata=notes)


def provider(audience="sts.amazonaws.com", issuer=ISSUER):
    rows = [{"arn": f"arn:provider/{issuer}", "issuer": issuer, "audiences": [audience]}]
    return {"cluster": CLUSTER, "service_accounts": [account()], "oidc_providers": rows}


def trust(**conditions):
    test = {f"{ISSUER}:{key}": value for key, value in conditions.items()}
    row = {
        "Effect": "Allow",
        "Principal": {"Federated": f"arn:aws:iam::1:oidc-provider/{ISSUER}"},
        "Condition": {"StringLike": test},
    }
    role = build_role("reader", trust={"Statement": [row]})
    return {"cluster": CLUSTER, "irsa_roles": {ROLE: role}}


def roles(*policies):
    return {"association_roles": {ROLE: build_role("reader", PODS, policies=list(policies))}, "irsa_roles": {}}


def pods(env, associations=()):
    row = build_pods(serviceAccountName="reader", containers=[{"name": "app", "env": [{"name": name} for name in env]}])
    return {"workloads": [row], "service_accounts": [], "pod_identity_associations": list(associations)}


def env(*names):
    return {
        "workloads": [build_pods(containers=[{"name": "app", "env": [{"name": name, "value": "x"} for name in names]}])]
    }


BUCKET = "arn:aws:iam::123456789012:role/other"
WEB = ["Deployment shop/web"]
CASES = {
    "pod_identity_agent": Case(agent(), ["Cluster my-cluster"], agent(AGENT)),
    "association_role": Case(association(trust={}), NAME, association(), (PODS,)),
    "association_account": Case(
        {"pod_identity_associations": [ASSOCIATION], "service_accounts": [build_object("other", "shop")]},
        NAME,
        {"pod_identity_associations": [ASSOCIATION], "service_accounts": [build_object("reader", "shop")]},
    ),
    "oidc_provider_missing": Case(provider(issuer="another"), ["Cluster my-cluster"], provider()),
    "irsa_untrusted": Case(
        {"cluster": CLUSTER, "service_accounts": [account()], "irsa_roles": {}},
        ["ServiceAccount shop/reader"],
        {
            "cluster": CLUSTER,
            "service_accounts": [
                account(arn=arn) for arn in ("arn:aws:iam::123456789012:role/path/reader", "arn:aws:iam::1:role/x")
            ],
            "irsa_roles": {ROLE: {}},
        },
    ),
    "irsa_trust_wide": Case(
        trust(sub="system:serviceaccount:*:*"), READER, trust(sub="system:serviceaccount:shop:reader")
    ),
    "pod_role_administrator": Case(
        roles(allow("*", name="all")), READER, roles(allow("s3:GetObject", "arn:aws:s3:::one/*"))
    ),
    "pod_role_escalation": Case(roles(allow("iam:PassRole", name="own")), READER, roles(allow("iam:PassRole", ROLE))),
    "pod_on_node_role": Case(pods(["AWS_REGION"]), WEB, pods(["AWS_REGION"], [ASSOCIATION]), ("AWS_REGION",)),
    "access_keys_in_pod": Case(env("AWS_SECRET_ACCESS_KEY"), WEB, env("AWS_REGION"), ("app AWS_SECRET_ACCESS_KEY",)),
    "host_network_credentials": Case(
        {"workloads": [build_pods(hostNetwork=True)]}, WEB, {"workloads": [build_pods("DaemonSet", hostNetwork=True)]}
    ),
    "two_roles": Case(
        {"pod_identity_associations": [ASSOCIATION], "service_accounts": [account(arn=BUCKET)]},
        ["ServiceAccount shop/reader"],
        {"pod_identity_associations": [ASSOCIATION], "service_accounts": [account()]},
    ),
}
