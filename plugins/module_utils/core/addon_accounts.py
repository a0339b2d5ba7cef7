# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The service accounts of add-ons that call AWS. Pure data."""

from __future__ import annotations

from ansible_collections.kumo.eks.plugins.module_utils.core.service_accounts import Account

# The service account whose pods need the permissions of the add-on.
# https://docs.aws.amazon.com/eks/latest/userguide/workloads-add-ons-available-eks.html
ACCOUNTS = {
    "vpc-cni": Account("kube-system", "aws-node"),
    "aws-ebs-csi-driver": Account("kube-system", "ebs-csi-controller-sa"),
    "aws-efs-csi-driver": Account("kube-system", "efs-csi-controller-sa"),
    "aws-fsx-csi-driver": Account("kube-system", "fsx-csi-controller-sa"),
    "aws-mountpoint-s3-csi-driver": Account("kube-system", "s3-csi-driver-sa"),
    "amazon-cloudwatch-observability": Account("amazon-cloudwatch", "cloudwatch-agent"),
    "external-dns": Account("external-dns", "external-dns"),
}
