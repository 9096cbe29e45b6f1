"""The file format of apk-tools 3: a database of values (ADB), its blocks and its signatures.

A database is one block of bytes in which values refer to each other by offset. What it means is
given by a schema: `pckg` is a package, `indx` an index of packages. Everything is little-endian.
"""

import hashlib
import struct
import zlib

PACKAGE = b"pckg"
INDEX = b"indx"

# The kinds of value, in the upper four bits of a reference.
SPECIAL, INT, INT_32, INT_64 = 0x0, 0x1, 0x2, 0x3
BLOB_8, BLOB_16, BLOB_32 = 0x8, 0x9, 0xA
ARRAY, OBJECT = 0xD, 0xE

# The kinds of block, in the upper two bits of its size.
BLOCK_ADB, BLOCK_SIGNATURE, BLOCK_DATA, BLOCK_EXTENDED = 0, 1, 2, 3
BLOCK_ALIGNMENT = 8
LARGEST_BLOCK = 0x3FFFFFFF - 4

HEADER_SIZE = 8
SHA512 = 4  # the number of the hash that signatures are over
KEY_ID_SIZE = 16


class AdbError(Exception):
    """A file that is no ADB, or is damaged."""


class Writer:
    """Builds a database. Each method gives the reference of what it wrote; 0 is for nothing."""

    def __init__(self):
        self.data = bytearray(HEADER_SIZE)
        self._known = {}

    def _put(self, data, alignment, shared=True):
        """The offset of these bytes; those that are there already are not written twice."""
        offset = self._known.get(data) if shared else None
        if offset is None or offset % alignment:
            self.data += bytes(-len(self.data) % alignment)
            offset = len(self.data)
            self.data += data
            if shared:
                self._known[data] = offset
        return offset

    def integer(self, value):
        if value < 0x10000000:
            return INT << 28 | value
        if value < 0x100000000:
            return INT_32 << 28 | self._put(struct.pack("<I", value), 4)
        return INT_64 << 28 | self._put(struct.pack("<Q", value), 4)

    def blob(self, value, shared=True):
        if isinstance(value, str):
            value = value.encode()
        size = len(value)
        if size == 0:
            return 0
        if size <= 0xFF:
            return BLOB_8 << 28 | self._put(struct.pack("<B", size) + value, 1, shared)
        if size <= 0xFFFF:
            return BLOB_16 << 28 | self._put(struct.pack("<H", size) + value, 2, shared)
        return BLOB_32 << 28 | self._put(struct.pack("<I", size) + value, 4, shared)

    def _list(self, kind, values):
        while values and values[-1] == 0:
            values = values[:-1]
        if not values:
            return 0
        count = len(values) + 1
        return kind << 28 | self._put(struct.pack(f"<{count}I", count, *values), 4)

    def object(self, fields):
        """Of a map from the number of a field, from 1 on, to the reference of its value."""
        last = max(fields, default=0)
        return self._list(OBJECT, [fields.get(number, 0) for number in range(1, last + 1)])

    def array(self, values):
        """Of references. apk's own tools mark lists as objects too, and so is it here."""
        return self._list(OBJECT, list(values))

    def copy(self, reader, reference):
        """A value of another database."""
        kind = reference >> 28
        if kind in (SPECIAL, INT):
            return reference
        if kind in (INT_32, INT_64):
            return self.integer(reader.integer(reference))
        if kind in (ARRAY, OBJECT):
            values = reader.values(reference)
            return self._list(kind, [self.copy(reader, value) for value in values])
        return self.blob(reader.blob(reference))

    def finish(self, root):
        """All of the database, with this value as its root."""
        struct.pack_into("<BBHI", self.data, 0, 0, 0, 0, root)
        return self.data


class Reader:
    """Reads a database."""

    def __init__(self, data):
        if len(data) < HEADER_SIZE or data[0] != 0:
            raise AdbError("a database of a version not known here")
        self.data = data
        self.root = struct.unpack_from("<I", data, 4)[0]

    def _unpack(self, form, offset):
        try:
            return struct.unpack_from("<" + form, self.data, offset)
        except struct.error as error:
            raise AdbError("a value outside of the database") from error

    def integer(self, reference):
        kind, value = reference >> 28, reference & 0x0FFFFFFF
        if kind == INT:
            return value
        if kind == INT_32:
            return self._unpack("I", value)[0]
        if kind == INT_64:
            return self._unpack("Q", value)[0]
        raise AdbError("no number where one is expected")

    def blob(self, reference):
        kind, offset = reference >> 28, reference & 0x0FFFFFFF
        if reference == 0:
            return b""
        forms = {BLOB_8: "B", BLOB_16: "H", BLOB_32: "I"}
        if kind not in forms:
            raise AdbError("no bytes where some are expected")
        size = self._unpack(forms[kind], offset)[0]
        start = offset + struct.calcsize(forms[kind])
        return self._unpack(f"{size}s", start)[0]

    def values(self, reference):
        """The references that an object or array holds."""
        kind, offset = reference >> 28, reference & 0x0FFFFFFF
        if reference == 0:
            return []
        if kind not in (ARRAY, OBJECT):
            raise AdbError("no list where one is expected")
        count = self._unpack("I", offset)[0]
        if count == 0 or count > len(self.data) // 4:
            raise AdbError("a list longer than the database")
        return list(self._unpack(f"{count}I", offset)[1:])

    def field(self, reference, number):
        """The reference of a field of an object, 0 where it has none."""
        values = self.values(reference)
        return values[number - 1] if number <= len(values) else 0


def block(kind, payload):
    """A block with its size before and zeros behind it."""
    if len(payload) > LARGEST_BLOCK:
        raise AdbError("more than a gigabyte in one block")
    size = 4 + len(payload)
    return struct.pack("<I", kind << 30 | size) + payload + bytes(-size % BLOCK_ALIGNMENT)


def container(schema, database, following=()):
    """A file with this database and these blocks behind it, not compressed."""
    parts = [b"ADB.", schema, block(BLOCK_ADB, bytes(database)), *following]
    return b"".join(parts)


def compress(plain):
    """The same, compressed as apk does by default."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15, 8)
    return b"ADBd" + deflate.compress(plain) + deflate.flush()


def read(data, schema):
    """The database of a file that has this schema, and its bytes."""
    if data[:4] == b"ADBd":
        inflate = zlib.decompressobj(-15)
        try:
            data = inflate.decompress(data[4:])
        except zlib.error as error:
            raise AdbError(f"cannot be unpacked: {error}") from error
        if not inflate.eof:
            raise AdbError("is cut off")
    if data[:4] != b"ADB." or len(data) < 12:
        raise AdbError("no package of apk-tools 3")
    if data[4:8] != schema:
        raise AdbError(f"{data[4:8]!r} where {schema!r} is expected")
    head = struct.unpack_from("<I", data, 8)[0]
    size = (head & 0x3FFFFFFF) - 4
    if head >> 30 != BLOCK_ADB or size < HEADER_SIZE or len(data) < 12 + size:
        raise AdbError("does not begin with a whole database")
    database = data[12 : 12 + size]
    return Reader(database), database


def to_sign(schema, key_id, database):
    """What a signature with this key is over."""
    return schema + bytes([0, SHA512]) + key_id + hashlib.sha512(database).digest()


def signature_block(key_id, signature):
    return block(BLOCK_SIGNATURE, bytes([0, SHA512]) + key_id + signature)
