"""The package architectures of OpenWrt that packages are made for, and what runs on each."""

from dataclasses import dataclass

# Numbers of ELF machines.
MIPS, ARM, X86_64, AARCH64 = 8, 40, 62, 183


@dataclass(frozen=True)
class Target:
    """What a program must be to run on boxes of a package architecture."""

    architecture: str
    # The target of the Rust compiler.
    rust: str
    machine: int
    bits: int
    big_endian: bool
    # The dynamic linker of musl there; none of 14.07, whose C library is another.
    loader: str
    # 14.07 has opkg alone, no `default_postinst`, and no library that the program could use.
    is_1407: bool = False


MUSL = "unknown-linux-musl"

TARGETS = {
    target.architecture: target
    for target in (
        Target("mipsel_24kc", f"mipsel-{MUSL}", MIPS, 32, False, "/lib/ld-musl-mipsel-sf.so.1"),
        Target("ramips_24kec", f"mipsel-{MUSL}", MIPS, 32, False, "", is_1407=True),
        Target("mips_24kc", f"mips-{MUSL}", MIPS, 32, True, "/lib/ld-musl-mips-sf.so.1"),
        Target(
            "aarch64_cortex-a53",
            f"aarch64-{MUSL}",
            AARCH64,
            64,
            False,
            "/lib/ld-musl-aarch64.so.1",
        ),
        Target(
            "arm_cortex-a7_neon-vfpv4",
            f"armv7-{MUSL}eabihf",
            ARM,
            32,
            False,
            "/lib/ld-musl-armhf.so.1",
        ),
        Target("x86_64", f"x86_64-{MUSL}", X86_64, 64, False, "/lib/ld-musl-x86_64.so.1"),
    )
}


class TargetError(Exception):
    """An architecture that no package is made for."""


def find(architecture):
    if architecture not in TARGETS:
        raise TargetError(f"no architecture {architecture}; there are {', '.join(TARGETS)}")
    return TARGETS[architecture]
