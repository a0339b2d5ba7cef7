"""Completions of moto: what it lacks beside AWS, added once for the process."""
