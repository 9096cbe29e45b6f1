#!/bin/bash
# Checks that cwmpd builds with the oldest compiler it promises, `rust-version` in Cargo.toml: that
# is Debian 12's rustc-web, unpacked into target/msrv, not installed.
#
#   tests/msrv.sh    exit code 77 where Debian's package lists do not offer that version
set -euo pipefail
cd "$(dirname "$0")/.."

VERSION=1.85.0+dfsg3-1~deb12u3
work=$PWD/target/msrv
packages=("rustc-web=$VERSION" "libstd-rust-web-1.85=$VERSION" "libstd-rust-web-dev=$VERSION" libllvm19)

unpack() {
  [ -e "$work/rustc" ] && return
  mkdir -p "$work/debs" "$work/root"
  (cd "$work/debs" && apt-get download -qq "${packages[@]}" >&2) || {
    echo "skipped: apt-get does not offer ${packages[*]}"
    exit 77
  }
  local deb
  for deb in "$work"/debs/*.deb; do dpkg-deb -x "$deb" "$work/root"; done
  rm -r "$work/debs"
  printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s "$@"\n' \
    "'$(dirname "$(find "$work/root" -name 'libLLVM*19*.so*' -print -quit)")'" \
    "'$work/root/usr/bin/rustc'" >"$work/rustc"
  chmod +x "$work/rustc"
}

unpack
"$work/rustc" --version
RUSTC=$work/rustc CARGO_TARGET_DIR=$work/target cargo check --locked -p cwmpd
