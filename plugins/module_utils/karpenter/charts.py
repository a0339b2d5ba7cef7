# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The charts of Karpenter. Data, with its sources. Pure."""

from __future__ import annotations

from ansible_collections.kumo.eks.plugins.module_utils.platform.charts import Chart

REGISTRY = "oci://public.ecr.aws/karpenter"
# The newest version works with each version of Kubernetes that is named, each of which requires some version or later.
# https://github.com/aws/karpenter-provider-aws/blob/v1.14.1/website/content/en/preview/upgrading/compatibility.md#compatibility-matrix
VERSIONS = (("1.30", "1.14.1"),)
KARPENTER = Chart("karpenter", REGISTRY, VERSIONS)
# Helm creates the CustomResourceDefinitions of a chart once and never updates them, so Karpenter has them in a chart, too.
# https://github.com/aws/karpenter-provider-aws/blob/v1.14.1/website/content/en/preview/troubleshooting.md (Helm, CRDs)
KARPENTER_CRD = Chart("karpenter-crd", REGISTRY, VERSIONS)
