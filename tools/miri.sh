#!/usr/bin/env bash
# Interprets the runtime's tests with Miri, which finds undefined behaviour in what hosts run: the portable twins of all
# kernels, and the few casts in runtime/src/arch. Needs a nightly toolchain with Miri, which is installed through rustup
# where that can be done, and is skipped, and said so, where not.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

has_miri() { cargo +nightly miri --version >/dev/null 2>&1; }
if ! has_miri && command -v rustup >/dev/null; then
  rustup toolchain install nightly --profile minimal --component miri --component rust-src >/dev/null 2>&1 || true
fi
if ! has_miri; then
  echo "skipped: Miri: install it with: rustup toolchain install nightly --component miri"
  exit 0
fi
cargo +nightly miri test -p tinybake-runtime --all-features --target-dir "${CARGO_TARGET_DIR:-target}/miri" "$@"
