#!/bin/bash
# Builds cwmpd for a MIPS box and lets it hold one whole session over TLS under an emulator.
#
#   tests/cross.sh              tool chain, OpenSSL, cwmpd, session   (about 4 minutes, 2.5 GB)
#   tests/cross.sh prepare      the tool chain and OpenSSL only
#   tests/cross.sh build        up to the shrunk program
#   tests/cross.sh session      the session only, with the program built before
#
# TARGET=mipsel-unknown-linux-musl (default) or another of those in target_facts below.
# CROSS_DIR=target/cross (default) keeps everything; nothing is installed on the machine.
# JOBS=2 processes for OpenSSL.
#
# Everything comes from package registries: Debian's (rustc-web with the sources of std, qemu),
# Python's (zig, as C compiler and linker with musl for every target), Rust's (openssl-src).
# Root is not needed, but Debian's package lists must be there (`apt-get update`, once).
set -euo pipefail
cd "$(dirname "$0")/.."
project=$PWD

TARGET=${TARGET:-mipsel-unknown-linux-musl}
JOBS=${JOBS:-$(nproc)}
ZIG_VERSION=0.17.1
OPENSSL_CRATE=300.6.1 # OpenSSL 3.6.3
mkdir -p "${CROSS_DIR:=target/cross}"
work=$(cd "$CROSS_DIR" && pwd)
root=$work/root
zig=$work/python/ziglang/zig
export ZIG_GLOBAL_CACHE_DIR=$work/zig-cache ZIG_LOCAL_CACHE_DIR=$work/zig-cache

say() { echo "cross: $*" >&2; }
die() { say "$*"; exit 1; }

target_facts() {
  # OpenSSL's MIPS assembler computes wrong digests when lld links it, hence no-asm there; zig's
  # runtime lacks __atomic_is_lock_free, hence BROKEN_CLANG_ATOMICS.
  local mips=(no-asm -DBROKEN_CLANG_ATOMICS)
  openssl_extra=()
  case $TARGET in
    mipsel-unknown-linux-musl)      zig_target=mipsel-linux-musleabi openssl_target=linux-mips32 runner="qemu-mipsel-static -cpu 24KEc" openssl_extra=("${mips[@]}") ;;
    mips-unknown-linux-musl)        zig_target=mips-linux-musleabi openssl_target=linux-mips32 runner="qemu-mips-static -cpu 24KEc" openssl_extra=("${mips[@]}") ;;
    armv7-unknown-linux-musleabihf) zig_target=arm-linux-musleabihf openssl_target=linux-armv4 runner="qemu-arm-static -cpu cortex-a7" ;;
    aarch64-unknown-linux-musl)     zig_target=aarch64-linux-musl openssl_target=linux-aarch64 runner="qemu-aarch64-static -cpu cortex-a53" ;;
    *) die "the target $TARGET is not known here" ;;
  esac
  zig_cc=$work/bin/cc-$TARGET
  openssl_dir=$work/openssl-$TARGET/installed
  program=$work/cwmpd-$TARGET
}

# Debian's compiler is unpacked into a folder, not installed: its packages conflict with others,
# and std for a target that has no ready-made one needs its sources beside it.
fetch_rust_and_qemu() {
  [ -e "$root/.complete" ] && return
  say "fetching Debian's rustc, cargo, std sources and qemu"
  mkdir -p "$work/debs/partial" "$root"
  apt-get install -qq -y --reinstall --download-only --no-install-recommends \
    -o Dir::Cache::archives="$work/debs" -o Debug::NoLocking=1 \
    rustc-web cargo-web rust-web-src qemu-user-static >/dev/null ||
    die "apt-get could not fetch the packages; run 'apt-get update' as root once"
  local deb
  for deb in "$work"/debs/*.deb; do
    case $deb in
      *rust-web-src*) dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$root" --wildcards './usr/src/rustc-*/library' './usr/lib/rustlib' ;;
      *qemu-user-static*) dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$root" --wildcards '*/qemu-mips*-static' '*/qemu-arm-static' '*/qemu-aarch64-static' ;;
      */libc6_* | */libc6-dev_* | */libc-bin_* | */gcc* | */cpp* | */binutils*) ;; # the machine's own
      *) dpkg-deb -x "$deb" "$root" ;;
    esac
  done
  touch "$root/.complete"
}

