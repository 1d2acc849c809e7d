# Sourced by setup: which system this is, and what the tests and builds need there.

# system_of OS_RELEASE
system_of() {
    local name version
    name=$(sed -n 's/^ID="\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' "$1" 2>/dev/null) || true
    version=$(sed -n 's/^VERSION_ID="\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' "$1" 2>/dev/null) || true
    case $name$version in
        debian12 | debian13 | ubuntu24.04) printf '%s\n' "$name$version" ;;
        *)
            fail "this is ${name:-an unknown system}${version:+ $version}, and Debian 12, Debian 13 or Ubuntu 24.04 is needed:" \
                "scripts/in-container runs the scripts in a container that has it"
            ;;
    esac
}

# packages_of SYSTEM
packages_of() {
    printf '%s\n' build-essential ca-certificates curl dpkg-dev openssl pkg-config python3-venv unzip zip
    printf '%s\n' libc-ares-dev libcurl4-openssl-dev libsqlite3-dev libssl-dev
    printf '%s\n' libyaml-dev # template.yaml, for the local gateway
    printf '%s\n' tcl # SQLite's own build needs it
    printf '%s\n' advancecomp # packs zips better
    printf '%s\n' valgrind # counts instructions, in the tests
    printf '%s\n' strace # kills functions at every step, in the tests
    printf '%s\n' wrk slowhttptest # load and attacks for the HTTP server, in the tests
    case $1 in
        # The page, in the tests.
        debian*) printf '%s\n' chromium chromium-driver fonts-dejavu-core ;;
        # Its browsers are snaps. For OpenSSL's source there are Debian's keys.
        ubuntu*) printf '%s\n' debian-archive-keyring fonts-dejavu-core ;;
    esac
}
