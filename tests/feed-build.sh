#!/bin/bash
# Builds cwmpd and the tests of the running agent as a build of OpenWrt does, whose feed of Rust
# packages has a release profile of its own (lang/rust/rust-values.mk): it unwinds where ours aborts,
# and checks for overflow. Then runs those tests that such a build may fail.
#
#   tests/feed-build.sh [TEST...]   which tests, by a part of their names; all: ''
set -euo pipefail
cd "$(dirname "$0")/.."

export CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1 CARGO_PROFILE_RELEASE_DEBUG=false \
  CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS=false CARGO_PROFILE_RELEASE_LTO=true \
  CARGO_PROFILE_RELEASE_OPT_LEVEL=z CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS=true \
  CARGO_PROFILE_RELEASE_PANIC=unwind CARGO_PROFILE_RELEASE_RPATH=false
export RUSTFLAGS='-Ctarget-feature=-crt-static'

if [ $# = 0 ]; then
  # Jobs that panic, overflow and hang; the life of the program; sessions of every kind.
  set -- b13_ f01_ life:: sessions:: values:: orders:: luup::
fi
target=${CARGO_TARGET_DIR:-target}/feed
cargo test --locked --release --target-dir "$target" --test agent -- "$@"
