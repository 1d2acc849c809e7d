# Sourced by setup and package, after target.sh and sources.sh: whether security updates are in what ends in the binaries.

# Debian's packages of which something ends in the binaries, or whose source we build in their version, beside OpenSSL and
# ca-certificates. scripts/packaging/contents.py refuses a build with anything of another package in it.
linked_packages() {
    printf '%s\n' libc-ares-dev libc6-dev libcurl4-openssl-dev "libgcc-$(gcc -dumpversion)-dev" libsqlite3-dev
}

# When somebody last asked the mirrors what is new.
updates_are_known() { [[ -n $(find "$apt/updated" -newermt "-$1 days" 2>/dev/null) ]]; }

# Those of which apt knows a newer version: name, what is installed, what there is.
outdated_packages() {
    local linked
    mapfile -t linked < <(linked_packages)
    (export LC_ALL=C && apt-cache policy ca-certificates && target_apt apt-cache policy "${linked[@]}") | awk '
        /^[^ ]/ { name = $1; sub(/:$/, "", name) }
        /^  Installed:/ { installed = $2 }
        /^  Candidate:/ && installed != "(none)" && $2 != installed { print name, installed, $2 }'
}

# The same of what scripts/setup has built, of a source that the mirrors had: of OpenSSL, which no package on this machine
# goes with, the newest counts that they list, and of the others the package's.
outdated_libraries() {
    local name built newest
    for name in openssl curl sqlite3; do
        built=$(basename "$(built_library "$name")")
        case $name in
            openssl) newest=$(openssl_versions | head -n 1) ;;
            curl) newest=$(target_package '${source:Version}' libcurl4-openssl-dev) ;;
            sqlite3) newest=$(target_package '${source:Version}' libsqlite3-dev) ;;
        esac
        if [[ -n $newest ]] && dpkg --compare-versions "${built%-*}" lt "$newest"; then
            printf '%s %s %s\n' "$name" "${built%-*}" "$newest"
        fi
    done
}

# package's part: what is not up to date is not shipped unasked.
check_updates() {
    local problem
    problem=$({ outdated_packages; outdated_libraries; } |
        awk '{ printf "%s%s is %s, and Debian has %s", comma, $1, $2, $3; comma = "; " }')
    if [[ -z $problem ]] && ! updates_are_known 7; then
        problem="nobody has asked Debian's mirrors for security updates for a week"
    fi
    [[ -n $problem ]] || return 0
    [[ $1 == allowed ]] || fail "$problem: run scripts/setup, or say --allow-outdated"
    say "not up to date, as was allowed: $problem"
}