write_wrappers() {
  mkdir -p "$work/bin"
  local libraries=$root/usr/lib/x86_64-linux-gnu:$root/lib/x86_64-linux-gnu tool
  for tool in rustc cargo; do
    printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s/usr/bin/%s "$@"\n' "$libraries" "$root" "$tool" >"$work/bin/$tool"
  done
  for tool in ar ranlib; do
    printf '#!/bin/sh\nexec %s %s "$@"\n' "$zig" "$tool" >"$work/bin/$tool"
  done
  # rustc names libraries of gcc; zig has LLVM's unwinder and its own atomics.
  cat >"$zig_cc" <<WRAPPER
#!/bin/bash
arguments=()
for argument; do
  case \$argument in
    --target=* | -latomic) ;;
    -lgcc_s | -lgcc_eh | -lgcc) arguments+=(-lunwind) ;;
    *) arguments+=("\$argument") ;;
  esac
done
exec $zig cc -target $zig_target -fno-sanitize=all "\${arguments[@]}"
WRAPPER
  chmod +x "$work"/bin/*
}

fetch_zig() {
  [ -x "$zig" ] && return
  say "fetching zig $ZIG_VERSION"
  python3 -m pip install -q --no-deps --target "$work/python" "ziglang==$ZIG_VERSION"
}

# The sources of OpenSSL travel in a crate, whose checksum cargo knows.
fetch_openssl() {
  [ -d "$work/openssl-src" ] && return
  say "fetching OpenSSL's sources"
  mkdir -p "$work/fetch/src"
  : >"$work/fetch/src/lib.rs"
  printf '[package]\nname = "fetch"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\nopenssl-src = "=%s"\n[workspace]\n' \
    "$OPENSSL_CRATE" >"$work/fetch/Cargo.toml"
  (cd "$work/fetch" && RUSTC=$work/bin/rustc CARGO_HOME=$work/cargo-home "$work/bin/cargo" fetch -q)
  cp -r "$work"/cargo-home/registry/src/*/openssl-src-"$OPENSSL_CRATE"*/openssl "$work/openssl-src"
}

# What a CWMP agent never speaks is left out; TLS 1.2 and 1.3 with their usual suites stay.
OPENSSL_OPTIONS="no-shared no-module no-tests no-apps no-docs no-comp no-zlib no-dso no-engine no-async no-legacy
 no-ssl3 no-weak-ssl-ciphers no-dtls no-srp no-psk no-cms no-ts no-ct no-cmp no-quic no-srtp no-nextprotoneg
 no-md2 no-md4 no-mdc2 no-rmd160 no-whirlpool no-rc2 no-rc4 no-rc5 no-bf no-cast no-idea no-seed no-camellia
 no-aria no-des no-sm2 no-sm3 no-sm4 no-gost no-ec2m no-dsa no-blake2 no-scrypt no-argon2 no-siphash no-siv
 no-ml-dsa no-ml-kem no-slh-dsa no-lms no-rfc3779 no-multiblock no-http no-ocsp no-ui-console no-autoload-config"

build_openssl() {
  [ -e "$openssl_dir/lib/libssl.a" ] && return
  say "building OpenSSL for $TARGET"
  mkdir -p "$work/openssl-$TARGET"
  (
    cd "$work/openssl-$TARGET"
    # shellcheck disable=SC2086 # the options are words
    CC=$zig_cc AR=$work/bin/ar RANLIB=$work/bin/ranlib perl ../openssl-src/Configure "$openssl_target" \
      --prefix="$openssl_dir" --libdir=lib --openssldir=/etc/ssl $OPENSSL_OPTIONS "${openssl_extra[@]}" \
      no-pic -fno-PIC -Os -ffunction-sections -fdata-sections \
      -fno-asynchronous-unwind-tables -fno-unwind-tables >configure.log 2>&1
    make -j"$JOBS" build_libs >make.log 2>&1
    make install_dev >>make.log 2>&1
  ) || die "OpenSSL did not build, see $work/openssl-$TARGET/*.log"
}

