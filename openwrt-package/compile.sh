#!/bin/bash
# Builds cwmpd for a box and prints where the program is; what goes on meanwhile is on stderr.
#
#   openwrt-package/compile.sh TARGET           linked with the musl and OpenSSL 3 of OpenWrt today
#   openwrt-package/compile.sh TARGET --static  with all it needs inside, for boxes as old as 14.07
#   openwrt-package/compile.sh TARGET [--static] --cargo ...  cargo, set up for that, e.g. --cargo test
#
# TARGET is one of mipsel-unknown-linux-musl, mips-unknown-linux-musl, aarch64-unknown-linux-musl,
# armv7-unknown-linux-musleabihf, x86_64-unknown-linux-musl.
# CROSS_DIR=target/cross (default) keeps everything, about 2 GB; nothing is installed on the machine.
# CROSS_TARGET_DIR=$CROSS_DIR/target is where cargo builds, FEATURES=... what cargo is told of
# features, JOBS=2 how many processes build OpenSSL.
#
# Everything comes from package registries: Debian's (rustc-web with the sources of std, and gcc for
# MIPS16), Python's (zig, as C compiler and linker with musl for every target), Rust's (openssl-src).
# Root is not needed, but Debian's package lists must be there (`apt-get update`, once). The same
# sources give the same bytes, in whatever folder.
set -euo pipefail
cd "$(dirname "$0")/.."
project=$PWD

ZIG_VERSION=0.17.1
OPENSSL_CRATE=300.6.1 # OpenSSL 3.6.3
# A date that OpenSSL writes into itself: that of this release.
export SOURCE_DATE_EPOCH=1780963200

say() { echo "compile: $*" >&2; }
die() { say "$*"; exit 1; }

mkdir -p "${CROSS_DIR:=target/cross}"
work=$(cd "$CROSS_DIR" && pwd)
case $project:$work in
  *[[:space:]]* | *:*:*) die "compilers cannot have blanks or colons in paths: '$project', '$work'; set CROSS_DIR, or move the sources" ;;
esac
root=$work/root
zig=$work/python/ziglang/zig
export ZIG_GLOBAL_CACHE_DIR=$work/zig-cache ZIG_LOCAL_CACHE_DIR=$work/zig-cache
# By name, since OpenSSL writes into itself what compiled it.
export PATH=$work/bin:$PATH

# ---- the tool chain --------------------------------------------------------------------------

# Debian's compiler is unpacked into a folder, not installed: its packages conflict with others,
# and std for a target that has no ready-made one needs its sources beside it.
fetch_rust() {
  [ -e "$root/.complete" ] && return
  say "fetching Debian's rustc, cargo and the sources of std"
  mkdir -p "$work/debs/partial" "$root"
  apt-get install -qq -y --reinstall --download-only --no-install-recommends \
    -o Dir::Cache::archives="$work/debs" -o Debug::NoLocking=1 \
    rustc-web cargo-web rust-web-src >/dev/null ||
    die "apt-get could not fetch the packages; run 'apt-get update' as root once"
  local deb
  for deb in "$work"/debs/*.deb; do
    case $deb in
      *rust-web-src*) dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$root" --wildcards './usr/src/rustc-*/library' './usr/lib/rustlib' ;;
      */libc6_* | */libc6-dev_* | */libc-bin_* | */gcc* | */cpp* | */binutils*) ;; # the machine's own
      *) dpkg-deb -x "$deb" "$root" ;;
    esac
  done
  touch "$root/.complete"
}

# For OpenSSL in a static program: MIPS16, which all 24Kc, 24KEc and 74Kc have, takes half the bytes,
# and LLVM cannot compile it.
fetch_gcc() {
  [ -e "$gcc/.complete" ] && return
  say "fetching Debian's gcc for $mips16"
  mkdir -p "$gcc/debs/partial"
  apt-get install -qq -y --reinstall --download-only --no-install-recommends \
    -o Dir::Cache::archives="$gcc/debs" -o Debug::NoLocking=1 "gcc-$mips16" >/dev/null ||
    die "apt-get could not fetch gcc-$mips16, which Debian 12 has; run 'apt-get update' as root once"
  local deb
  for deb in "$gcc"/debs/*.deb; do
    case $deb in
      */libc6* | */linux-libc-dev*) ;; # the C library is musl
      *) dpkg-deb -x "$deb" "$gcc" ;;
    esac
  done
  rm -r "$gcc/debs"
  touch "$gcc/.complete"
}

