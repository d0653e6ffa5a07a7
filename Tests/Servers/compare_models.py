"""Compares the client's model that the first argument's folder holds with Amazon's of old.

Prints a line for everything by which a client would behave differently; run it with a botocore that still has
the service.
"""

import sys

import botocore.loaders

SERVICE = "elastictranscoder"
VERSION = "2012-09-25"


def load(kind, loader):
    return loader.load_service_model(SERVICE, kind, VERSION)


ours = botocore.loaders.Loader(extra_search_paths=[sys.argv[1]], include_default_search_paths=False)
theirs = botocore.loaders.Loader()
differences = []


def compare(path, mine, original, ignored=()):
    if isinstance(original, dict) and isinstance(mine, dict):
        for key in sorted(set(mine) | set(original)):
            if key in ignored:
                continue
            if key not in mine or key not in original:
                differences.append(f"{path}.{key}: only {'theirs' if key in original else 'ours'}")
            else:
                compare(f"{path}.{key}", mine[key], original[key], ignored)
    elif isinstance(original, list) and isinstance(mine, list):
        order = lambda value: str(sorted(value.items()) if isinstance(value, dict) else value)
        mine, original = sorted(mine, key=order), sorted(original, key=order)
        if len(mine) != len(original):
            differences.append(f"{path}: {mine} and {original}")
        for index, (one, other) in enumerate(zip(mine, original)):
            compare(f"{path}[{index}]", one, other, ignored)
    elif mine != original:
        differences.append(f"{path}: {mine!r} and {original!r}")


# Prose, and what only the makers of the original know of its members.
UNSAID = ("documentation", "deprecated", "sensitive", "serviceFullName")
mine, original = load("service-2", ours), load("service-2", theirs)
for operation in original["operations"].values():
    operation["http"].setdefault("responseCode", 200)
compare("service", mine, original, UNSAID)
for kind in ("paginators-1", "waiters-2"):
    compare(kind, load(kind, ours), load(kind, theirs), UNSAID)
print(len(original["operations"]), "operations,", len(original["shapes"]), "shapes")
print("\n".join(differences))
