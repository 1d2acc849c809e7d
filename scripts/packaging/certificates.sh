# Sourced by package: the trust store that goes beside a binary.

# The authorities that Debian's ca-certificates ships, and no others: what the machine trusts besides, its owner's
# authorities in /usr/local/share/ca-certificates or /etc/ca-certificates.conf, is no business of those who are served.
packaged_authorities() {
    local listed files changed diverted
    listed=$(LC_ALL=C dpkg-query -L ca-certificates 2>/dev/null) || true
    files=$(grep '^/usr/share/ca-certificates/.*[.]crt$' <<<"$listed") ||
        fail "ca-certificates is not installed: run scripts/setup"
    # Where a file is diverted another lies in its place, and dpkg verifies the one that was moved away.
    diverted=$(grep 'divert.* to: /usr/share/ca-certificates/' <<<"$listed" | sed 's/.* to: //') || true
    [[ -z $diverted ]] ||
        fail "not where ca-certificates brought it (dpkg-divert --remove): ${diverted//$'\n'/, }"
    changed=$(dpkg --verify ca-certificates | grep -o '/usr/share/ca-certificates/.*' || true)
    [[ -z $changed ]] ||
        fail "not as ca-certificates brought it (apt-get install --reinstall ca-certificates): ${changed//$'\n'/, }"
    printf '%s\n' "$files"
}

# Real files and no links, under the names that OpenSSL looks for: a zip keeps no links.
collect_certificates() {
    local directory=$1 files file count=0 link
    files=$(packaged_authorities | LC_ALL=C sort)
    rm -rf "$directory"
    mkdir -p "$directory"
    while read -r file; do
        # DPKG_ROOT is dpkg's own: where the system is that it looks at.
        install -m 644 "${DPKG_ROOT:-}$file" "$directory/$((++count)).pem"
    done <<<"$files"
    openssl rehash "$directory"
    for link in "$directory"/*.[0-9]; do mv "$(readlink -f "$link")" "$link.real" && mv "$link.real" "$link"; done
    # What has no name is an authority twice.
    rm -f "$directory"/*.pem
}
