#!/bin/sh
# Builds OpenWrt's ubusd and `ubus` from folders with the sources of openwrt/ubus and openwrt/libubox,
# as a second opinion for tests/lab/src/ubus/oracle.rs, and prints the folder that they are in:
#
#     CWMPD_UBUS_ORACLE=$(tests/ubus-oracle.sh UBUS LIBUBOX) cargo test -p cwmpd-lab oracle
#
# It needs cmake, a C compiler and libjson-c-dev. Nothing of cwmpd is linked with it or shipped with
# it.
set -eu

ubus=$(cd "$1" && pwd)
libubox=$(cd "$2" && pwd)
cd "$(dirname "$0")/.."
out=$(pwd)/target/ubus-oracle

# build NAME SOURCES OPTION...
build() {
    cmake -S "$2" -B "$out/build/$1" -DBUILD_LUA=OFF -DBUILD_EXAMPLES=OFF \
        -DCMAKE_INSTALL_PREFIX="$out" "$3" "$4" "$5"
    make -C "$out/build/$1" install
}

mkdir -p "$out"
{
    build libubox "$libubox" "-DCMAKE_PREFIX_PATH=$out" "-DCMAKE_INSTALL_LIBDIR=lib" -Wno-dev
    export LDFLAGS="-L$out/lib" CFLAGS="-I$out/include"
    build ubus "$ubus" "-DCMAKE_PREFIX_PATH=$out" "-DCMAKE_INSTALL_RPATH=$out/lib" -Wno-dev
} > "$out/log" 2>&1 || {
    tail -n 20 "$out/log" >&2
    exit 1
}
echo "$out"
