#!/bin/bash
# Builds cwmpd for other processors, and tries it under emulators that refuse what a box without a
# floating-point unit refuses: its instructions, and addresses that are not aligned.
#
#   tests/cross.sh                    mips, the big-endian one: build, one whole session over TLS
#   tests/cross.sh --long             mips, mipsel, armv7, aarch64: also the tests of the program's
#                                     parts, how large the programs are, and the packages of all
#                                     architectures
#   tests/cross.sh session TARGET...  build and session only
#   tests/cross.sh units TARGET...    the tests of the parts only
#
# TARGET as openwrt-package/compile.sh has it, which builds; what it keeps in CROSS_DIR=target/cross
# makes the next time faster: 5 minutes instead of 9 for the short form, on two cores. qemu comes from
# Debian, and is not installed either.
set -euo pipefail
cd "$(dirname "$0")/.."
project=$PWD

mkdir -p "${CROSS_DIR:=target/cross}"
CROSS_DIR=$(cd "$CROSS_DIR" && pwd)
export CROSS_DIR
compile=openwrt-package/compile.sh

say() { echo "cross: $*" >&2; }
die() { say "$*"; exit 1; }

# 24KEc is the core of many boxes; 24Kf would take floating-point instructions.
emulator() {
  case $1 in
    mipsel-*) echo "$CROSS_DIR/qemu/usr/bin/qemu-mipsel-static -cpu 24KEc" ;;
    mips-*) echo "$CROSS_DIR/qemu/usr/bin/qemu-mips-static -cpu 24KEc" ;;
    armv7-*) echo "$CROSS_DIR/qemu/usr/bin/qemu-arm-static -cpu cortex-a7" ;;
    aarch64-*) echo "$CROSS_DIR/qemu/usr/bin/qemu-aarch64-static -cpu cortex-a53" ;;
    *) die "there is no emulator for '$1'" ;;
  esac
}

fetch_qemu() {
  local qemu=$CROSS_DIR/qemu package
  for package in rustc-web qemu-user-static; do
    [ -n "$(apt-cache show "$package" 2>/dev/null)" ] && continue
    echo "skipped: Debian's package $package is not to be had; apt-get update, as root" && exit 77
  done
  [ -e "$qemu/.complete" ] && return
  say "fetching Debian's qemu"
  mkdir -p "$qemu"
  (cd "$qemu" && apt-get download -qq qemu-user-static 2>/dev/null) ||
    die "apt-get could not fetch qemu-user-static; run 'apt-get update' as root once"
  dpkg-deb --fsys-tarfile "$qemu"/*.deb | tar -x -C "$qemu" --wildcards \
    '*/qemu-mips-static' '*/qemu-mipsel-static' '*/qemu-arm-static' '*/qemu-aarch64-static'
  rm "$qemu"/*.deb
  touch "$qemu/.complete"
}

# figure NAME VALUE UNIT: as those of tests/bench.sh.
figure() { echo "$1 $2 $3"; }

# The scripted ACS and the fake Luup run on this machine, the agent under the emulator. qemu maps
# the guest's memory from 1 TiB on, so that the figures can tell it from the emulator's own.
session() {
  local target=$1 program name=${1%%-*}
  program=$($compile "$target" --static)
  figure "${name}_static_bytes" "$(stat -c %s "$program")" bytes
  say "one session over TLS under $(emulator "$target" | xargs basename -a | xargs)"
  cargo run -q --locked -p cwmpd-lab --bin emulated -- \
    "$(emulator "$target") -B 0x10000000000 $program" | sed "s/^emulated_/${name}_/"
}

# What a processor may do otherwise: the order of bytes, 32 bits, alignment, no floats.
units() {
  local target=$1 lower=${1//-/_} others=()
  # The kernel writes addresses in /proc/net/tcp in the order of bytes of its own processor, which is
  # the program's on a box, and is not here.
  case $target in mips-*) others=(-- --skip luup::owner::) ;; esac
  say "the tests of the parts for $target"
  env "CARGO_TARGET_${lower^^}_RUNNER=$(emulator "$target")" PROPTEST_CASES=16 \
    CARGO_PROFILE_TEST_DEBUG=0 CARGO_PROFILE_TEST_OPT_LEVEL=1 CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_DEV_OPT_LEVEL=1 \
    "$compile" "$target" --static --cargo test -p cwmpd --lib "${others[@]}"
}

# As it is linked on OpenWrt of today: its size, and what it asks for (compile.sh looks at that).
dynamic() {
  local program
  program=$($compile "$1")
  figure "${1%%-*}_dynamic_bytes" "$(stat -c %s "$program")" bytes
}

# Packages for every architecture that there are any for, and a feed of each.
packages() {
  local key=$CROSS_DIR/packages-key folder
  say "packages"
  openwrt-package/package.sh --all --to "$CROSS_DIR/packages"
  openwrt-package/index.sh --new-key "$key"
  for folder in "$CROSS_DIR"/packages/*; do openwrt-package/index.sh "$folder" "$key"; done
}

short=(mips-unknown-linux-musl)
long=(mips-unknown-linux-musl mipsel-unknown-linux-musl armv7-unknown-linux-musleabihf aarch64-unknown-linux-musl)
what=${1:-}
[ $# = 0 ] || shift
fetch_qemu
case $what in
  '') session "${short[0]}" ;;
  --long)
    for target in "${long[@]}"; do
      session "$target"
      dynamic "$target"
      units "$target"
    done
    packages
    ;;
  session | units) for target; do $what "$target"; done ;;
  *) sed -n '2,16s/^# \{0,1\}//p' "$project/tests/cross.sh" && exit 2 ;;
esac
