#!/bin/bash
# Prints what cwmpd costs, one line a figure: `key value unit`. Measured on the program as it is
# shipped, through real sockets, with the kernel's own accounting of CPU time and memory.
#
#   tests/bench.sh [PART...]           all figures, about 6 minutes after the build, or those of parts:
#                                      box model floods udp luup follow ubus transfers idle stun soak size
#   tests/bench.sh --quick [PART...]   the same from fewer sessions; the soak has 300 of them
set -euo pipefail
cd "$(dirname "$0")/.."

quick=()
case "${1:-}" in
  --quick) quick=("$1") && shift ;;
  -*) sed -n '2,7s/^# \{0,1\}//p' tests/bench.sh && exit 2 ;;
esac

target=${CARGO_TARGET_DIR:-target}
program=$(tests/release.sh "$target")
# Unwinding, so that what it started ends with it also when a figure cannot be had.
CARGO_PROFILE_RELEASE_PANIC=unwind CARGO_PROFILE_RELEASE_LTO=off \
  cargo build -q --locked --release -p cwmpd-lab --bin bench

# The floor: a program that is linked with the same OpenSSL, touches it and waits.
cc -O2 -x c -o "$target/openssl-floor" - -lssl -lcrypto <<'FLOOR'
#include <openssl/ssl.h>
#include <unistd.h>
int main(void) {
    char byte;
    SSL_alert_type_string(0);
    OpenSSL_version_num();
    return (int)read(0, &byte, 1);
}
FLOOR
exec "$target/release/bench" "${quick[@]}" "$program" "$target/openssl-floor" "$@"
