# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_pod_identity_migration against the sandbox, with objects of Kubernetes that the test holds itself."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.identity import migration
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import POD, SERVICE_ACCOUNT

CLUSTER, AGENT, DRIVER = "my-cluster", "eks-pod-identity-agent", "aws-ebs-csi-driver"
READ = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
ROLE = "eks.amazonaws.com/role-arn"
STEPS = ["trust EKS Pod Identity", "create the association", "remove the annotation"]


class Objects:
    """Service accounts and pods, and what is done to them."""

    def __init__(self):
        self.accounts, self.pods, self.log = {}, [], []

    def annotate(self, name, role):
        namespace, _slash, account = name.partition("/")
        about = {"namespace": namespace, "name": account, "annotations": {ROLE: role, "other": "stays"}}
        self.accounts[name] = {"metadata": about}

    def start(self, name, account, irsa=True, **spec):
        namespace, _slash, own = account.partition("/")
        env = [{"name": "AWS_WEB_IDENTITY_TOKEN_FILE", "value": "x"}] if irsa else []
        about = {"serviceAccountName": own, "containers": [{"name": "app", "env": env}], **spec}
        self.pods.append(
            {"metadata": {"namespace": namespace, "name": name}, "spec": about, "status": {"phase": "Running"}}
        )

    def list(self, kind, **selectors):
        return iter({SERVICE_ACCOUNT: list(self.accounts.values()), POD: self.pods}[kind])

    def patch(self, kind, name, body, namespace):
        self.log.append(f"patch {namespace}/{name}")
        annotations = self.accounts[f"{namespace}/{name}"]["metadata"]["annotations"]
        for key, value in body["metadata"]["annotations"].items():
            assert value is None
            annotations.pop(key, None)


@pytest.fixture
def objects(monkeypatch):
    found = Objects()

    @contextmanager
    def open_api(eks, sts, name):
        yield found

    module = "ansible_collections.kumo.eks.plugins.modules.eks_pod_identity_migration"
    monkeypatch.setattr(f"{module}.open_cluster_api", open_api)
    monkeypatch.setattr(migration.time, "sleep", lambda seconds: found.log.append(f"sleep {seconds:g}"))
    return found


@pytest.fixture
def cluster(run_module, ground):
    words = {"name": CLUSTER, "version": "1.34", "role_arn": ground["role"], "subnets": ground["subnets"], "wait": True}
    assert not run_module("eks_cluster", words)["failed"]
    node = {"cluster_name": CLUSTER, "name": "general", "node_role": ground["node_role"], "subnets": ground["subnets"]}
    assert not run_module("eks_nodegroup", {**node, "wait": True})["failed"]


@pytest.fixture
def migrate(run_module, sandbox, cluster):
    def run(check=False, fails=False, **options):
        result = run_module("eks_pod_identity_migration", {"cluster_name": CLUSTER, **options}, check=check)
        assert result["failed"] == fails, result
        return result if fails else {**result, "by_name": {row["name"]: row for row in result["migrations"]}}

    return run


@pytest.fixture
def give(run_module, objects):
    """give(service account) -> the ARN of its role by IRSA."""

    def run(name, **options):
        namespace, _slash, account = name.partition("/")
        one = {"namespace": namespace, "service_account": account, "role_only": True, "policy_arns": [READ]}
        made = run_module("eks_irsa", {"cluster_name": CLUSTER, **one, **options})
        assert not made["failed"], made
        objects.annotate(name, made["role_arn"])
        return made["role_arn"]

    return run


def install(run_module, **options):
    assert not run_module("eks_addon", {"cluster_name": CLUSTER, "wait": True, **options})["failed"]


def sent(sandbox):
    names = [call["operation"] for call in sandbox.calls()]
    return [name for name in names if not name.startswith(("Describe", "Get", "List"))]


def list_principals(sandbox, arn):
    document = sandbox.client("iam").get_role(RoleName=arn.rpartition("/")[2])["Role"]["AssumeRolePolicyDocument"]
    return [next(iter(row["Principal"])) for row in document["Statement"]]


