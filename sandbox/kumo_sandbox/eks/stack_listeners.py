"""Listeners, rules and target groups of the load balancer of a stack. Nothing flows through them: they have no targets."""

from __future__ import annotations

from typing import Any

from kumo_sandbox.aws_interfaces import ListenerSpec, LoadBalancerStack, TargetGroupSpec, Targets, refuse_model
from kumo_sandbox.eks.store import Raw

SECURE = ("HTTPS", "TLS")
BATCH = 20  # resources of one DescribeTags
# Older than ELBSecurityPolicy-TLS13-1-2-2021-06, but the controller's default.
# https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/pkg/config/controller_config.go
SSL_POLICY = "ELBSecurityPolicy-2016-08"


def list_tagged(elbv2: Any, rows: list[Raw], key: str, tags: dict[str, str]) -> list[Raw]:
    """Those of load balancers or target groups that have all these tags.

    Args:
        key: the member of a row that is its ARN.
    """
    found = []
    for start in range(0, len(rows), BATCH):
        batch = {row[key]: row for row in rows[start : start + BATCH]}
        for described in elbv2.describe_tags(ResourceArns=list(batch))["TagDescriptions"]:
            if tags.items() <= {tag["Key"]: tag["Value"] for tag in described["Tags"]}.items():
                found.append(batch[described["ResourceArn"]])
    return found


def write_tags(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def ensure_target_groups(elbv2: Any, vpc: str, wanted: LoadBalancerStack, marks: dict[str, str]) -> dict[str, str]:
    """The ARNs of the stack's target groups by their names."""
    there = list_tagged(elbv2, elbv2.describe_target_groups()["TargetGroups"], "TargetGroupArn", marks)
    arns = {row["TargetGroupName"]: row["TargetGroupArn"] for row in there}
    for spec in wanted.target_groups:
        if spec.name not in arns:
            arns[spec.name] = _create_target_group(elbv2, vpc, spec, marks)
    return arns


def find_certificates(acm: Any, wanted: LoadBalancerStack) -> dict[int, list[str]]:
    """The certificates of secure listeners by their ports; raises StackRefusedError for a host without any."""
    secure = [listener for listener in wanted.listeners if listener.protocol in SECURE]
    return {each.port: [*each.certificates, *_discover_certificates(acm, each.hosts)] for each in secure}


def ensure_listeners(
    elbv2: Any,
    balancer: str,
    wanted: LoadBalancerStack,
    arns: dict[str, str],
    certificates: dict[int, list[str]],
    marks: dict[str, str],
) -> None:
    """Listeners by their ports; what a listener does is written again.

    Args:
        arns: of the target groups, by their names.
        certificates: ARNs by the port of their listener; the first is the listener's own.
        marks: the stack's tags.
    """
    there = {row["Port"]: row for row in elbv2.describe_listeners(LoadBalancerArn=balancer)["Listeners"]}
    asked = {(listener.port, listener.protocol) for listener in wanted.listeners}
    for port, row in list(there.items()):
        if (port, row["Protocol"]) not in asked:
            elbv2.delete_listener(ListenerArn=there.pop(port)["ListenerArn"])
    tags = {**wanted.tags, **marks}
    for listener in wanted.listeners:
        words = _build_listener(listener, arns, certificates.get(listener.port, []))
        resource = f"{wanted.prefix}/resource"
        if row := there.get(listener.port):
            arn = row["ListenerArn"]
            elbv2.modify_listener(ListenerArn=arn, **words)
        else:
            arn = _create_listener(elbv2, balancer, words, {**tags, resource: str(listener.port)})
        _write_rules(elbv2, arn, listener, arns, tags, resource)


def _create_listener(elbv2: Any, balancer: str, words: Raw, tags: dict[str, str]) -> str:
    made = elbv2.create_listener(LoadBalancerArn=balancer, Tags=write_tags(tags), **words)
    return str(made["Listeners"][0]["ListenerArn"])


def _create_target_group(elbv2: Any, vpc: str, spec: TargetGroupSpec, marks: dict[str, str]) -> str:
    made = elbv2.create_target_group(
        Name=spec.name,
        Protocol=spec.protocol,
        Port=spec.port,
        VpcId=vpc,
        TargetType=spec.target_type,
        Tags=write_tags({**spec.tags, **marks}),
    )
    return str(made["TargetGroups"][0]["TargetGroupArn"])


def _build_listener(listener: ListenerSpec, arns: dict[str, str], certificates: list[str]) -> Raw:
    """The words of CreateListener and ModifyListener."""
    default = _forward(listener.default, arns) if listener.default else _answer("404")
    words: Raw = {"Protocol": listener.protocol, "Port": listener.port, "DefaultActions": [default]}
    if listener.protocol in SECURE:
        words |= {"SslPolicy": SSL_POLICY, "Certificates": [{"CertificateArn": arn} for arn in certificates[:1]]}
    return words


def _discover_certificates(acm: Any, hosts: tuple[str, ...]) -> list[str]:
    """Issued certificates of ACM for these hosts."""
    if not hosts:
        return []
    rows = acm.list_certificates(CertificateStatuses=["ISSUED"])["CertificateSummaryList"]
    arns = [row["CertificateArn"] for row in rows]
    domains = {
        arn: acm.describe_certificate(CertificateArn=arn)["Certificate"]["SubjectAlternativeNames"] for arn in arns
    }
    found = set()
    for host in hosts:
        fitting = {arn for arn, names in domains.items() if any(_matches(name, host) for name in names)}
        if not fitting:
            raise refuse_model(f"no certificate found for host: {host}")
        found |= fitting
    return sorted(found)


def _matches(domain: str, host: str) -> bool:
    """A wildcard stands for one label."""
    return domain == host or (domain.startswith("*.") and domain[2:] == host.partition(".")[2])


def _write_rules(
    elbv2: Any, arn: str, listener: ListenerSpec, arns: dict[str, str], tags: dict[str, str], resource: str
) -> None:
    for row in elbv2.describe_rules(ListenerArn=arn)["Rules"]:
        if not row["IsDefault"]:
            elbv2.delete_rule(RuleArn=row["RuleArn"])
    for priority, rule in enumerate(listener.rules, start=1):
        fields = {"host-header": rule.hosts, "path-pattern": rule.paths}
        elbv2.create_rule(
            ListenerArn=arn,
            Priority=priority,
            Conditions=[{"Field": field, "Values": list(values)} for field, values in fields.items() if values],
            Actions=[_forward(rule.targets, arns) if rule.targets else _answer(rule.otherwise)],
            Tags=write_tags({**tags, resource: f"{listener.port}:{priority}"}),
        )


def _forward(targets: Targets, arns: dict[str, str]) -> Raw:
    if len(targets) == 1:
        return {"Type": "forward", "TargetGroupArn": arns[targets[0][0]]}
    rows = [{"TargetGroupArn": arns[name], "Weight": weight} for name, weight in targets]
    return {"Type": "forward", "ForwardConfig": {"TargetGroups": rows}}


def _answer(status: str) -> Raw:
    return {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": status, "ContentType": "text/plain"}}
