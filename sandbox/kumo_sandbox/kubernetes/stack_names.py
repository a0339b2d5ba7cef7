"""Names that the AWS Load Balancer Controller gives what it makes. They end with a digest, and are the same whenever the same asks."""

from __future__ import annotations

import hashlib
import re


def build_name(namespace: str, name: str, *words: str) -> str:
    """k8s-NAMESPACE-NAME-DIGEST, each cut short; the digest is that of the words."""
    cut = [keep_letters(word)[:8] for word in (namespace, name)]
    return f"k8s-{'-'.join(cut)}-{hash_words(*words)}"


def hash_words(*words: str) -> str:
    return hashlib.sha256("".join(words).encode()).hexdigest()[:10]


def keep_letters(text: str) -> str:
    return re.sub(r"[^0-9A-Za-z]", "", text)
