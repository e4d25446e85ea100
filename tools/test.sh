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

tests=(cargo test --release --workspace --all-features)
if [ $# -gt 0 ]; then
  "${tests[@]}" "$@"
  exit
fi

# Each test target of a folder, as arguments of cargo.
targets_in() {
  local file
  for file in "$@"; do
    [ -f "$file" ] || continue
    [ "$(basename "$file")" != main.rs ] || file=$(dirname "$file")
    printf -- '--test\n%s\n' "$(basename "$file" .rs)"
  done
}

# What does not keep all processors busy runs beside the rest, and is shown when that has ended.
logs=$(mktemp -d)
beside=()
trap 'kill "${beside[@]}" 2>/dev/null || true; rm -rf "$logs"' EXIT
begin() { "${@:2}" >"$logs/$1" 2>&1 & beside+=($!); }
end() {
  local code=0
  wait "$2" || code=$?
  cat "$logs/$1"
  [ "$code" -eq 0 ] || { echo "failed: $1"; exit "$code"; }
}

begin miri tools/miri.sh
"${tests[@]}" --no-run
crates=$(targets_in {codegen,macros,runtime,train}/tests/*.rs {codegen,macros,runtime,train}/tests/*/main.rs)
whole=$(targets_in tests/*.rs tests/*/main.rs)
# shellcheck disable=SC2086 # one word for each argument
begin crates "${tests[@]}" --lib --bins $crates
# shellcheck disable=SC2086
"${tests[@]}" $whole
end miri "${beside[0]}"
end crates "${beside[1]}"
"${tests[@]}" --doc
# Figures of the models that are there, against those expected; of what the tests are built of, so that nothing is built again.
cargo bench --workspace --all-features --bench figures
