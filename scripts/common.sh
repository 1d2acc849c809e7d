# Sourced by the other scripts: where things are, and how progress is said.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/partner-functions
functions=(token-relay user-opt-in reward-grant)

say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# The minimal static libcurl that scripts/setup built last: include/ and lib/ below it.
curl_prefix() {
    [[ -e $cache/curl/current/lib/libcurl.a ]] || fail "libcurl is not built yet: run scripts/setup"
    readlink -f "$cache/curl/current"
}
