"""What package.sh and index.sh do once they know what they were asked for."""

import os
import sys

import adb
import feed
import ipk
import keys
import makefile
import package
import program
import targets
import tree

MISTAKES = (
    OSError,
    adb.AdbError,
    feed.FeedError,
    ipk.IpkError,
    keys.UnusableKey,
    makefile.MakefileError,
    program.ProgramError,
    targets.TargetError,
    tree.TreeError,
)


def make_packages(architecture, kinds, root, source, version, epoch, folder):
    """Writes the packages of these kinds (`ipk`, `apk`, both with a comma) to a folder.

    `source` is the folder that has the feed's Makefile and its list of conffiles.
    """
    target = targets.find(architecture)
    recipe = makefile.Makefile(_text(source, "Makefile"), "cwmpd")
    lines = _text(source, "conffiles").splitlines()
    for kind in kinds.split(","):
        files = tree.Tree.read(root)
        facts = package.facts(recipe, target, files, version, int(epoch))
        owned = package.conffiles(lines, files)
        if kind == "ipk":
            print(package.write_ipk(recipe, facts, files, owned, target.is_1407, folder))
        elif target.is_1407:
            raise targets.TargetError(f"{architecture} is of OpenWrt 14.07, which has no apk")
        else:
            print(package.write_apk(recipe, facts, files, owned, folder))


def _text(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        return file.read()


def index(folder, usign_key, ec_key):
    """Writes the indexes of a folder."""
    print("\n".join(feed.index(folder, usign_key, ec_key)))


def create_keys(usign_key, ec_key):
    """Makes both pairs of keys, where they are not there yet."""
    keys.create_pair(keys.UsignKey, usign_key)
    keys.create_pair(keys.EcKey, ec_key)


def architectures():
    """Prints all, one a line."""
    print("\n".join(targets.TARGETS))


def target(architecture):
    """Prints for what to compile a program, how to link it, and which packages to make."""
    found = targets.find(architecture)
    print(found.rust, *(("static", "ipk") if found.is_1407 else ("dynamic", "ipk,apk")))


COMMANDS = {
    "packages": make_packages,
    "index": index,
    "keys": create_keys,
    "architectures": architectures,
    "target": target,
}

if __name__ == "__main__":
    try:
        COMMANDS[sys.argv[1]](*sys.argv[2:])
    except MISTAKES as mistake:
        sys.exit(f"{sys.argv[1]}: {mistake}")