def test_service_accounts_move_without_a_moment_without_rights(sandbox, migrate, give, objects, run_module):
    eks = sandbox.client("eks")
    arn = give("production/reader")
    objects.start("reader-1", "production/reader")
    assert f"does not have the add-on {AGENT}" in migrate(fails=True)["msg"]
    install(run_module, name=AGENT)

    sandbox.recorder.clear()
    plan = migrate(check=True, remove_irsa=True)
    assert plan["changed"] and sent(sandbox) == [] and objects.log == []
    assert plan["by_name"]["production/reader"]["steps"] == STEPS
    beside = migrate()
    assert beside["by_name"]["production/reader"]["steps"] == STEPS[:2] and objects.log == []
    assert sent(sandbox) == ["UpdateAssumeRolePolicy", "CreatePodIdentityAssociation"]
    assert sorted(list_principals(sandbox, arn)) == ["Federated", "Service"]
    (association,) = eks.list_pod_identity_associations(clusterName=CLUSTER)["associations"]
    assert (association["namespace"], association["serviceAccount"]) == ("production", "reader")
    assert not migrate()["changed"]

    moved = migrate(remove_irsa=True)["by_name"]["production/reader"]
    assert moved["steps"] == STEPS[2:] and moved["state"] == "pending" and objects.log == ["patch production/reader"]
    assert "production/reader-1" in moved["pending"][0]
    assert objects.accounts["production/reader"]["metadata"]["annotations"] == {"other": "stays"}
    waiting = migrate(remove_irsa=True)
    assert not waiting["changed"] and waiting["by_name"]["production/reader"]["state"] == "pending"
    assert "Federated" in list_principals(sandbox, arn)

    objects.pods.clear()
    objects.start("reader-2", "production/reader", irsa=False)
    plan = migrate(check=True, remove_irsa=True)
    done = migrate(remove_irsa=True)
    assert done["diff"] == plan["diff"] and list_principals(sandbox, arn) == ["Service"]
    assert done["by_name"]["production/reader"]["steps"] == ["stop trusting the OIDC provider"]
    again = migrate(remove_irsa=True)
    assert not again["changed"] and again["migrations"] == []


def test_in_one_run_the_annotation_goes_after_the_association_counts(sandbox, migrate, give, objects, run_module):
    install(run_module, name=AGENT)
    give("production/reader")
    assert migrate(remove_irsa=True)["by_name"]["production/reader"]["steps"] == STEPS
    assert objects.log == ["sleep 15", "patch production/reader"]


def test_an_add_on_moves_in_one_update(sandbox, migrate, give, objects, run_module):
    eks = sandbox.client("eks")
    install(run_module, name=AGENT)
    install(run_module, name=DRIVER, identity="irsa")
    install(run_module, name="coredns")
    arn = eks.describe_addon(clusterName=CLUSTER, addonName=DRIVER)["addon"]["serviceAccountRoleArn"]
    objects.annotate("kube-system/ebs-csi-controller-sa", arn)  # as the add-on does it
    sandbox.recorder.clear()
    moved = migrate(remove_irsa=True)
    assert list(moved["by_name"]) == [DRIVER] and moved["by_name"][DRIVER]["state"] == "pending"
    assert sent(sandbox) == ["UpdateAssumeRolePolicy", "UpdateAddon"]
    shown = eks.describe_addon(clusterName=CLUSTER, addonName=DRIVER)["addon"]
    assert not shown.get("serviceAccountRoleArn") and len(shown["podIdentityAssociations"]) == 1
    objects.accounts.clear()
    assert migrate(remove_irsa=True)["changed"] and list_principals(sandbox, arn) == ["Service"]
    assert not migrate(remove_irsa=True)["changed"]


def test_what_cannot_move_is_named_and_left_alone(sandbox, migrate, give, objects, run_module):
    install(run_module, name=AGENT)
    give("batch/on-fargate")
    objects.start("job-1", "batch/on-fargate", schedulerName="fargate-scheduler")
    objects.annotate("batch/elsewhere", "arn:aws:iam::999999999999:role/other")
    objects.annotate("batch/gone", "arn:aws:iam::123456789012:role/gone")
    shared = give("batch/shared", service_account="shared")
    objects.annotate("batch/second", shared)
    sandbox.recorder.clear()
    found = migrate(service_accounts=["batch/on-fargate", "batch/elsewhere", "batch/gone"], remove_irsa=True)
    reasons = {name: row["why"] for name, row in found["by_name"].items()}
    assert "run on Fargate" in reasons["batch/on-fargate"] and "target_role_arn" in reasons["batch/elsewhere"]
    assert "does not exist" in reasons["batch/gone"] and not found["changed"] and sent(sandbox) == []
    assert "'reader' is not a service account" in migrate(service_accounts=["reader"], fails=True)["msg"]

    statement = {
        "service_accounts": [{"namespace": "batch", "name": "shared"}, {"namespace": "batch", "name": "later"}]
    }
    role = {"role_name": shared.rpartition("/")[2], "role_only": True, "policy_arns": [READ]}
    assert not run_module("eks_irsa", {"cluster_name": CLUSTER, **statement, **role})["failed"]
    migrate(service_accounts=["batch/shared"], remove_irsa=True)
    kept = migrate(service_accounts=["batch/shared"], remove_irsa=True)
    assert "also trusts system:serviceaccount:batch:later" in kept["by_name"]["batch/shared"]["pending"][0]
