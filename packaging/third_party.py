#!/usr/bin/env python3
"""Writes THIRD-PARTY.md: what others made that is in the executable, under which terms, with the terms themselves.

    packaging/third_party.py          writes it
    packaging/third_party.py --check  fails where it is not what would be written

Crates and their licence files come from `cargo metadata` and the sources that cargo has fetched; files for browsers and data
from the licences that lie beside them in assets/. Of crates under one licence OR another, the first of these is taken: MIT,
Apache-2.0, then whatever there is.
"""
import collections
import json
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent.parent
OUT = HERE / "THIRD-PARTY.md"
NAMES = re.compile(r"^(licen[cs]e|copying|unlicense|notice|copyright)", re.I)
# What is not Rust, though a crate brings it along: name, terms, and where in the crate they lie.
WITHIN = {
    "libsqlite3-sys": [("SQLite", "public domain (sqlite.org/copyright.html)", None)],
    "rdkafka-sys": [("librdkafka", "BSD-2-Clause and others", "librdkafka/LICENSES.txt")],
    "openssl-src": [("OpenSSL", "Apache-2.0", "openssl/LICENSE.txt")],
    "libz-sys": [("zlib", "Zlib", "src/zlib/LICENSE")],
    "zstd-sys": [("Zstandard", "BSD-3-Clause", "zstd/LICENSE")],
    "libwebp-sys": [("libwebp", "BSD-3-Clause", "vendor/COPYING")],
}


def metadata():
    command = ["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", "x86_64-unknown-linux-gnu"]
    return json.loads(subprocess.run(command, cwd=HERE, check=True, capture_output=True).stdout)


def linked(data):
    """The packages in the executable; what only tests, macros and build scripts need is not."""
    nodes = {node["id"]: node for node in data["resolve"]["nodes"]}
    packages = {package["id"]: package for package in data["packages"]}
    seen, waiting = set(), [data["resolve"]["root"]]
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        for dependency in nodes[one]["deps"]:
            # Sources that a build script compiles in are in the executable too.
            package = packages[dependency["pkg"]]
            normal = any(kind["kind"] is None for kind in dependency["dep_kinds"])
            macro = any("proc-macro" in target["kind"] for target in package["targets"])
            if normal and not macro or package["name"] in WITHIN:
                waiting.append(package["id"])
    seen.discard(data["resolve"]["root"])
    return sorted((packages[one] for one in seen), key=lambda package: (package["name"], package["version"]))


def texts(package):
    """The licence files of a crate that count for the licence we take."""
    folder = pathlib.Path(package["manifest_path"]).parent
    files = sorted(file for file in folder.iterdir() if file.is_file() and NAMES.match(file.name))
    notices = [file for file in files if re.match("notice|copyright", file.name, re.I)]
    files = [file for file in files if file not in notices]
    if " OR " in (package["license"] or "").replace("/", " OR "):
        for wanted in ("mit", "apache"):
            chosen = [file for file in files if wanted in file.name.lower()]
            if chosen:
                files = chosen
                break
    return [clean(file.read_text(errors="replace")) for file in files + notices]


def clean(text):
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").replace("\f", "").strip().split("\n")]
    return "\n".join(lines)


def assets():
    """Title and text of the licences that lie in assets/, by folder."""
    for file in sorted((HERE / "assets").rglob("*")):
        if file.is_file() and "LICENSE" in file.name:
            yield str(file.relative_to(HERE)), clean(file.read_text())


def written():
    groups, bare = collections.defaultdict(list), []
    rows = []
    for package in linked(metadata()):
        title = f"{package['name']} {package['version']}"
        rows.append(f"| {title} | {package['license'] or 'see its licence file'} |")
        own = texts(package)
        for text in own:
            groups[text].append(title)
        if not own:
            bare.append((title, package["license"], package["repository"]))
        for name, terms, file in WITHIN.get(package["name"], []):
            rows.append(f"| {name} (within {title}) | {terms} |")
            path = file and pathlib.Path(package["manifest_path"]).parent / file
            if path and path.is_file():
                groups[clean(path.read_text(errors="replace"))].append(name)
    for name, text in assets():
        rows.append(f"| {name} | its licence file |")
        groups[text].append(name)
    page = ["# What others made", "",
            "grb-app stands on the work of others. Everything that is in its executable is listed here, with its terms; the terms",
            "themselves follow. Made by `packaging/third_party.py`.", "", "| what | terms |", "|---|---|", *rows, ""]
    if bare:
        page += ["These bring no licence file of their own; their terms are those that their manifest names:", ""]
        page += [f"- {title}: {terms} ({where})" for title, terms, where in bare] + [""]
    for text, titles in sorted(groups.items(), key=lambda group: (group[1][0].lower(), group[0])):
        fence = "```" if "```" not in text else "~~~~"
        page += ["## " + ", ".join(dict.fromkeys(titles)), "", fence + "text", text, fence, ""]
    return "\n".join(page)


page = written()
if "--check" in sys.argv[1:]:
    if not OUT.exists() or OUT.read_text() != page:
        sys.exit("THIRD-PARTY.md is not up to date: run packaging/third_party.py")
else:
    OUT.write_text(page)
    print(f"{OUT.name}: {len(page.encode())} bytes")
