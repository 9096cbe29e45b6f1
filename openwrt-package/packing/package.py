"""Puts a package together: its files, what it says of itself, its scripts."""

import hashlib
import os
import tempfile
from dataclasses import dataclass

import apk
import ipk
import program
import scripts
from tree import TreeError

PROGRAM = "usr/sbin/cwmpd"


@dataclass
class Facts:
    """What a package says of itself."""

    name: str
    version: str
    architecture: str
    depends: list
    conflicts: list
    # With `@` before a name that several packages of a box may provide.
    provides: list
    license: str
    section: str
    url: str
    title: str
    description: str
    epoch: int


def facts(makefile, target, tree, version, epoch):
    """From the feed's Makefile, and from the program that is in the package."""
    found = tree.find(PROGRAM)
    if found is None or found.data is None:
        raise TreeError(f"/{PROGRAM} is missing")
    try:
        depends = program.depends(program.read(found.data), target, makefile.depends())
    except program.ProgramError as error:
        raise program.ProgramError(f"the program {error}") from error
    lines = [line.strip() for line in makefile.block("description")]
    return Facts(
        name=makefile.name,
        version=f"{version}-r{makefile.value('PKG_RELEASE', '1')}",
        architecture=target.architecture,
        depends=depends,
        conflicts=makefile.words("CONFLICTS"),
        provides=makefile.words("PROVIDES"),
        license=makefile.value("PKG_LICENSE"),
        section=makefile.value("SECTION"),
        url=makefile.value("URL", ""),
        title=makefile.value("TITLE"),
        description=" ".join(line for line in lines if line) or makefile.value("TITLE"),
        epoch=epoch,
    )


def control(facts, installed_size):
    """The file `control` of opkg, in the order in which OpenWrt's build writes it."""
    fields = {
        "Package": facts.name,
        "Version": facts.version,
        "Depends": ", ".join(facts.depends),
        "Conflicts": ", ".join(facts.conflicts),
        "Provides": ", ".join(name.removeprefix("@") for name in facts.provides),
        "SourceName": facts.name,
        "License": facts.license,
        "Section": facts.section,
        "SourceDateEpoch": str(facts.epoch),
        "URL": facts.url,
        "Architecture": facts.architecture,
        "Installed-Size": str(installed_size),
        "Description": f" {facts.description}",
    }
    return "".join(f"{name}: {value}\n" for name, value in fields.items() if value)


def conffiles(lines, tree):
    """The files that belong to the owner of the box, folders taken apart as ipkg-build does."""
    names = [line.strip() for line in lines if line.strip()]
    found = {entry.path for name in names for entry in tree.files_below(name.strip("/"))}
    return [f"/{path}" for path in sorted(found)]


def write_ipk(makefile, facts, tree, owned, is_1407, folder):
    """Writes the package for opkg, and gives its path. `owned` are its conffiles."""
    own = scripts.for_1407() if is_1407 else scripts.for_opkg(makefile)
    files = {name: (0o755, text) for name, text in own.items()}
    if owned:
        files["conffiles"] = (0o644, "".join(f"{path}\n" for path in owned))
    data = ipk.package(lambda size: control(facts, size), tree, files, facts.epoch)
    name = f"{facts.name}_{facts.version}_{facts.architecture}.ipk"
    return write(os.path.join(folder, name), data)


def write_apk(makefile, facts, tree, owned, folder):
    """Writes the package for apk, and gives its path. What opkg has in its control files, apk has
    in files of the package."""
    base = f"lib/apk/packages/{facts.name}"
    own = [f"/{entry.path}\n" for entry in tree.entries if not entry.is_folder]
    tree.add(f"{base}.list", "".join(own))
    if owned:
        sums = [hashlib.sha256(tree.find(path[1:]).data).hexdigest() for path in owned]
        shipped = [f"{path} {one}\n" for path, one in zip(owned, sums)]
        tree.add(f"{base}.conffiles", "".join(f"{path}\n" for path in owned))
        tree.add(f"{base}.conffiles_static", "".join(shipped))
    data = apk.package(facts, tree, scripts.for_apk(makefile), facts.epoch)
    return write(os.path.join(folder, f"{facts.name}-{facts.version}.apk"), data)


def write(path, data):
    """A file whole or not at all, readable by everybody, whatever the umask and whoever else writes
    it now."""
    number, partial = tempfile.mkstemp(prefix=os.path.basename(path) + ".", dir=os.path.dirname(path))
    try:
        with os.fdopen(number, "wb") as file:
            file.write(data)
        os.chmod(partial, 0o644)
        os.replace(partial, path)
    except BaseException:
        os.unlink(partial)
        raise
    return path
