# Sourced by setup and package: Debian's source packages. apt takes them from the machine's own mirrors, with lists of its
# own, so that nothing in /etc/apt has to change and no root is needed.

keyrings=/usr/share/keyrings

# source_apt PROGRAM ARGUMENT..
source_apt() {
    local program=$1
    shift
    "$program" -q -o "Dir::Etc::SourceList=$cache/apt/sources.list" -o Dir::Etc::SourceParts=- \
        -o "Dir::State::Lists=$cache/apt/lists" -o "Dir::Cache=$cache/apt/cache" -o APT::Sandbox::User= "$@"
}

# mirror_entries TYPE OPTIONS: the machine's mirrors, as a sources.list has them.
mirror_entries() {
    apt-get indextargets --format '$(ORIGIN)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)' 'Created-By: Packages' |
        awk -F'|' -v type="$1" -v options="${2:+$2 }" -v keyrings="$keyrings" '
            BEGIN { keyring["Debian"] = "debian-archive-keyring.gpg"; keyring["Ubuntu"] = "ubuntu-archive-keyring.gpg" }
            $1 in keyring { print type, "[" options "signed-by=" keyrings "/" keyring[$1] "]", $2, $3, $4 }' |
        sort -u
}

# Debian 12's and Ubuntu 24.04's OpenSSL is past its end of life upstream; Debian 13's is supported until 2030.
openssl_entries() {
    case $system in
        debian12) mirror_entries deb-src | sed 's/ bookworm/ trixie/' ;;
        debian13) ;;
        *)
            local debian="deb-src [signed-by=$keyrings/debian-archive-keyring.gpg] http://deb.debian.org"
            printf '%s\n' "$debian/debian trixie main" "$debian/debian-security trixie-security main"
            ;;
    esac
}

update_source_lists() {
    mkdir -p "$cache/apt/lists/partial" "$cache/apt/cache/archives/partial"
    mirror_entries deb-src >"$cache/apt/sources.list"
    [[ -s $cache/apt/sources.list ]] || fail "apt knows no mirror: run apt-get update, or check /etc/apt/sources.list"
    openssl_entries >>"$cache/apt/sources.list"
    source_apt apt-get update >&2
}

# Those that the mirrors list, the newest first: `8.14.1-2+deb13u7`.
source_versions() { source_apt apt-cache showsrc "$1" 2>/dev/null | sed -n 's/^Version: //p' | sort -ruV; }

# Those of the line that is supported for long.
openssl_versions() { source_versions openssl | sed -n '/^3\.5\./p'; }

# Unpacks a source package, with the distribution's patches applied, into $sources/tree.
fetch_source() {
    rm -rf "$sources"
    mkdir -p "$sources"
    # The description first: where the mirrors do not have it, nothing large has been fetched for nothing.
    (cd "$sources" && source_apt apt-get source --download-only --dsc-only "$1=$2" >&2 &&
        source_apt apt-get source --download-only "$1=$2" >&2) &&
        dpkg-source --no-check -x "$sources"/*.dsc "$sources/tree" >&2
}
