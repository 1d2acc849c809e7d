# Sourced by setup: Debian's packages of another processor, unpacked in a directory of their own. The machine gets no
# foreign architecture, and no root is needed.

# Ubuntu has other processors' packages elsewhere.
update_sysroot_lists() {
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$sysroot/var/lib/dpkg"
    touch "$sysroot/var/lib/dpkg/status"
    mirror_entries deb "arch=$debian" >"$apt/sources.list"
    if [[ $debian != amd64 ]]; then
        sed -i 's|http[^ ]*\.ubuntu\.com/ubuntu/* |http://ports.ubuntu.com/ubuntu-ports |' "$apt/sources.list"
    fi
    target_apt apt-get -q update >&2
}

# Some packages want others that nothing here links, and their scripts are for a system that runs.
make_sysroot() {
    local linked downloaded=$apt/downloaded
    mapfile -t linked < <(linked_packages)
    say "$1 Debian's packages for $architecture: unpacking them in $sysroot"
    rm -rf "$sysroot" "$downloaded"
    mkdir -p "$downloaded" "$sysroot/var/lib/dpkg/info" "$sysroot/var/lib/dpkg/updates"
    touch "$sysroot/var/lib/dpkg/status" "$sysroot/var/lib/dpkg/available"
    (cd "$downloaded" && target_apt apt-get -q download "${linked[@]}" linux-libc-dev >&2)
    dpkg --root="$sysroot" --log=/dev/null --force-architecture --force-depends --force-not-root --force-bad-path \
        --unpack "$downloaded"/*.deb >"$cache/sysroot.log" 2>&1 || { tail "$cache/sysroot.log" >&2; fail "see $cache/sysroot.log"; }
    rm -r "$downloaded"
    touch "$sysroot/complete"
}
