"""Identities of pods: the clusters' OIDC issuers, and the exchange of their tokens for AWS credentials."""
