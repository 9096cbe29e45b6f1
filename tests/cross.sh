#!/bin/bash
# Builds cwmpd for other processors, and tries it under emulators that refuse what a box without a
# floating-point unit refuses: its instructions, and addresses that are not aligned.
#
#   tests/cross.sh                    mips, the big-endian one: build, one whole session over TLS
#   tests/cross.sh --long             mips, mipsel, armv7, aarch64: also the program that is linked
#                                     with musl and OpenSSL, the tests of the program's parts, the
#                                     bytes of a second build, and the packages of all architectures
#   tests/cross.sh static TARGET...   build and session only, of the program that has all inside
#   tests/cross.sh dynamic TARGET...  of the one that takes musl and OpenSSL from the box
#   tests/cross.sh units TARGET...    the tests of the parts only
#   tests/cross.sh same TARGET...     builds the static program twice, and compares
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

static() {
  local program name=${1%%-*}
  program=$($compile "$1" --static)
  figure "${name}_static_bytes" "$(stat -c %s "$program")" bytes
  session "$name" "$(emulator "$1")" "$program"
}

dynamic() {
  local program name=${1%%-*}_dynamic
  program=$($compile "$1")
  figure "${name}_bytes" "$(stat -c %s "$program")" bytes
  make_box "$1" "$(dirname "$program")/$1/release/deps"
  session "$name" "$(emulator "$1") -L $CROSS_DIR/box-$1" "$program"
}

# session NAME EMULATOR PROGRAM: the scripted ACS and the fake Luup run on this machine, the agent
# under the emulator. qemu maps the guest's memory from 1 TiB on, so that the figures can tell it
# from the emulator's own.
session() {
  say "one session over TLS for $1 under $(xargs basename -a <<<"$2" | xargs)"
  cargo run -q --locked -p cwmpd-lab --bin emulated -- "$2 -B 0x10000000000 $3" | sed "s/^emulated_/$1_/"
}

# What the program finds there is older than what OpenWrt has had since 23.05, the first with OpenSSL 3:
# what these lack, it must not ask for. The musl that zig brings has no loader, hence Debian's sources.
MUSL_VERSION=1.2.3 MUSL_SHA256=7d5b0b6062521e4627e099e4c9dc8248d32a30285e959b7eecaa780cf8cfd4a4
OPENSSL_CRATE=300.0.13 # OpenSSL 3.0.8

fetch_sources() {
  [ -e "$sources" ] && return
  say "fetching the sources of musl $MUSL_VERSION and OpenSSL 3.0"
  local uri
  rm -rf "$sources.new"
  mkdir -p "$sources.new/src"
  cd "$sources.new"
  uri=$(apt-get download --print-uris musl | sed -n "s/^'\([^']*_$MUSL_VERSION\)-.*/\1.orig.tar.gz/p")
  /usr/lib/apt/apt-helper download-file "$uri" musl.tar.gz "SHA256:$MUSL_SHA256" >apt.log 2>&1 ||
    die "the sources of musl $MUSL_VERSION, which Debian 12 has, are not to be had, see $PWD/apt.log"
  tar -xzf musl.tar.gz
  mv "musl-$MUSL_VERSION" musl
  # Nothing here computes with complex numbers, which take functions that Rust's runtime lacks.
  rm -r musl/src/complex
  : >src/lib.rs
  printf '[package]\nname = "fetch"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\nopenssl-src = "=%s"\n[workspace]\n' \
    "$OPENSSL_CRATE" >Cargo.toml
  RUSTC=$CROSS_DIR/bin/rustc CARGO_HOME=$CROSS_DIR/cargo-home cargo vendor -q >/dev/null
  mv vendor/openssl-src/openssl .
  mv "$sources.new" "$sources"
}

# make_box TARGET DEPS: the root of a box for the emulator, with a C library, which is the loader as
# well, and OpenSSL. What compiles is what compile.sh has made to compile the program; DEPS is where
# the parts of the program are.
make_box() (
  box=$CROSS_DIR/box-$1 sources=$CROSS_DIR/box-sources bits=32
  case $1 in aarch64-*) bits=64 ;; esac
  # One at a time, as in compile.sh.
  exec 9>"$CROSS_DIR/box.lock"
  flock 9
  [ ! -e "$box" ] || exit 0
  export PATH=$CROSS_DIR/bin:$PATH ZIG_GLOBAL_CACHE_DIR=$CROSS_DIR/zig-cache ZIG_LOCAL_CACHE_DIR=$CROSS_DIR/zig-cache
  export CC=cc-$1 AR=zig-ar RANLIB=zig-ranlib MAKEFLAGS=-sj${JOBS:-$(nproc)}
  fetch_sources
  say "building the musl and the OpenSSL of a box for $1"
  rm -rf "$box.new" "$box.build"
  mkdir -p "$box.new/lib" "$box.new/usr/lib" "$box.new/etc/ssl" "$box.build/musl" "$box.build/openssl"
  trap 'say "it did not build, see $box.build/*.log"' ERR

  # What a processor has no instructions for, floats above all, is Rust's: zig's brings a memcpy that
  # hides musl's from programs.
  builtins=("$2"/libcompiler_builtins-*.rlib)
  cd "$box.build/musl"
  "$sources/musl/configure" --target="$1" LIBCC="${builtins[0]}" >../musl.log 2>&1
  make lib/libc.so >>../musl.log 2>&1
  # By the name that musl would install it under.
  cp lib/libc.so "$box.new/lib/ld-musl-$(sed -nE 's/^(SUB)?ARCH = //p' config.mak | tr -d '\n').so.1"

  # With less in it than OpenWrt's has, which builds faster. zig's runtime has no __atomic_is_lock_free.
  cd "$box.build/openssl"
  perl "$sources/openssl/Configure" "linux-generic$bits" --prefix=/usr --libdir=lib --openssldir=/etc/ssl \
    shared no-asm no-tests no-engine no-legacy no-dso no-dtls no-srp no-camellia no-aria no-sm2 no-sm3 no-sm4 \
    -Os -DBROKEN_CLANG_ATOMICS >../openssl.log 2>&1
  make build_generated >>../openssl.log 2>&1
  make libcrypto.so libssl.so >>../openssl.log 2>&1
  cp libcrypto.so.3 libssl.so.3 "$box.new/usr/lib"
  # Not that of this machine.
  : >"$box.new/etc/ssl/openssl.cnf"

  rm -r "$box.build"
  mv "$box.new" "$box"
)

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

# The same sources give the same bytes: what was fetched is put where paths are longer, and everything
# is built anew there.
same() {
  local elsewhere=$CROSS_DIR/where-everything/is-built-anew first second
  first=$($compile "$1" --static)
  say "once more, elsewhere"
  rm -rf "$elsewhere"
  mkdir -p "$elsewhere"
  cp -al "$CROSS_DIR"/{root,python,openssl-src} "$elsewhere"
  second=$(CROSS_DIR=$elsewhere CROSS_TARGET_DIR='' $compile "$1" --static)
  cmp "$first" "$second" >&2 || die "the same sources give other bytes in another folder"
  rm -rf "$elsewhere"
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
  '') static "${short[0]}" ;;
  --long)
    for target in "${long[@]}"; do
      static "$target"
      dynamic "$target"
      units "$target"
    done
    same "${short[0]}"
    packages
    ;;
  static | dynamic | units | same) for target; do $what "$target"; done ;;
  *) sed -n '2,19s/^# \{0,1\}//p' "$project/tests/cross.sh" && exit 2 ;;
esac
