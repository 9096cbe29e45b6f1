#!/bin/bash
# Deliberate breakages of the code, listed in tests/mutants/: that each still applies, and that a
# test notices it.
#
#   tests/mutants.sh                   whether each applies to the code as it is
#   tests/mutants.sh --run [NAME...]   breaks a copy of the project in each way, one at a time, builds
#                                      the test program named for it and runs the tests named, which
#                                      must fail; NAME: only those whose names begin so
set -euo pipefail
cd "$(dirname "$0")/.."

case "${1:-}" in
  '') exec cargo test --locked --test house mutant ;;
  --run) shift ;;
  *) sed -n '2,9s/^# \{0,1\}//p' tests/mutants.sh && exit 2 ;;
esac

export CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_TEST_DEBUG=0 CARGO_TERM_COLOR=never
export CWMPD_SHARED=${CWMPD_SHARED:-$PWD/../shared}
target=${CARGO_TARGET_DIR:-target}
cargo build -q --locked -p cwmpd-lab --bin mutants
target=$(cd "$target" && pwd)
tree=$target/mutants/tree

# With the times of the files, so that what did not change is not built again.
rm -rf "$tree"
mkdir -p "$tree"
git ls-files -z -co --exclude-standard | tar -c --null --ignore-failed-read -T - | tar -x -C "$tree"

export CARGO_TARGET_DIR=$target/mutants/build
"$target/debug/mutants" "$tree" "$@"
