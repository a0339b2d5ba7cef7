"""The EKS service: an EKS service driven by botocore's model, beside moto's server for everything else."""