fetch_zig() {
  [ -x "$zig" ] && return
  say "fetching zig $ZIG_VERSION"
  python3 -m pip install -q --no-deps --target "$work/python" "ziglang==$ZIG_VERSION" >&2
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
  cp -r "$work"/cargo-home/registry/src/*/openssl-src-"$OPENSSL_CRATE"*/openssl "$work/openssl-src.new"
  mv "$work/openssl-src.new" "$work/openssl-src"
}

# OpenSSL's default provider names in tables all that it can do. A copy whose tables name what a TLS
# client uses: what no table names, the linker leaves out.
trim_openssl() {
  [ -d "$work/openssl-client" ] && return
  rm -rf "$work/openssl-client.new"
  cp -r "$work/openssl-src" "$work/openssl-client.new"
  (
    cd "$work/openssl-client.new"
    USED="$OPENSSL_USED" perl -0pi -e '
      BEGIN { %used = map { $_ => 1 } split " ", $ENV{USED} }
      sub keep { $used{$_[1]} && $_[0] !~ /_kdf_(keymgmt|\w+_keyexch)_|_kem_/ ? $_[0] : "" }
      s/\{ PROV_NAMES_(\w+),\s*"provider=default",[^{}]*\},/keep($&, $1)/ge;
      s/ALGC?\(PROV_NAMES_(\w+),[^()]*\),/keep($&, $1)/ge;
      s/\n#include "(encoders|stores)\.inc"//g' providers/defltprov.c
    sed -i '/"base"/d' crypto/provider_predefined.c
    sed -i '/msblob\|pvk\|448/d' providers/decoders.inc
    sed -i '/ecx448\|ed448/d' crypto/evp/pmeth_lib.c crypto/asn1/standard_methods.h
    sed -i '/EVP_add_cipher/d' crypto/evp/c_allc.c
    sed -i '/sha3_\|shake/d' crypto/evp/c_alld.c
  )
  mv "$work/openssl-client.new" "$work/openssl-client"
}

# write FILE: a program from standard input, in one step, since another build may run it now.
write() {
  cat >"$1.$$"
  chmod +x "$1.$$"
  mv "$1.$$" "$1"
}

write_wrappers() {
  mkdir -p "$work/bin"
  local libraries=$root/usr/lib/x86_64-linux-gnu:$root/lib/x86_64-linux-gnu tool
  for tool in rustc cargo; do
    printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s/usr/bin/%s "$@"\n' "$libraries" "$root" "$tool" |
      write "$work/bin/$tool"
  done
  for tool in ar ranlib; do
    printf '#!/bin/sh\nexec %s %s "$@"\n' "$zig" "$tool" | write "$work/bin/zig-$tool"
  done
}

# rustc names libraries of gcc; zig has LLVM's unwinder and its own atomics.
write_compiler() {
  write "$work/bin/$cc" <<WRAPPER
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
}

# The parts of OpenSSL that compute are not MIPS16, for speed. The headers are zig's musl.
write_gcc() {
  local headers=$work/python/ziglang/lib/libc/include
  write "$work/bin/gcc-$TARGET" <<WRAPPER
#!/bin/bash
mode=-mips16
for argument; do
  case \$argument in
    */crypto/bn/* | */crypto/aes/* | */crypto/modes/* | */crypto/chacha/* | */crypto/poly1305/*) mode=-mno-mips16 ;;
    */crypto/ec/*25519* | */atomics.c) mode=-mno-mips16 ;;
  esac
