# Sourced by setup and package: whether Debian's security updates are in what ends in the binaries.

# Debian's packages of which something ends in the binaries, or whose source we build. scripts/packaging/contents.py
# refuses a build with anything of another package in it.
linked_packages() {
    printf '%s\n' ca-certificates libc-ares-dev libc6-dev libcurl4-openssl-dev "libgcc-$(gcc -dumpversion)-dev" \
        libsqlite3-dev libssl-dev
}

# When somebody last asked the mirrors what is new.
updates_stamp=$cache/apt/updated

updates_are_known() { [[ -n $(find "$updates_stamp" -newermt "-$1 days" 2>/dev/null) ]]; }

# Those of which apt knows a newer version: name, what is installed, what there is.
outdated_packages() {
    linked_packages | LC_ALL=C xargs apt-cache policy | awk '
        /^[^ ]/ { name = $1; sub(/:$/, "", name) }
        /^  Installed:/ { installed = $2 }
        /^  Candidate:/ && installed != "(none)" && $2 != installed { print name, installed, $2 }'
}

# package's part: what is not up to date is not shipped unasked.
check_updates() {
    local problem
    problem=$(outdated_packages | awk '{ printf "%s%s is %s, and Debian has %s", comma, $1, $2, $3; comma = "; " }')
    if [[ -z $problem ]] && ! updates_are_known 7; then
        problem="nobody has asked Debian's mirrors for security updates for a week"
    fi
    [[ -n $problem ]] || return 0
    [[ $1 == allowed ]] || fail "$problem: run scripts/setup, or say --allow-outdated"
    say "not up to date, as was allowed: $problem"
}