build_cwmpd() {
  say "building cwmpd for $TARGET"
  local lower=${TARGET//-/_}
  local flags="-C target-feature=+crt-static -C relocation-model=static -C link-self-contained=no"
  flags+=" -C force-unwind-tables=no --cfg=libc_unstable_musl_v1_2"
  (
    # 64-bit time_t: the variable is for std's copy of libc, the cfg for the one in Cargo.lock.
    export RUST_LIBC_UNSTABLE_MUSL_V1_2_3=1 RUSTC_BOOTSTRAP=1
    export RUSTC=$work/bin/rustc CARGO_HOME=$work/cargo-home
    export "CARGO_TARGET_${lower^^}_RUSTFLAGS=$flags" "CARGO_TARGET_${lower^^}_LINKER=$zig_cc"
    export "CC_$lower=$zig_cc" "AR_$lower=$work/bin/ar"
    export OPENSSL_DIR=$openssl_dir OPENSSL_STATIC=1
    "$work/bin/cargo" build -q --locked --release --bin cwmpd --target "$TARGET" --target-dir "$work/target" \
      -Z build-std=std,panic_abort -Z build-std-features=optimize_for_size
  )
  cp "$work/target/$TARGET/release/cwmpd" "$program"
  echo "${TARGET%%-*}_bytes $(stat -c %s "$program") bytes"
  shrink "$program"
  echo "${TARGET%%-*}_shrunk_bytes $(stat -c %s "$program") bytes"
  echo "${TARGET%%-*}_shrunk_gz_bytes $(gzip -9 <"$program" | wc -c) bytes"
}

# Cuts an ELF file behind its last loaded byte: section headers and .pdr (over 400 kB on MIPS)
# stay after `strip`, and nothing needs them to run.
shrink() {
  python3 - "$1" <<'PYTHON'
import struct, sys

path = sys.argv[1]
elf = bytearray(open(path, "rb").read())
wide, order = elf[4] == 2, "<" if elf[5] == 1 else ">"
word = order + ("Q" if wide else "I")
(table,) = struct.unpack_from(word, elf, 32 if wide else 28)
entry, count = struct.unpack_from(order + "HH", elf, 54 if wide else 42)
end = table + entry * count
for i in range(count):
    at = table + i * entry
    (offset,) = struct.unpack_from(word, elf, at + (8 if wide else 4))
    (size,) = struct.unpack_from(word, elf, at + (32 if wide else 16))
    end = max(end, offset + size)
struct.pack_into(word, elf, 40 if wide else 32, 0)
struct.pack_into(order + "HHH", elf, 58 if wide else 46, 0, 0, 0)
open(path, "wb").write(elf[:end])
PYTHON
}

# The scripted ACS and the fake Luup run on this machine, the agent under the emulator. qemu maps
# the guest's memory from 1 TiB on, so that the figures can tell it from the emulator's own.
run_session() {
  [ -x "$program" ] || die "there is no $program yet, run tests/cross.sh build"
  say "one session over TLS under $runner"
  cargo run -q --locked -p cwmpd-lab --bin emulated -- \
    "$root/usr/bin/${runner%% *} ${runner#* } -B 0x10000000000 $program"
}

target_facts
case ${1:-all} in
  prepare | build | all)
    fetch_rust_and_qemu
    fetch_zig
    write_wrappers
    fetch_openssl
    build_openssl
    [ "${1:-all}" = prepare ] || build_cwmpd
    [ "${1:-all}" != all ] || run_session
    ;;
  session) run_session ;;
  *) sed -n '2,16s/^# \{0,1\}//p' "$project/tests/cross.sh" && exit 2 ;;
esac
