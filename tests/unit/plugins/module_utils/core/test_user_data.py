# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""User data as each kind of image reads it, and as EKS can merge it."""

from __future__ import annotations

import email
import json
import tomllib

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.core.ami_types import AL2, AL2023, BOTTLEROCKET, WINDOWS
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.user_data import build_user_data

CLUSTER = {
    "name": "my-cluster",
    "endpoint": "https://example.eks.amazonaws.com",
    "certificateAuthority": {"data": "Q0E="},
    "kubernetesNetworkConfig": {"ipFamily": "ipv4", "serviceIpv4Cidr": "172.20.0.0/16"},
}


def parts(text: str) -> list[tuple[str, str]]:
    message = email.message_from_string(text)
    assert message.get_content_type() == "multipart/mixed" and not message.defects
    return [(part.get_content_type(), part.get_payload()) for part in message.get_payload()]


def test_a_template_that_says_nothing_has_none():
    assert build_user_data({}, AL2023) is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("#!/bin/bash\necho a", "text/x-shellscript"),
        ("#cloud-config\npackages: [jq]", "text/cloud-config"),
        ("#cloud-boothook\n#!/bin/sh\necho a", "text/cloud-boothook"),
        ("apiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\nspec: {}", "application/node.eks.aws"),
    ],
)
@pytest.mark.parametrize("system", [AL2, AL2023])
def test_amazon_linux_reads_an_archive_of_parts(text, kind, system):
    ((found, content),) = parts(build_user_data({"user_data": text}, system))
    assert found == kind and content.strip() == text


def test_a_script_and_a_node_config_are_two_parts():
    options = {"user_data": "#!/bin/bash\necho a", "node_config": {"spec": {"kubelet": {"config": {"maxPods": 5}}}}}
    script, config = parts(build_user_data(options, AL2023))
    assert script[0] == "text/x-shellscript"
    assert json.loads(config[1]) == {
        "apiVersion": "node.eks.aws/v1alpha1",
        "kind": "NodeConfig",
        "spec": {"kubelet": {"config": {"maxPods": 5}}},
    }


def test_the_same_options_give_the_same_text():
    options = {"user_data": "#!/bin/bash\necho ==KUMO-EKS==", "node_config": {"spec": {"b": 1, "a": 2}}}
    assert build_user_data(options, AL2023) == build_user_data(options, AL2023)
    assert len(parts(build_user_data(options, AL2023))) == 2


def test_an_archive_stays_as_it_is():
    archive = 'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="B"\n\n--B--\n'
    assert build_user_data({"user_data": archive}, AL2023) == archive


def test_bottlerocket_reads_toml_that_eks_can_merge():
    settings = {
        "kubernetes": {"max-pods": 50, "eviction-hard": {"memory.available": "15%"}},
        "host-containers": {"admin": {"enabled": True}},
        "motd": 'say "hello"',
        "ntp": {"time-servers": ["a", "b"]},
    }
    text = build_user_data({"bottlerocket_settings": settings}, BOTTLEROCKET)
    assert tomllib.loads(text) == {"settings": settings}
    assert "[settings.host-containers.admin]" in text and '\\"' not in text


def test_bottlerocket_takes_toml_as_it_is():
    text = "# mine\n[settings.kubernetes]\nmax-pods = 5\n"
    assert build_user_data({"user_data": text}, BOTTLEROCKET) == text


def test_windows_reads_one_powershell_element():
    assert build_user_data({"user_data": "Write-Host a"}, WINDOWS) == "<powershell>\nWrite-Host a\n</powershell>\n"
    given = "<powershell>\nWrite-Host a\n</powershell>"
    assert build_user_data({"user_data": given}, WINDOWS) == given


def test_an_own_image_is_told_of_the_cluster():
    text = build_user_data({"image_id": "ami-1", "node_config": {}}, None, CLUSTER)
    ((_kind, config),) = parts(text)
    assert json.loads(config)["spec"]["cluster"] == {
        "name": "my-cluster",
        "apiServerEndpoint": "https://example.eks.amazonaws.com",
        "certificateAuthority": "Q0E=",
        "cidr": "172.20.0.0/16",
    }
    toml = tomllib.loads(build_user_data({"image_id": "ami-1", "bottlerocket_settings": {}}, None, CLUSTER))
    assert toml["settings"]["kubernetes"]["cluster-name"] == "my-cluster"
    script = "#!/bin/bash\n/etc/eks/bootstrap.sh my-cluster"
    assert build_user_data({"image_id": "ami-1", "user_data": script}, None, CLUSTER) == script


@pytest.mark.parametrize(
    ("options", "system", "message"),
    [
        ({"user_data": "echo a"}, AL2023, "begins with 'echo'. Amazon Linux reads a MIME archive"),
        ({"user_data": "#!/bin/bash\n/etc/eks/bootstrap.sh c"}, AL2, "'/etc/eks/bootstrap.sh' starts the kubelet"),
        ({"user_data": "#!/bin/bash\nnodeadm init -c x"}, AL2023, "'nodeadm init' starts the kubelet"),
        (
            {"user_data": "MIME-Version: 1.0\n", "node_config": {"spec": {}}},
            AL2023,
            "cannot be added to a MIME archive",
        ),
        ({"node_config": {"kubelet": {}}}, AL2023, "kubelet is not part of a NodeConfig document"),
        ({"node_config": {}}, BOTTLEROCKET, "template.node_config is for AL2023 images"),
        ({"bottlerocket_settings": {}}, AL2023, "template.bottlerocket_settings is for Bottlerocket images"),
        (
            {"bottlerocket_settings": {}, "user_data": "a = 1"},
            BOTTLEROCKET,
            "cannot be combined with template.user_data",
        ),
        ({"bottlerocket_settings": {"kubernetes": {"api-server": "x"}}}, BOTTLEROCKET, "EKS sets it itself"),
        ({"bottlerocket_settings": {"kubernetes": {"node-labels": {}}}}, BOTTLEROCKET, "set the option labels"),
        ({"bottlerocket_settings": {"a": [1, "b"]}}, BOTTLEROCKET, "settings.a: EKS cannot merge a list of different"),
        ({"bottlerocket_settings": {"a": "\"'"}}, BOTTLEROCKET, "EKS cannot merge text with both kinds of quotes"),
        ({"user_data": "#!/bin/bash\necho a"}, BOTTLEROCKET, "Bottlerocket reads TOML only"),
        ({"user_data": "hello"}, BOTTLEROCKET, "Bottlerocket reads TOML only"),
        ({"user_data": "& $EKSBootstrapScriptFile"}, WINDOWS, "runs the EKS bootstrap script"),
        ({"image_id": "ami-1"}, None, "template.image_id: EKS adds no bootstrap data"),
        ({"user_data": "#!/bin/bash\n" + "x" * 17000}, AL2023, "exceeds EC2's limit of 16384"),
    ],
)
def test_what_an_image_would_not_read_is_refused(options, system, message):
    with pytest.raises(ValidationError, match=message):
        build_user_data(options, system)
