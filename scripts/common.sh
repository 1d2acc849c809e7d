# Sourced by the other scripts: where things are, and how progress is said.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/partner-functions
functions_of_ownli=(token-relay user-opt-in reward-grant)
functions_of_ownerrez=(ownerrez-connect ownerrez-webhook ownerrez-api)
functions=("${functions_of_ownli[@]}" "${functions_of_ownerrez[@]}")
# What scripts/package builds: the operator's tool is shipped as they are.
shipped=("${functions[@]}" partner-admin)
# This machine's processor, as AWS calls it.
case $HOSTTYPE in aarch64) machine=arm64 ;; *) machine=$HOSTTYPE ;; esac
# What scripts/package built for it.
packaged=$root/dist/$machine
# For swift build, in what is tested.
checked=(-Xswiftc -warnings-as-errors -Xcc -Werror)

say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# `--help` of a script is the comment that it begins with.
heading() { sed -n '2,/^source/{/^source/d; s/^# \{0,1\}//; p;}' "$0"; }
tell_help() { if [[ ${1:-} == --help ]]; then heading; exit; fi; }

# Of `--only PARTNER`: leaves that one's functions alone.
keep_functions_of() {
    case $1 in
        ownli) functions=("${functions_of_ownli[@]}") ;;
        ownerrez) functions=("${functions_of_ownerrez[@]}") ;;
        *) fail "--only wants ownli or ownerrez" ;;
    esac
}

# A binary for another processor would only be noticed at its first start: check_processor ARCHITECTURE FUNCTION..
check_processor() {
    local architecture=$1 name processor
    for name in "${@:2}"; do
        processor=$(readelf --file-header "$root/dist/$architecture/$name/bootstrap" | sed -n 's/^ *Machine: *//p')
        case $processor/$architecture in
            *X86-64/x86_64 | AArch64/arm64) ;;
            *) fail "dist/$architecture/$name/bootstrap is for $processor, not for $architecture" ;;
        esac
    done
}

# A virtual environment with what the acceptance tests need.
acceptance_python() { python_environment "$root/Tests/Acceptance/requirements.txt"; }

# The Python of a virtual environment with what a file requires, made once per version of that.
python_environment() {
    local requirements=$1 environment
    environment=$cache/venv/$( (python3 --version; cat "$requirements") | sha256sum | cut -c1-16)
    if [[ ! -e $environment/ready ]]; then
        say "making a Python environment, once"
        # Within $(..), where this is called, bash goes on after what fails.
        if ! { rm -rf "$environment" && python3 -m venv "$environment" >&2 &&
            "$environment/bin/pip" install --quiet --requirement "$requirements" >&2; }; then
            fail "the Python environment could not be made"
        fi
        touch "$environment/ready"
    fi
    printf '%s\n' "$environment/bin/python"
}

# Starts AWS's and Google's doubles, which the unit tests find by the environment. The stores' conformance suite runs over
# DynamoDB and Firestore too: moto stands in for the one, signatures checked; the other's double is our own.
start_doubles() {
    local python line
    python=$(acceptance_python)
    coproc double { exec "$python" "$root/Tests/Acceptance/doubles.py"; }
    while read -r line <&"${double[0]}" && [[ -n $line ]]; do export "${line?}"; done
    [[ -n ${AWS_ENDPOINT_URL:-} && -n ${GCE_METADATA_HOST:-} ]] || fail "the doubles did not start"
}

# The build that the sandbox is taken from; a benchmark wants the other one.
sandbox_build=debug

# Starts the sandbox on a free port and waits for it: sets sandbox_url, and sandbox_pid for the one who stops it.
start_sandbox() {
    local log
    log=$(mktemp)
    "$root/.build/$sandbox_build/partner-dev" sandbox --port 0 "$@" >"$log" 2>&1 &
    sandbox_pid=$!
    trap 'kill "$sandbox_pid" 2>/dev/null || true' EXIT
    for _ in $(seq 100); do
        sandbox_url=$(sed -n 's/^sandbox: //p' "$log")
        [[ -n $sandbox_url ]] && break
        kill -0 "$sandbox_pid" 2>/dev/null || fail "the sandbox did not start: $(cat "$log")"
        sleep 0.1
    done
    [[ -n $sandbox_url ]] || fail "the sandbox did not start in 10 s"
    rm -f "$log"
}

# Settings for the sandbox: of both partners, or of the one that is named (ownli or ownerrez).
sandbox_settings() {
    IDENTIFIER_HASH_KEY=$(openssl rand -base64 32)
    export IDENTIFIER_HASH_KEY
    [[ ${1:-} == ownerrez ]] || ownli_sandbox_settings
    [[ ${1:-} == ownli ]] || ownerrez_sandbox_settings
}

ownli_sandbox_settings() {
    export OWNLI_BASE_URL=$sandbox_url
    export OWNLI_CLIENT_ID=sandbox-client OWNLI_CLIENT_SECRET=sandbox-secret OWNLI_PARTNER_ID=sandbox-partner
    export OWNLI_TERMS_URL=https://partner.example/ownli-terms OWNLI_TERMS_VERSION=2026-01
    export REWARD_ALLOWED_CALLERS=arn:aws:iam::123456789012:role/rewards-backend
    RECEIPT_SIGNING_KEY=$(openssl rand -base64 32)
    export RECEIPT_SIGNING_KEY CONSENT_CONTROLLER="Sandbox partner"
}

ownerrez_sandbox_settings() {
    export OWNERREZ_CLIENT_ID=c_sandbox OWNERREZ_CLIENT_SECRET=s_sandbox OWNERREZ_API_URL=$sandbox_url
    export OWNERREZ_AUTHORIZE_URL=$sandbox_url/oauth/authorize
    export OWNERREZ_REDIRECT_URI=http://127.0.0.1:8080/oauth/ownerrez/callback APP_URL=http://127.0.0.1:8080
    export OWNERREZ_WEBHOOK_USER=ownerrez OWNERREZ_WEBHOOK_PASSWORD=sandbox-webhook-password
    export OWNERREZ_ALLOWED_CALLERS=arn:aws:iam::123456789012:role/bookings-backend
    TOKEN_ENCRYPTION_KEYS=sandbox:$(openssl rand -base64 32)
    export TOKEN_ENCRYPTION_KEYS
}
