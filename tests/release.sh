#!/bin/bash
# Builds cwmpd as it is shipped for this machine and prints where the program is.
#
#   tests/release.sh [TARGET_DIR]   TARGET_DIR=target
#
# To Cargo.toml's release profile it adds what only the linker can do, a fifth of the size. Needs
# glibc 2.36 or musl 1.2.4 at run time.
set -euo pipefail
cd "$(dirname "$0")/.."

case "${1:-}" in
  -*) sed -n '2,7s/^# \{0,1\}//p' tests/release.sh && exit 2 ;;
esac

target=${1:-${CARGO_TARGET_DIR:-target}}
host=$(rustc -vV | sed -n 's/^host: //p')
mkdir -p "$target"
target=$(cd "$target" && pwd)

# Tables for unwinding, which std brings: a panic aborts, and nothing else reads them.
cat >"$target/release.ld" <<'SCRIPT'
SECTIONS {
  /DISCARD/ : { *(.eh_frame .eh_frame_hdr .gcc_except_table .gcc_except_table.*) }
}
INSERT AFTER .data;
SCRIPT

flags=(
  "-Clink-arg=-Wl,-T,$target/release.ld"
  "-Clink-arg=-Wl,--no-eh-frame-hdr"
  # A bit instead of 24 bytes for each address that the loader has to adjust.
  "-Clink-arg=-Wl,-z,pack-relative-relocs"
)
# One copy of functions that are the same, where the linker can (rustc brings lld since 1.90).
fold=-Clink-arg=-Wl,--icf=all
if echo 'fn main() {}' | rustc - -o "$target/release.probe" "$fold" 2>/dev/null; then
  flags+=("$fold")
fi
# With --target, the flags are not for build scripts.
CARGO_ENCODED_RUSTFLAGS=$(IFS=$'\x1f' && echo "${flags[*]}") \
  cargo build -q --locked --release -p cwmpd --target "$host" --target-dir "$target" >&2
echo "$target/$host/release/cwmpd"
