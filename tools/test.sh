#!/usr/bin/env bash
# Runs every test of the project, after installing what they need where that can be done:
# Rust targets and Miri through rustup, QEMU through apt-get. What cannot be installed is skipped, and said so.
#
#   tools/test.sh [FILTER ...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

targets=(
  thumbv6m-none-eabi thumbv7m-none-eabi thumbv7em-none-eabihf thumbv8m.main-none-eabihf
  riscv32imc-unknown-none-elf riscv32imac-unknown-none-elf
)
skipped=()

has_target() { ls "$(rustc --print target-libdir --target "$1" 2>/dev/null)"/libcore-*.rlib >/dev/null 2>&1; }
for target in "${targets[@]}"; do
  has_target "$target" && continue
  if command -v rustup >/dev/null; then rustup target add "$target" || true; fi
  has_target "$target" || skipped+=("tests on $target: install it with: rustup target add $target")
done

has_qemu() { command -v qemu-system-arm >/dev/null && command -v qemu-system-riscv32 >/dev/null; }
if ! has_qemu && command -v apt-get >/dev/null; then
  root=(); [ "$(id -u)" = 0 ] || { command -v sudo >/dev/null && root=(sudo -n); }
  export DEBIAN_FRONTEND=noninteractive
  packages=(qemu-system-arm qemu-system-misc)
  "${root[@]}" apt-get update -qq || true
  "${root[@]}" apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null || {
    # A backported qemu-utils breaks the release's emulators; one version for all of them works.
    version=$(apt-cache policy qemu-system-arm | awk '/Candidate:/ {print $2}')
    "${root[@]}" apt-get install -y -qq --no-install-recommends --allow-downgrades \
      "qemu-system-arm=$version" "qemu-system-misc=$version" "qemu-utils=$version" >/dev/null || true
  }
fi
has_qemu || skipped+=("tests on emulated cores: install QEMU with: apt-get install qemu-system-arm qemu-system-misc")

for what in ${skipped[@]+"${skipped[@]}"}; do echo "skipped: $what"; done
# The firmware examples share their dependencies with the test of `tinybake new`, which builds such projects anew.
mkdir -p "${CARGO_TARGET_DIR:-target}/firmware"
firmware=$(cd "${CARGO_TARGET_DIR:-target}/firmware" && pwd)
for example in examples/firmware/*/; do
  target=$(sed -n 's/^target = "\(.*\)"/\1/p' "$example/.cargo/config.toml")
  if ! has_target "$target"; then
    echo "skipped: $example: the target $target is missing"
  elif ! (cd "$example" && { cargo fetch --locked --offline --target "$target" 2>/dev/null || cargo fetch --locked --target "$target"; }); then
    echo "skipped: $example: its crates cannot be fetched"
  else
    (cd "$example" && CARGO_TARGET_DIR=$firmware cargo build --release --locked)
  fi
done
[ $# -gt 0 ] || tools/miri.sh
cargo test --release --workspace --all-features "$@"
# Figures of the models that are there, against those expected.
[ $# -gt 0 ] || cargo bench --bench figures
