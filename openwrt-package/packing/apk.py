"""Packages and indexes of apk-tools 3, which OpenWrt uses from 25.12 on."""

import hashlib
import re
import stat

import adb

# The fields of the schemas, by number.
NAME, VERSION, HASHES, DESCRIPTION, ARCH, LICENSE, ORIGIN = 1, 2, 3, 4, 5, 6, 7
URL, INSTALLED_SIZE, FILE_SIZE, DEPENDS, PROVIDES = 9, 12, 13, 15, 16
DEPENDENCY_NAME, DEPENDENCY_VERSION, DEPENDENCY_MATCH = 1, 2, 3
ACL_MODE, ACL_USER, ACL_GROUP = 1, 2, 3
FILE_NAME, FILE_ACL, FILE_BYTES, FILE_MTIME, FILE_HASH, FILE_TARGET = 1, 2, 3, 4, 5, 6
DIRECTORY_NAME, DIRECTORY_ACL, DIRECTORY_FILES = 1, 2, 3
PACKAGE_INFO, PACKAGE_PATHS, PACKAGE_SCRIPTS = 1, 2, 3
INDEX_DESCRIPTION, INDEX_PACKAGES = 1, 2
SCRIPTS = {"post-install": 3, "pre-deinstall": 4, "post-upgrade": 7}

# How versions may differ in a dependency.
EQUAL, LESS, GREATER, FUZZY, CONFLICT = 1, 2, 4, 8, 16
OPERATORS = {
    "": EQUAL | LESS | GREATER,
    "=": EQUAL,
    "<": LESS,
    "<=": LESS | EQUAL,
    ">": GREATER,
    ">=": GREATER | EQUAL,
    "~": FUZZY | EQUAL,
}
DEPENDENCY = re.compile(r"(!?)([A-Za-z0-9][A-Za-z0-9+_.:-]*)(?:([<>=~]+)([A-Za-z0-9._~-]+))?")
UNIQUE_ID_SIZE = 20


def _dependency(writer, text):
    found = DEPENDENCY.fullmatch(text)
    if not found or (found[3] or "") not in OPERATORS:
        raise adb.AdbError(f"no dependency: {text}")
    match = OPERATORS[found[3] or ""] | (CONFLICT if found[1] else 0)
    fields = {DEPENDENCY_NAME: writer.blob(found[2])}
    if match != OPERATORS[""]:
        fields[DEPENDENCY_VERSION] = writer.blob(found[4] or "")
        if match != EQUAL:
            fields[DEPENDENCY_MATCH] = writer.integer(match)
    return writer.object(fields)


def _dependencies(writer, texts):
    written = {text.lstrip("!"): _dependency(writer, text) for text in texts}
    return writer.array([reference for _, reference in sorted(written.items())])


def _acl(writer, mode):
    return writer.object(
        {
            ACL_MODE: writer.integer(mode),
            ACL_USER: writer.blob("root"),
            ACL_GROUP: writer.blob("root"),
        }
    )


def _file(writer, entry, name, mtime):
    fields = {FILE_NAME: writer.blob(name)}
    if entry.target is None:
        fields[FILE_HASH] = writer.blob(hashlib.sha256(entry.data).digest())
        size = len(entry.data)
    else:
        target = entry.target.encode()
        fields[FILE_TARGET] = writer.blob(stat.S_IFLNK.to_bytes(2, "little") + target)
        size = len(target)
    fields[FILE_MTIME] = writer.integer(mtime)
    fields[FILE_BYTES] = writer.integer(size)
    fields[FILE_ACL] = _acl(writer, entry.mode)
    return writer.object(fields)


