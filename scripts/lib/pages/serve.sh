# Sourced by check-pages and page-pictures: a demo that serves its pages, and what Node needs.
# Sets BASE, the address, and FOLDER, where the Node modules and programs lie; ends the demo with
# the script.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)"
for tool in node npm "${CHROMIUM:-chromium}"; do
  command -v "$tool" >/dev/null || { echo "$tool is missing: Debian's packages chromium, nodejs and npm bring all three" >&2; exit 69; }
done
CHROMIUM="$(command -v "${CHROMIUM:-chromium}")"
export CHROMIUM
program="${CLOSECALL:-$root/target/debug/closecall}"
[ -n "${CLOSECALL:-}" ] || cargo build --locked --quiet --manifest-path "$root/Cargo.toml"

# The modules are kept beside other tools, not in the checkout; their versions are pinned.
FOLDER="${XDG_CACHE_HOME:-$HOME/.cache}/closecall/pages"
mkdir -p "$FOLDER"
cp "$root"/scripts/lib/pages/{package.json,package-lock.json,*.mjs} "$FOLDER"
(cd "$FOLDER" && npm ci --silent --ignore-scripts --no-audit --no-fund)

data="$(mktemp -d)"
: >"$data/out" 2>"$data/err"
"$program" demo --json --data-dir "$data" --set http.listen=127.0.0.1:0 "$@" >"$data/out" 2>"$data/err" &
demo=$!
trap 'kill "$demo" 2>/dev/null || true; wait "$demo" 2>/dev/null || true; rm -rf "$data"' EXIT
for _ in $(seq 240); do
  BASE="$(sed -n 's/^page: \([^ ]*\).*/\1/p' "$data/err")"
  [ -n "$BASE" ] && break
  kill -0 "$demo" 2>/dev/null || { cat "$data/err" >&2; exit 1; }
  sleep 0.25
done
