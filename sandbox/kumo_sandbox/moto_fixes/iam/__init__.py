"""Rules of IAM: names, tags, quotas, and what is not deleted."""
