"""Packages of opkg: a compressed tar of two compressed tars, as OpenWrt's ipkg-build makes them.

opkg of 14.07 and of today read the same: GNU headers (pax headers are unknown to them), names
that begin with `./`, sorted, everything root's, no times but one.
"""

import gzip
import io
import tarfile
import zlib


class IpkError(Exception):
    """A file that is no package of opkg, or is damaged."""


def _tar(entries, mtime):
    """Of triples of name, mode and what is there: bytes, a link's target as text, or None."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, mode, content in entries:
            member = tarfile.TarInfo(name)
            member.mode, member.mtime = mode, mtime
            if content is None:
                member.type = tarfile.DIRTYPE
            elif isinstance(content, str):
                member.type, member.linkname = tarfile.SYMTYPE, content
            else:
                member.size = len(content)
            archive.addfile(member, io.BytesIO(content) if isinstance(content, bytes) else None)
    return out.getvalue()


def _gzip(data):
    """Without a name and a time."""
    out = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=out, compresslevel=9, mtime=0) as file:
        file.write(data)
    return out.getvalue()


def package(control, tree, control_files, mtime):
    """The bytes of a package.

    `control` gives the text of the file of that name for the bytes that the files unpack to;
    `control_files` are the others beside it: pairs of mode and text by name.
    """
    data = _tar(
        [
            ("." + ("/" + entry.path if entry.path else ""), entry.mode, content(entry))
            for entry in tree.entries
        ],
        mtime,
    )
    files = dict(control_files, control=(0o644, control(len(data))))
    inner = [(".", 0o755, None)]
    inner += [(f"./{name}", files[name][0], files[name][1].encode()) for name in sorted(files)]
    outer = [
        ("./debian-binary", 0o644, b"2.0\n"),
        ("./data.tar.gz", 0o644, _gzip(data)),
        ("./control.tar.gz", 0o644, _gzip(_tar(inner, mtime))),
    ]
    return _gzip(_tar(outer, mtime))


def content(entry):
    return entry.data if entry.target is None else entry.target


def control(data):
    """The text of the file `control` of a package."""
    try:
        members = _untar(data)
        _untar(members["data.tar.gz"])
        return _untar(members["control.tar.gz"])["control"].decode()
    except KeyError as missing:
        raise IpkError(f"has no {missing.args[0]}") from missing
    except (EOFError, OSError, UnicodeDecodeError, tarfile.TarError, zlib.error) as error:
        raise IpkError(f"cannot be unpacked: {error}") from error


def _untar(packed):
    """The files of a compressed tar, by name."""
    found = {}
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as archive:
        for member in archive:
            if member.isfile():
                found[member.name.removeprefix("./")] = archive.extractfile(member).read()
    return found
