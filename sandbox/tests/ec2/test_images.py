"""Images at the sandbox's EC2."""

from __future__ import annotations


def test_images_are_there_when_asked_for_and_forgotten_with_the_rest(sandbox):
    ec2 = sandbox.client("ec2")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    assert ec2.describe_images(ImageIds=[image])["Images"][0]["ImageId"] == image
    ec2.deregister_image(ImageId=image)
    assert ec2.describe_images(Filters=[{"Name": "image-id", "Values": [image]}])["Images"] == []
    sandbox.reset()
    assert ec2.describe_images(ImageIds=[image])["Images"][0]["ImageId"] == image
