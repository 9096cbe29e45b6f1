#!/bin/bash
# Shows what cwmpd does: builds it, starts it in a box with a Z-Wave home, lets two ACSs manage it,
# and prints the conversation. Everything is on loopback and in a folder of its own that goes
# afterwards. Ends with one line and exit code 0 if all went as expected.
#
#   tests/demo.sh           the whole story, about 20 seconds after the build
#   tests/demo.sh --stay    keeps everything up afterwards and prints how to poke at it
set -euo pipefail
cd "$(dirname "$0")/.."

case "${1:-}" in
  '' | --stay) ;;
  *) sed -n '2,7s/^# \{0,1\}//p' tests/demo.sh && exit 2 ;;
esac

tests/setup.sh build
target=${CARGO_TARGET_DIR:-target}
echo "building cwmpd as it is shipped, and the world around it (a few minutes the first time)" >&2
program=$(tests/release.sh "$target")
cargo build -q --locked -p cwmpd-lab --bin demo
exec "$target/debug/demo" "$@" "$program"
