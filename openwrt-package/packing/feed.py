"""The indexes by which opkg and apk find the packages of a folder."""

import gzip
import hashlib
import io
import os

import adb
import apk
import ipk
import keys
from package import write

# What is of no use to a box, and left out of its index.
NOT_IN_INDEX = ("Maintainer", "LicenseFiles", "Source", "SourceName", "Require", "SourceDateEpoch")


class FeedError(Exception):
    """A folder that cannot be a feed."""


def _files(folder, ending):
    for name in sorted(os.listdir(folder)):
        if name.endswith(ending):
            with open(os.path.join(folder, name), "rb") as file:
                yield name, file.read()


def _paragraph(name, data):
    """What the complete index says of a package: its control, and how to find and check it."""
    found = (
        f"Filename: {name}\nSize: {len(data)}\nMD5Sum: {hashlib.md5(data).hexdigest()}\n"
        f"SHA256sum: {hashlib.sha256(data).hexdigest()}\n"
    )
    try:
        control = ipk.control(data)
    except ipk.IpkError as error:
        raise FeedError(f"{name}: {error}") from error
    before, description, after = control.partition("Description:")
    return f"{before}{found}{description}{after}".rstrip("\n") + "\n"


def _for_boxes(paragraph):
    lines = paragraph.splitlines(True)
    return "".join(line for line in lines if not line.startswith(NOT_IN_INDEX))


def _padded(index):
    """The SHA-512 of older boxes' usign is wrong for texts of some lengths (64 bytes of the
    signature come before): two empty lines more, as OpenWrt's build adds them."""
    return index + b"\n\n" if (64 + len(index)) % 128 in (110, 111) else index


def _for_opkg(folder, key_path):
    """The signed index of opkg: what is in each of its files, by their names; none for no package."""
    paragraphs = [_paragraph(name, data) for name, data in _files(folder, ".ipk")]
    if not paragraphs:
        return {}
    complete = "".join(f"{one}\n" for one in paragraphs).encode()
    index = _padded("".join(f"{_for_boxes(one)}\n" for one in paragraphs).encode())
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=packed, compresslevel=9, mtime=0) as file:
        file.write(index)
    return {
        "Packages.manifest": complete,
        "Packages": index,
        "Packages.gz": packed.getvalue(),
        "Packages.sig": keys.UsignKey(key_path).sign(index).encode(),
    }


def _for_apk(folder, key_path):
    """The same of apk."""
    packages = list(_files(folder, ".apk"))
    if not packages:
        return {}
    key = keys.EcKey(key_path)

    def sign(schema, database):
        return key.name, key.sign(adb.to_sign(schema, key.name, database))

    return {"packages.adb": apk.index(packages, "cwmpd", sign)}


def index(folder, usign_key, ec_key):
    """Writes the indexes of a folder, all or none, and gives their paths."""
    made = {**_for_opkg(folder, usign_key), **_for_apk(folder, ec_key)}
    if not made:
        raise FeedError(f"{folder}: no package in it")
    return [write(os.path.join(folder, name), data) for name, data in made.items()]
