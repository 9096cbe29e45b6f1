#!/bin/sh
# Builds the `uci` program of OpenWrt from the sources that the crate libuci-sys carries, as a
# second opinion for tests/device/uci_oracle.rs, and prints its path:
#
#     CWMPD_UCI_ORACLE=$(tests/uci-oracle.sh) cargo test --test device uci_oracle
#
# It needs cargo and a C compiler. The sources are LGPL-2.1 and GPL-2.0; nothing of cwmpd is linked
# with them or shipped with them.
set -eu

VERSION=1.0.5
cd "$(dirname "$0")/.."
out=$(pwd)/target/uci-oracle
if [ -x "$out/uci" ]; then
    echo "$out/uci"
    exit 0
fi

mkdir -p "$out/src"
cat > "$out/Cargo.toml" <<MANIFEST
[package]
name = "uci-oracle"
version = "0.0.0"
edition = "2021"

[dependencies]
libuci-sys = "=$VERSION"

[workspace]
MANIFEST
: > "$out/src/lib.rs"
manifest=$(cd "$out" && cargo metadata --format-version 1 |
    sed -n 's|.*"manifest_path":"\([^"]*/libuci-sys-[^"/]*/Cargo.toml\)".*|\1|p')
sources=$(dirname "$manifest")

# A copy, with the header that cmake would have made, and libubox under its own name.
rm -rf "$out/build"
mkdir -p "$out/build/include"
cp -r "$sources/uci" "$sources/libubox" "$out/build/"
ln -s ../libubox "$out/build/include/libubox"
: > "$out/build/uci/uci_config.h"
cd "$out/build/uci"
${CC:-cc} -std=gnu99 -O1 -w -DUCI_PREFIX='""' -I . -I ../include -o "$out/uci.new" \
    cli.c libuci.c file.c util.c delta.c parse.c blob.c ../libubox/blob.c ../libubox/blobmsg.c
mv "$out/uci.new" "$out/uci"
echo "$out/uci"
