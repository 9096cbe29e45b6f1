"""What a program is, from its ELF headers: so that none goes into a package whose boxes cannot run
it, and each package depends on what its program loads."""

import struct
from dataclasses import dataclass, field

LOAD, DYNAMIC, INTERPRETER = 1, 2, 3
NEEDED, STRING_TABLE = 1, 5
EXECUTABLE, SHARED = 2, 3

# Which package of OpenWrt has a library, by its name in a Makefile. libc depends on libgcc1.
LIBRARIES = {
    "libc.so": "libc",
    "libgcc_s.so.1": "libc",
    "libssl.so.3": "libopenssl",
    "libcrypto.so.3": "libopenssl",
}

# What OpenWrt 23.05 to 25.12 call a package that carries the version of its ABI.
WITH_ABI = {"libopenssl": "libopenssl3"}


class ProgramError(Exception):
    """A program that the boxes of a package cannot run."""


@dataclass
class Program:
    machine: int
    bits: int
    big_endian: bool
    loader: str = ""
    needed: list = field(default_factory=list)

    @property
    def is_static(self):
        return not self.loader and not self.needed


class _Elf:
    def __init__(self, data):
        if data[:4] != b"\x7fELF" or data[4] not in (1, 2) or data[5] not in (1, 2):
            raise ProgramError("is no ELF program")
        self.data = data
        self.bits = 32 * data[4]
        self.order = "<" if data[5] == 1 else ">"

    def unpack(self, form, offset):
        """Numbers at an offset; `N` is as wide as the addresses."""
        form = self.order + form.replace("N", "I" if self.bits == 32 else "Q")
        return struct.unpack_from(form, self.data, offset)

    def text(self, offset):
        end = self.data.index(b"\0", offset)
        return self.data[offset:end].decode()

    def segments(self):
        """Kind, offset, address and size of each."""
        table = self.unpack("N", 28 if self.bits == 32 else 32)[0]
        size, count = self.unpack("HH", 42 if self.bits == 32 else 54)
        if size != (32 if self.bits == 32 else 56):
            raise ProgramError("is a damaged ELF program: its segments have another size")
        for offset in range(table, table + size * count, size):
            if self.bits == 32:
                kind, start, address, _, length = self.unpack("5I", offset)
            else:
                kind, _, start, address, _, length = self.unpack("2I4Q", offset)
            yield kind, start, address, length

    def needed(self, segments, start, length):
        """The names of the libraries that a dynamic segment asks for."""
        entry = self.bits // 4
        tags = [self.unpack("NN", start + at) for at in range(0, length, entry)]
        strings = next((value for tag, value in tags if tag == STRING_TABLE), 0)
        for kind, offset, address, size in segments:
            if kind == LOAD and address <= strings < address + size:
                base = strings - address + offset
                return [self.text(base + value) for tag, value in tags if tag == NEEDED]
        return []


def read(data):
    """What the bytes of a program say of it."""
    try:
        elf = _Elf(data)
        kind, machine = elf.unpack("HH", 16)
        if kind not in (EXECUTABLE, SHARED):
            raise ProgramError("is no program: its ELF type is another")
        program = Program(machine, elf.bits, elf.order == ">")
        segments = list(elf.segments())
        for segment, start, _, length in segments:
            if segment == INTERPRETER:
                program.loader = elf.text(start)
            elif segment == DYNAMIC:
                program.needed = elf.needed(segments, start, length)
    except (IndexError, OverflowError, struct.error, ValueError) as error:
        raise ProgramError(f"is a damaged ELF program: {error}") from error
    return program


def depends(program, target, declared):
    """What the package depends on: of what its Makefile declares, that which this program uses.

    `declared` are the names behind `+` in DEPENDS. What the program loads and nobody declares, or
    what the boxes of the target cannot run, is an error.
    """
    here = (program.machine, program.bits, program.big_endian)
    if here != (target.machine, target.bits, target.big_endian):
        raise ProgramError(f"is of another machine than {target.architecture}")
    if target.is_1407:
        if not program.is_static:
            raise ProgramError("must be static: OpenWrt 14.07 has no library that it could load")
        return []
    if not program.is_static and program.loader != target.loader:
        raise ProgramError(f"starts with {program.loader or 'no loader'}, not {target.loader}")
    used = set()
    for library in program.needed:
        package = LIBRARIES.get(library)
        if package is None or package not in ["libc", *declared]:
            raise ProgramError(f"loads {library}, which is of no package in DEPENDS")
        used.add(package)
    names = [] if program.is_static else ["libc"]
    for name in declared:
        if name not in LIBRARIES.values() or name in used:
            names.append(WITH_ABI.get(name, name))
    return names
