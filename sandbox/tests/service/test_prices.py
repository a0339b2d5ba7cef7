"""The Price List API, and spot prices."""

import json
from datetime import UTC, datetime

import boto3
import pytest
from botocore.exceptions import ClientError

TOKYO = "ap-northeast-1"


def ask(sandbox, service, place="us-east-1", **fields):
    keys = dict(zip(("aws_access_key_id", "aws_secret_access_key"), sandbox.keys, strict=True))
    client = boto3.client("pricing", region_name=place, endpoint_url=sandbox.endpoint, **keys)
    filters = [{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in fields.items()]
    pages = client.get_paginator("get_products").paginate(ServiceCode=service, Filters=filters, MaxResults=2)
    return [json.loads(text) for page in pages for text in page["PriceList"]]


def test_products_have_the_shape_of_the_price_list(sandbox):
    (row,) = ask(sandbox, "AmazonEC2", regionCode=TOKYO, instanceType="m5.large", operatingSystem="Linux")
    assert row["product"]["attributes"]["usagetype"] == "APN1-BoxUsage:m5.large"
    assert row["product"]["productFamily"] == "Compute Instance" and row["publicationDate"]
    (term,) = row["terms"]["OnDemand"].values()
    (step,) = term["priceDimensions"].values()
    assert step["pricePerUnit"] == {"USD": "0.1240000000"} and step["unit"] == "Hrs" and step["endRange"] == "Inf"


def test_filters_and_pages(sandbox):
    rows = ask(sandbox, "AmazonEKS", regionCode=TOKYO)
    assert len(rows) > 2 and {row["serviceCode"] for row in rows} == {"AmazonEKS"}
    (cluster,) = ask(sandbox, "AmazonEKS", regionCode="us-east-1", usagetype="USE1-AmazonEKS-Hours:perCluster")
    assert cluster["product"]["attributes"]["regionCode"] == "us-east-1"
    assert ask(sandbox, "AmazonEKS", regionCode="nowhere") == []


def test_it_is_not_in_every_region(sandbox):
    with pytest.raises(ClientError, match="UnrecognizedClientException"):
        ask(sandbox, "AmazonEKS", place=TOKYO)


def test_spot_prices_differ_and_are_of_now(sandbox):
    words = {"InstanceTypes": ["m5.large", "m4.large"], "ProductDescriptions": ["Linux/UNIX (Amazon VPC)"]}
    rows = sandbox.client("ec2").describe_spot_price_history(**words, StartTime=datetime.now(UTC))["SpotPriceHistory"]
    prices = {(row["InstanceType"], row["AvailabilityZone"]): float(row["SpotPrice"]) for row in rows}
    assert len(prices) >= 6 and len(set(prices.values())) == len(prices)
    assert all(0.3 * 0.124 <= price <= 0.4 * 0.129 for price in prices.values())
    assert all(abs(row["Timestamp"].timestamp() - sandbox.clock.now()) < 60 for row in rows)


def test_a_mapping_of_the_root_device_is_the_root_volume(sandbox):
    ec2 = sandbox.client("ec2")
    mapping = [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 50, "VolumeType": "gp3"}}]
    data = {"BlockDeviceMappings": mapping, "InstanceType": "m5.large"}
    template = ec2.create_launch_template(LaunchTemplateName="nodes", LaunchTemplateData=data)["LaunchTemplate"]
    named = {"LaunchTemplateId": template["LaunchTemplateId"], "Version": "1"}
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    (instance,) = ec2.run_instances(LaunchTemplate=named, ImageId=image, MinCount=1, MaxCount=1)["Instances"]
    filters = [{"Name": "attachment.instance-id", "Values": [instance["InstanceId"]]}]
    volumes = ec2.describe_volumes(Filters=filters)["Volumes"]
    assert [(row["Size"], row["VolumeType"]) for row in volumes] == [(50, "gp3")]
