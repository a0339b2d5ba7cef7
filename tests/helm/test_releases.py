# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Section 5 of the guide with the real Helm 3 and 4, from a repository, a path and a registry."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from conftest import CLUSTER, HELM_4, write_chart

EXAMPLES = Path(__file__).parents[2] / "docs/examples"
ANNOTATION = r'controller.service.annotations."service\.beta\.kubernetes\.io/aws-load-balancer-type"=nlb'


@pytest.fixture
def keep(ansible, helm_program, request):
    """eks_helm on a namespace of the test's own: keep(name, chart=..., ...) -> its result; ``output`` is kept."""
    test = request.node.originalname.removeprefix("test_").replace("_", "-")
    namespace = f"{test[:50].strip('-')}-{helm_program.name}"

    def run(name: str, *flags: str, module: str = "eks_helm", fails: bool = False, **options):
        own = {"create_namespace": True} if module == "eks_helm" else {}
        args = {"cluster_name": CLUSTER, "name": name, "namespace": namespace, "binary_path": str(helm_program)}
        result, run.output = ansible(module, {**args, **own, **options}, *flags, fails=fails)
        return result

    return run


def test_ingress_nginx_as_in_the_guide(keep, repository):
    options = {
        "chart": "ingress-nginx",
        "repository": repository,
        "version": ">=4.0.0 <5.0.0",
        "set_values": ["controller.service.type=LoadBalancer", ANNOTATION],
    }
    planned = keep("ingress-nginx", "--check", "--diff", **options)
    assert (planned["action"], planned["chart"]) == ("install", "ingress-nginx-4.1.0")
    assert "aws-load-balancer-type: nlb" in keep.output
    assert "not-to-be-shown" not in keep.output

    made = keep("ingress-nginx", **options)
    assert (made["action"], made["status"], made["revision"]) == ("install", "deployed", 1)
    again = keep("ingress-nginx", **options)
    assert (again["changed"], again["revision"]) == (False, 1)

    newer = keep("ingress-nginx", **{**options, "version": "5.0.0"})
    assert newer["reasons"][0] == "chart ingress-nginx-4.1.0 -> ingress-nginx-5.0.0"
    back = keep("ingress-nginx", module="eks_helm_rollback")
    assert (back["changed"], back["rolled_back_to"], back["revision"]) == (True, 1, 3)
    for revision in (None, 1):
        same = keep("ingress-nginx", module="eks_helm_rollback", **({"revision": revision} if revision else {}))
        assert (same["changed"], same["revision"]) == (False, 3)
    gone = keep("ingress-nginx", state="absent", wait=True)
    assert gone["action"] == "uninstall"
    assert keep("ingress-nginx", state="absent")["changed"] is False


def test_the_guides_chart_with_its_production_values(keep):
    options = {
        "chart": str(EXAMPLES / "my-chart"),
        "values_files": [str(EXAMPLES / "production-values.yaml")],
        "wait": True,
        "wait_timeout": 120,
    }
    assert keep("my-app", **options)["status"] == "deployed"
    assert keep("my-app", **options)["changed"] is False
    changed = keep("my-app", "--check", "--diff", **options, values={"image": {"tag": "v1.2.4"}})
    assert changed["reasons"] == ["values", "manifests"]
    assert "my-app:v1.2.4" in keep.output
    assert keep("my-app", **options)["revision"] == 1


def test_a_failed_upgrade_is_rolled_back_and_says_which_pods_were_to_blame(keep, tmp_path):
    chart = str(write_chart(tmp_path / "ingress-nginx", "4.0.0"))
    assert keep("web", chart=chart, wait=True)["revision"] == 1
    stuck = {"controller": {"podAnnotations": {"sandbox.kumo.eks/never-ready": "true"}}}
    failed = keep("web", chart=chart, atomic=True, wait_timeout=12, values=stuck, fails=True)
    assert "rolled back" in failed["msg"]
    assert "pod web-controller-" in failed["msg"]
    assert failed["status"] == "deployed"
    assert keep("web", chart=chart, values={})["changed"] is False


@HELM_4
def test_only_what_is_given_changes_the_values(keep, tmp_path):
    chart = str(write_chart(tmp_path / "ingress-nginx", "4.0.0"))
    keep("web", chart=chart, values={"controller": {"replicas": 2}})
    assert keep("web", chart=chart)["changed"] is False
    assert keep("web", chart=chart, reuse_values=True, set_strings=["controller.password=other"])["changed"] is True
    assert "other" not in keep.output
    assert keep("web", chart=chart, values={})["reasons"] == ["values", "manifests"]


@HELM_4
def test_a_template_that_changed_without_a_version_is_seen(keep, tmp_path):
    folder = tmp_path / "ingress-nginx"
    chart = str(write_chart(folder, "4.0.0"))
    keep("web", chart=chart)
    extra = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra}\n"
    write_chart(folder, "4.0.0", extra=extra)
    assert keep("web", chart=chart, compare="inputs")["changed"] is False
    assert keep("web", chart=chart)["reasons"] == ["manifests"]


def test_a_chart_from_a_registry(keep, registry, programs, tmp_path):
    chart = write_chart(tmp_path / "ingress-nginx", "4.2.0")
    subprocess.run([programs["helm"], "package", chart, "--destination", tmp_path], check=True, capture_output=True)
    push = [programs["helm"], "push", tmp_path / "ingress-nginx-4.2.0.tgz", f"oci://{registry}/charts", "--plain-http"]
    subprocess.run(push, check=True, capture_output=True)
    options = {"chart": f"oci://{registry}/charts/ingress-nginx", "version": ">=4.0.0", "plain_http": True}
    assert keep("oci", **options)["chart"] == "ingress-nginx-4.2.0"
    assert keep("oci", **options)["changed"] is False


@HELM_4
def test_a_wrong_chart_and_a_missing_release_are_named(keep, repository):
    wrong = keep("web", chart="ingress-nginx", repository=repository, version=">=9.0.0", fails=True)
    assert "ingress-nginx >=9.0.0 cannot be pulled" in wrong["msg"]
    missing = keep("web", module="eks_helm_rollback", fails=True)
    assert "there is no release web" in missing["msg"]
