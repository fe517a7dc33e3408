#!/usr/bin/env python3
"""Turns `cargo metadata` into a CycloneDX 1.5 bill of materials: every crate that is in the executable, with its licence."""
import json
import sys

metadata = json.load(sys.stdin)
packages = {package["id"]: package for package in metadata["packages"]}
nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
root = metadata["resolve"]["root"]


def linked(node):
    """What a crate is built from, without what only its tests need."""
    for dependency in node["deps"]:
        if any(kind["kind"] != "dev" for kind in dependency["dep_kinds"]):
            yield dependency["pkg"]


seen, waiting = set(), [root]
while waiting:
    one = waiting.pop()
    if one not in seen:
        seen.add(one)
        waiting += linked(nodes[one])


def component(package):
    purl = f"pkg:cargo/{package['name']}@{package['version']}"
    said = {"type": "library", "bom-ref": purl, "name": package["name"], "version": package["version"], "purl": purl}
    if package["license"]:
        said["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
    return said


parts = sorted((packages[one] for one in seen - {root}), key=lambda package: (package["name"], package["version"]))
program = packages[root]
bill = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.5",
    "version": 1,
    "metadata": {"component": {"type": "application", "name": program["name"], "version": program["version"]}},
    "components": [component(package) for package in parts],
}
json.dump(bill, sys.stdout, indent=1)
print()