done
export LD_LIBRARY_PATH=$gcc/usr/lib/x86_64-linux-gnu
exec $gcc/usr/bin/$mips16-gcc -B$gcc/usr/bin/$mips16- -mips32r2 -msoft-float -mno-abicalls -fno-pic -G0 \
  \$mode -minterlink-mips16 -nostdinc -isystem \$(echo $gcc/usr/lib/gcc-cross/$mips16/*/include) \
  -isystem $headers/mips-linux-musl -isystem $headers/generic-musl \
  -isystem $headers/mips-linux-any -isystem $headers/any-linux-any "\$@"
WRAPPER
  # Only GNU ld links MIPS16; zig tells with what (crt1.o, musl) it would have linked.
  write "$work/bin/ld-$TARGET" <<WRAPPER
#!/bin/bash
read -ra words < <($work/bin/$cc -v "\$@" 2>&1 | grep '^ld.lld ' | tail -1)
arguments=()
for ((i = 1; i < \${#words[@]}; i++)); do
  case \${words[i]} in
    -mllvm) i=\$((i + 1)) ;;
    --error-limit=* | --image-base=* | -O* | --eh-frame-hdr) ;;
    *) arguments+=("\${words[i]}") ;;
  esac
done
export LD_LIBRARY_PATH=$gcc/usr/lib/x86_64-linux-gnu
exec $gcc/usr/bin/$mips16-ld --no-warn-mismatch -T $work/bin/no-tables.ld --start-group "\${arguments[@]}" --end-group
WRAPPER
  # Tables for unwinding, which the C library brings: a panic aborts, and nothing else reads them.
  write "$work/bin/no-tables.ld" <<'SCRIPT'
SECTIONS { /DISCARD/ : { *(.eh_frame .gcc_except_table .gcc_except_table.*) } }
INSERT AFTER .data;
SCRIPT
}

# ---- OpenSSL ---------------------------------------------------------------------------------

# What a CWMP agent never speaks is left out; TLS 1.2 and 1.3 with their usual suites stay.
OPENSSL_OPTIONS="no-shared no-module no-tests no-apps no-docs no-comp no-zlib no-dso no-engine no-async no-legacy
 no-ssl3 no-weak-ssl-ciphers no-dtls no-srp no-psk no-cms no-ts no-ct no-cmp no-quic no-srtp no-nextprotoneg
 no-md2 no-md4 no-mdc2 no-rmd160 no-whirlpool no-rc2 no-rc4 no-rc5 no-bf no-cast no-idea no-seed no-camellia
 no-aria no-des no-sm2 no-sm3 no-sm4 no-gost no-ec2m no-dsa no-blake2 no-scrypt no-argon2 no-siphash no-siv
 no-ml-dsa no-ml-kem no-slh-dsa no-lms no-rfc3779 no-multiblock no-http no-ocsp no-ui-console no-autoload-config
 no-filenames no-dh no-cmac no-ocb no-integrity-only-ciphers no-tls-deprecated-ec no-tls1 no-tls1_1 no-padlockeng
 no-dgram no-secure-memory"

# What its default provider offers, by the names of its own tables.
OPENSSL_USED="SHA1 SHA2_224 SHA2_256 SHA2_384 SHA2_512 MD5 MD5_SHA1 HMAC HKDF TLS1_3_KDF TLS1_PRF
 AES_128_ECB AES_256_ECB AES_256_CTR AES_128_CBC AES_256_CBC AES_128_GCM AES_256_GCM ChaCha20_Poly1305
 CTR_DRBG SEED_SRC EC ECDH X25519 ED25519 RSA RSA_PSS
 RSA_SHA1 RSA_SHA224 RSA_SHA256 RSA_SHA384 RSA_SHA512 ECDSA ECDSA_SHA1 ECDSA_SHA224 ECDSA_SHA256 ECDSA_SHA384 ECDSA_SHA512"

# For the program that carries it: roots of certificates and settings are looked for in /etc/ssl,
# as OpenWrt has them.
build_static_openssl() {
  [ -e "$openssl_dir/lib/libssl.a" ] && return
  say "building OpenSSL for $TARGET"
  rm -rf "$work/openssl-$TARGET"
  mkdir -p "$work/openssl-$TARGET"
  (
    cd "$work/openssl-$TARGET"
    # shellcheck disable=SC2086 # the options are words
    CC=$openssl_cc AR=zig-ar RANLIB=zig-ranlib perl ../openssl-client/Configure "$openssl_target" \
      --prefix=/usr --libdir=lib --openssldir=/etc/ssl $OPENSSL_OPTIONS "${openssl_extra[@]}" \
      no-pic -fno-PIC -Os -ffunction-sections -fdata-sections \
      -fno-asynchronous-unwind-tables -fno-unwind-tables >configure.log 2>&1
    make -j"${JOBS:-$(nproc)}" build_libs >make.log 2>&1
    make install_dev DESTDIR="$PWD/new" >>make.log 2>&1
    [ -z "$mips16" ] || add_atomics new/usr/lib/libcrypto.a
    mv new/usr "$openssl_dir"
  ) || die "OpenSSL did not build, see $work/openssl-$TARGET/*.log"
}

# add_atomics LIBRARY: what gcc calls for them in MIPS16, which has none itself.
add_atomics() {
  {
    echo 'void order(void) __asm__("__sync_synchronize"); void order(void) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }'
    local name
    for name in add_and_fetch sub_and_fetch fetch_and_add; do
      printf 'int %s(volatile int *at, int by) __asm__("__sync_%s_4");\n' $name $name
      printf 'int %s(volatile int *at, int by) { return __sync_%s(at, by); }\n' $name $name
    done
  } >atomics.c
  "$openssl_cc" -Os -fno-asynchronous-unwind-tables -c "$PWD/atomics.c" -o atomics.o
  zig-ar r "$1" atomics.o >>make.log 2>&1
}

# For the program that finds it on the box: libraries to link with, not to run with. They have the
# functions that OpenSSL 3.0 has whatever is left out of it, and no other, so that what links runs
# with each OpenSSL 3 that OpenWrt ships; the headers say 3.0 for the same reason.
make_shared_openssl() {
  [ -e "$openssl_dir/lib/libssl.so" ] && return
  local headers=$openssl_dir/include/openssl library
  mkdir -p "$headers" "$openssl_dir/lib"
  printf '#define OPENSSL_VERSION_MAJOR 3\n#define OPENSSL_VERSION_MINOR 0\n#define OPENSSL_VERSION_PATCH 0\n' >"$headers/opensslv.h"
  : >"$headers/opensslconf.h"
  (
    cd "$openssl_dir/lib"
    echo 'OPENSSL_3.0.0 { global: *; };' >versions
    for library in crypto ssl; do
      awk -F'[ \t:]+' '$3 == "3_0_0" && $4 == "EXIST" && $6 ~ /^(DEPRECATEDIN_[0-9_]*|SOCK|STDIO|EC|DH|,)*$/ {
        print "void " $1 "(void) {}" }' "$work/openssl-src/util/lib$library.num" >$library.c
      "$cc" -w -shared -fno-builtin -Wl,-soname,lib$library.so.3 -Wl,--version-script,versions -o lib$library.so $library.c
    done
  ) >&2
}

# ---- cwmpd -----------------------------------------------------------------------------------

# run_cargo COMMAND ARGUMENTS...: cargo for the target.
run_cargo() {
  local lower=${TARGET//-/_} command=$1 flags
  shift
  # 64-bit time_t: the variable is for std's copy of libc, the cfg for the one in Cargo.lock.
  flags="-C link-self-contained=no --cfg=libc_unstable_musl_v1_2"
  flags+=" --remap-path-prefix=$project=cwmpd --remap-path-prefix=$root/usr=/usr"
  flags+=" --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
  # What unwinds (tests do) needs tables for it.
  [ "$command" = test ] || flags+=" -C force-unwind-tables=no"
  case $linkage in
    static) flags+=" -C target-feature=+crt-static -C relocation-model=static" ;;
    # zig links statically with musl unless it is told.
    dynamic) flags+=" -C target-feature=-crt-static -C link-arg=-dynamic" ;;
  esac
  env RUST_LIBC_UNSTABLE_MUSL_V1_2_3=1 RUSTC_BOOTSTRAP=1 RUSTC="$work/bin/rustc" \
    "CARGO_TARGET_${lower^^}_RUSTFLAGS=$flags" "CARGO_TARGET_${lower^^}_LINKER=$work/bin/$linker" \
    "CC_$lower=$work/bin/$cc" "AR_$lower=$work/bin/zig-ar" \
    OPENSSL_DIR="$openssl_dir" OPENSSL_STATIC="$([ $linkage = static ] && echo 1 || echo 0)" \
    "$work/bin/cargo" "$command" -q --locked --target "$TARGET" --target-dir "$cargo_dir" \
    -Z build-std=std,panic_abort -Z build-std-features=optimize_for_size "$@"
}

# Of all variables of musl, std looks at the environment alone. At a fixed address it is the program's,
# and musl's loader makes it musl's; without this, the linker would take it, with each other one that
# the library which zig has to link with names, for one and the same variable.
define_environ() {
  {
    echo 'char **__environ;'
    printf 'extern char **%s __attribute__((weak, alias("__environ")));\n' environ _environ ___environ
  } | "$cc" -Os -x c -c -o "$work/environ-$TARGET.o.$$" -
  mv "$work/environ-$TARGET.o.$$" "$work/environ-$TARGET.o"
}

build_cwmpd() {
  say "building cwmpd for $TARGET, $linkage"
  local flags=()
  # At a fixed address, as a static program is: elsewhere each call and each constant takes an
  # instruction or two more on MIPS, a seventh of the program. Its libraries move all the same.
  case $TARGET:$linkage in
    mips*:dynamic)
      define_environ
      flags=(-C relocation-model=static -C link-arg="$work/environ-$TARGET.o")
      ;;
  esac
  # shellcheck disable=SC2086 # words for cargo
  run_cargo rustc --release -p cwmpd --bin cwmpd ${FEATURES:-} -- "${flags[@]}" >&2
  program=$cargo_dir/cwmpd-$TARGET
  # Another build may do the same now.
  local new=$program.$$
  cp "$cargo_dir/$TARGET/release/cwmpd" "$new"
  [ $linkage = static ] || check_needed "$new"
  shrink "$new"
  # What names them has other bytes in another folder.
  if grep -aqF -e "$work/" -e "$project/src/" "$new"; then die "$new names folders of this machine"; fi
  mv "$new" "$program"
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

# A program with another list would not start on the box, or bring up the wrong C library.
check_needed() {
  local needed versions
  needed=$(readelf -dlW "$1" | sed -nE 's/.*(NEEDED|interpreter:?).*[[ ]([^] []+)\].*/\2/p' | sort | xargs)
  [ "$needed" = "$loader libc.so libcrypto.so.3 libssl.so.3" ] ||
    die "$1 asks for other libraries than a box has: $needed"
  versions=$(readelf -VW "$1" | sed -nE 's/.*Name: (OPENSSL_[0-9.]*).*/\1/p' | sort -u | xargs)
  [ "$versions" = OPENSSL_3.0.0 ] || die "$1 asks for another OpenSSL than 3.0: $versions"
}