def _paths(writer, tree, mtime):
    """All folders, the root first, each with its files; and the data blocks that belong to them."""
    paths, blocks = [], []
    folders = tree.folders()
    for number, (folder, files) in enumerate(folders, start=1):
        name = folder.path
        references = []
        for position, entry in enumerate(files, start=1):
            references.append(_file(writer, entry, entry.name, mtime))
            if entry.data:
                place = number.to_bytes(4, "little") + position.to_bytes(4, "little")
                blocks.append(adb.block(adb.BLOCK_DATA, place + entry.data))
        fields = {DIRECTORY_NAME: writer.blob(name), DIRECTORY_ACL: _acl(writer, folder.mode)}
        fields[DIRECTORY_FILES] = writer.array(references)
        paths.append(writer.object(fields))
    return paths, blocks


def _provides(facts):
    """With a version, only one package of a box can have the name."""
    for name in facts.provides:
        yield name[1:] if name.startswith("@") else f"{name}={facts.version}"


def package(facts, tree, scripts, mtime):
    """The bytes of a package; `facts` as in `package.Facts`, scripts by the names of apk."""
    writer = adb.Writer()
    info = {
        NAME: writer.blob(facts.name),
        VERSION: writer.blob(facts.version),
        DESCRIPTION: writer.blob(facts.description),
        ARCH: writer.blob(facts.architecture),
        LICENSE: writer.blob(facts.license),
        ORIGIN: writer.blob(facts.name),
        URL: writer.blob(facts.url),
        DEPENDS: _dependencies(writer, facts.depends + ["!" + name for name in facts.conflicts]),
        PROVIDES: _dependencies(writer, _provides(facts)),
    }
    paths, blocks = _paths(writer, tree, mtime)
    info[INSTALLED_SIZE] = writer.integer(sum(len(entry.data or b"") for entry in tree.entries))
    unique = writer.blob(bytes(UNIQUE_ID_SIZE), shared=False)
    info[HASHES] = unique
    root = {PACKAGE_INFO: writer.object(info), PACKAGE_PATHS: writer.array(paths)}
    texts = {number: writer.blob(scripts[name]) for name, number in SCRIPTS.items()}
    root[PACKAGE_SCRIPTS] = writer.object(texts)
    database = writer.finish(writer.object(root))
    # The identity of a package that no index knows: over the database with zeros in its place.
    start = (unique & 0x0FFFFFFF) + 1
    database[start : start + UNIQUE_ID_SIZE] = hashlib.sha256(database).digest()[:UNIQUE_ID_SIZE]
    return adb.compress(adb.container(adb.PACKAGE, database, blocks))


def index(packages, description, sign):
    """The bytes of an index of packages, as pairs of a file name and what is in the file.

    `sign(to_sign)` gives the identity of its key and the signature, see `keys.EcKey`.
    """
    writer = adb.Writer()
    infos = []
    for file_name, data in packages:
        try:
            reader, database = adb.read(data, adb.PACKAGE)
        except adb.AdbError as error:
            raise adb.AdbError(f"{file_name}: {error}") from error
        info = reader.field(reader.root, PACKAGE_INFO)
        values = reader.values(info)
        fields = {number: writer.copy(reader, value) for number, value in enumerate(values, 1)}
        name, version = (reader.blob(reader.field(info, number)) for number in (NAME, VERSION))
        expected = f"{name.decode()}-{version.decode()}.apk"
        if file_name != expected:
            raise adb.AdbError(f"{file_name}: apk looks for it as {expected}")
        fields[FILE_SIZE] = writer.integer(len(data))
        fields[HASHES] = writer.blob(hashlib.sha256(database).digest())
        infos.append(((name, version), writer.object(fields)))
    if len({key for key, _ in infos}) != len(infos):
        raise adb.AdbError("one package twice, or for two architectures: each has its own folder")
    infos.sort(key=lambda one: one[0])
    root = {
        INDEX_DESCRIPTION: writer.blob(description),
        INDEX_PACKAGES: writer.array([reference for _, reference in infos]),
    }
    database = bytes(writer.finish(writer.object(root)))
    signature = adb.signature_block(*sign(adb.INDEX, database))
    return adb.compress(adb.container(adb.INDEX, database, [signature]))
