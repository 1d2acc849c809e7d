# Sourced by setup, package and coverage: where the toolchain is, the processor that is built for, and what belongs to it.

# Where a manager of toolchains is (swiftly), `swift` is a link to that: Swift itself says where it lies, once it runs.
toolchain() {
    swift -print-target-info 2>/dev/null | sed -n 's|.*"runtimeResourcePath": "\(.*\)/lib/swift".*|\1|p' | grep . ||
        dirname "$(dirname "$(readlink -f "$(command -v swift || true)")")"
}
swift_root=$(toolchain)

# Sets what the other parts go by. For another processor than the machine's, Debian's packages of it are unpacked in a
# sysroot, with dpkg's and apt's records beside them.
use_architecture() {
    architecture=$1
    case $architecture in
        x86_64) cpu=x86_64 debian=amd64 bare=x86_64-unknown-none-elf ;;
        arm64) cpu=aarch64 debian=arm64 bare=aarch64-none-none-elf ;;
        *) fail "there is no architecture $architecture: it is x86_64 or arm64" ;;
    esac
    gnu=$cpu-linux-gnu
    packaged=$root/dist/$architecture
    libraries=$cache/libraries/$architecture sources=$cache/source-$architecture
    apt=$cache/apt sysroot= compiler=(gcc)
    if [[ $architecture != "$machine" ]]; then
        apt=$cache/apt-$architecture sysroot=$cache/sysroot-$architecture
        compiler=("$swift_root/bin/clang" "--target=$gnu" "--sysroot=$sysroot")
    fi
}

# A Debian package of the processor: target_package FORMAT NAME, as dpkg-query has formats.
target_package() { DPKG_ROOT=$sysroot dpkg-query --show --showformat="$1" "$2" 2>/dev/null; }

# apt-get and apt-cache for the processor: the machine's own, or with lists and a state of the sysroot's.
target_apt() {
    local program=$1 options=()
    shift
    if [[ -n $sysroot ]]; then
        options=(
            -o "APT::Architecture=$debian" -o "APT::Architectures=$debian" -o "Dir::State::status=$sysroot/var/lib/dpkg/status"
            -o "Dir::Etc::SourceList=$apt/sources.list" -o Dir::Etc::SourceParts=- -o "Dir::State::Lists=$apt/lists"
            -o "Dir::Cache=$apt/cache" -o APT::Sandbox::User=
        )
    fi
    "$program" "${options[@]}" "$@"
}

# Where the toolchain has Embedded Swift for the processor: it has that for Linux on its own machine's. For another one it
# is that for no system at all, of which calling convention and layout of data are the same.
embedded_triple() {
    local triple
    for triple in "$cpu-unknown-linux-gnu" "$bare"; do
        if [[ -e $swift_root/lib/swift/embedded/$triple/libswiftUnicodeDataTables.a ]]; then
            printf '%s\n' "$triple"
            return
        fi
    done
    fail "this toolchain has no Embedded Swift for $architecture ($swift_root/lib/swift/embedded)"
}

# What scripts/setup built last of openssl, curl or sqlite3: lib/ and, of OpenSSL, include/.
built_library() {
    [[ -e $libraries/$1/current/lib ]] ||
        fail "$1 is not built yet for $architecture: run scripts/setup --architecture $architecture"
    readlink -f "$libraries/$1/current"
}