# ---- what is asked for -----------------------------------------------------------------------

target_facts() {
  # OpenSSL's MIPS assembler computes wrong digests when lld links it, hence no-asm there; zig's
  # runtime lacks __atomic_is_lock_free, hence BROKEN_CLANG_ATOMICS.
  local mips=(no-asm -DBROKEN_CLANG_ATOMICS)
  openssl_extra=() mips16=''
  case $TARGET in
    mipsel-unknown-linux-musl)
      zig_target=mipsel-linux-musleabi openssl_target=linux-mips32 openssl_extra=("${mips[@]}")
      loader=/lib/ld-musl-mipsel-sf.so.1 mips16=mipsel-linux-gnu
      ;;
    mips-unknown-linux-musl)
      zig_target=mips-linux-musleabi openssl_target=linux-mips32 openssl_extra=("${mips[@]}")
      loader=/lib/ld-musl-mips-sf.so.1 mips16=mips-linux-gnu
      ;;
    armv7-unknown-linux-musleabihf) zig_target=arm-linux-musleabihf openssl_target=linux-armv4 loader=/lib/ld-musl-armhf.so.1 ;;
    aarch64-unknown-linux-musl) zig_target=aarch64-linux-musl openssl_target=linux-aarch64 loader=/lib/ld-musl-aarch64.so.1 ;;
    x86_64-unknown-linux-musl) zig_target=x86_64-linux-musl openssl_target=linux-x86_64 loader=/lib/ld-musl-x86_64.so.1 ;;
    *) die "the target '$TARGET' is not known; known are those that openwrt-package/compile.sh --help names" ;;
  esac
  cc=cc-$TARGET openssl_cc=cc-$TARGET linker=cc-$TARGET
  if [ $linkage = dynamic ]; then mips16=''; fi
  [ -z "$mips16" ] || gcc=$work/gcc-$mips16 openssl_cc=gcc-$TARGET linker=ld-$TARGET
}

TARGET='' linkage=dynamic for_cargo=()
while [ $# -gt 0 ]; do
  case $1 in
    --static) linkage=static ;;
    --cargo)
      shift
      for_cargo=("$@")
      break
      ;;
    -*) sed -n '2,17s/^# \{0,1\}//p' openwrt-package/compile.sh >&2 && exit 2 ;;
    *) TARGET=$1 ;;
  esac
  shift
done
target_facts
openssl_dir=$work/openssl-$TARGET-$linkage
[ $linkage = dynamic ] || openssl_dir=$work/openssl-client-$TARGET
cargo_dir=${CROSS_TARGET_DIR:-$work/target}/$linkage

# One at a time fetches and prepares; programs are built beside each other.
exec 9>"$work/lock"
flock 9
fetch_rust
write_wrappers
fetch_zig
fetch_openssl
write_compiler
[ -z "$mips16" ] || { fetch_gcc && write_gcc; }
case $linkage in
  static) trim_openssl && build_static_openssl ;;
  dynamic) make_shared_openssl ;;
esac
exec 9>&-

if [ ${#for_cargo[@]} -gt 0 ]; then
  run_cargo "${for_cargo[@]}"
else
  build_cwmpd
  echo "$program"
fi
