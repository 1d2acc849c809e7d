# Sourced by setup: minimal static archives of OpenSSL, libcurl and SQLite, built from Debian's sources, once per version
# and options.

hardening=(
    CFLAGS="-Os -fstack-protector-strong -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables"
    CPPFLAGS="-D_FORTIFY_SOURCE=2"
)

# Changing what is compiled in, how, or our patch, is a new build, and so is another OpenSSL below libcurl.
build_directory() {
    local name=$1 version=$2 how
    shift 2
    how=$(printf '%s\n' "${hardening[@]}" "${@//"$libraries"/}"; declare -f "compile_$name" "patch_$name" || true)
    printf '%s/%s/%s-%s' "$libraries" "$name" "$version" "$(sha256sum <<<"$how" | cut -c1-8)"
}

# build_library STEP NAME VERSION OPTION..
#
# NAME is that of the source package too. False where the mirrors do not have it.
build_library() {
    local step=$1 name=$2 version=$3 built log=$cache/$2-build.log
    shift 3
    built=$(build_directory "$name" "$version" "$@")
    if [[ -d $built ]]; then
        say "$step $name $version for $architecture: built already ($built)"
    else
        say "$step $name $version for $architecture: fetching Debian's source package"
        fetch_source "$name" "$version" || return 1
        if declare -F "patch_$name" >/dev/null; then "patch_$name"; fi
        say "$step $name $version for $architecture: building (half a minute to two)"
        rm -rf "$built.partial"
        mkdir -p "$built.partial"
        (cd "$sources/tree" && "compile_$name" "$built.partial" "$@") >"$log" 2>&1 ||
            { tail -n 30 "$log" >&2; fail "see $log"; }
        # The prefix gets its final name last, so that an interrupted build is never taken for a whole one.
        mv "$built.partial" "$built"
        rm -rf "$sources"
    fi
    ln -sfn "$built" "$libraries/$name/current"
}

# build_with_package STEP NAME PACKAGE OPTION..: in the version of the -dev package, whose headers it goes with.
build_with_package() {
    local step=$1 name=$2 package=$3 version
    shift 3
    version=$(target_package '${source:Version}' "$package")
    if [[ ! -d $(build_directory "$name" "$version" "$@") ]]; then
        # The mirrors keep the newest source only.
        ask_mirrors || fail "the mirrors do not answer, and $name $version is not built yet"
        update_packages
        version=$(target_package '${source:Version}' "$package")
    fi
    # Of the same release upstream, headers are the same.
    for version in $( (printf '%s\n' "$version"; source_versions "$name" | sed -n "/^${version%%-*}-/p") | awk '!seen[$0]++'); do
        if build_library "$step" "$name" "$version" "$@"; then return; fi
        say "$step the mirrors list $name $version, and do not have it: taking the one before"
    done
    fail "the mirrors have no source of $name ${version%%-*}: try again in some hours"
}

# What a configure script of autoconf's has to be told.
tools() {
    printf '%s\n' "CC=${compiler[*]}"
    [[ -z $sysroot ]] || printf '%s\n' "AR=$swift_root/bin/llvm-ar" "RANLIB=$swift_root/bin/llvm-ranlib"
}

configure_and_make() {
    local prefix=$1 targets=$2 given
    shift 2
    mapfile -t given < <(tools)
    [[ -z $sysroot ]] || given+=("--host=$gnu" "NM=$swift_root/bin/llvm-nm" "LDFLAGS=-static -fuse-ld=lld")
    # shellcheck disable=SC2086 # words
    ./configure --quiet --prefix="$prefix" --disable-shared --enable-static "${given[@]}" "${hardening[@]}" "$@" &&
        make --silent $targets
}

# TLS 1.2 and 1.3, and the algorithms of tokens, seals and receipts: RSA, elliptic curves, AES-GCM, ChaCha20, SHA-1 and
# SHA-2. Nothing is loaded at run time, neither code nor configuration. The assembler's parts stay. Nothing is freed at the
# end (`no-atexit`): other threads may still use it then.
build_openssl() {
    local version known options=(
        no-shared no-module no-dso no-engine no-legacy no-tests no-apps no-docs no-autoload-config no-ui-console
        no-deprecated no-filenames no-comp no-cms no-ts no-ocsp no-ct no-srp no-srtp no-psk no-nextprotoneg no-dtls no-quic
        no-ssl3 no-ssl3-method no-tls1 no-tls1-method no-tls1_1 no-tls1_1-method no-tls-deprecated-ec no-weak-ssl-ciphers
        no-ssl-trace no-rfc3779 no-cmp no-async no-http no-sock no-dgram no-multiblock no-thread-pool
        no-default-thread-pool no-secure-memory no-atexit
        no-ec2m no-sm2 no-sm3 no-sm4 no-aria no-bf no-blake2 no-camellia no-cast no-cmac no-des no-dh no-dsa no-gost no-idea
        no-md4 no-mdc2 no-ocb no-rc2 no-rc4 no-rmd160 no-scrypt no-seed no-siphash no-siv no-whirlpool no-argon2 no-ml-dsa
        no-ml-kem no-slh-dsa
    )
    # Mirrors list a version some hours before they have it; without a network there is what was built before.
    known=$(build_directory openssl '*' "${options[@]}")
    for version in $(openssl_versions) $(cd "$libraries/openssl" 2>/dev/null && compgen -G "${known##*/}" | sort -rV); do
        if build_library "$1" openssl "${version%-"${known##*-}"}" "${options[@]}"; then return; fi
        say "$1 the mirrors list openssl $version, and do not have it: taking the one before"
    done
    fail "the mirrors have no source of OpenSSL 3.5: try again in some hours"
}

# What the default provider offers and neither TLS nor we ask for goes by its tables, as OpenSSL has no options for it: the
# linker then leaves the code out, and the first connection has less to look through. AES-GCM with AVX-512 is 0.7 MB of
# code for bulk data; a message here has a kilobyte, and gets AES-NI's.
patch_openssl() {
    local tree=$sources/tree file=$sources/tree/providers/defltprov.c
    sed -i 's/^if (\$avx512vaes[> 0]*) {/if (0) {/' "$tree"/crypto/{modes/asm/aes-gcm,aes/asm/aesni-xts}-avx512.pl
    perl -0pi -e '
        my $names = join "|", qw(
            SHA2_256_192 SHA2_512_2\d\d SHA3_\d+ KECCAK_\w+ SHAKE_\d+ GMAC KMAC_\d+ POLY1305
            AES_192_\w+ AES_\d+_(?:CBC_CTS|OFB|CFB\d?|XTS|CCM|WRAP\w*|CBC_HMAC_\w+)
            SSKDF PBKDF2 PKCS12KDF SSHKDF X963KDF KBKDF X942KDF_ASN1 KRB5KDF HMAC_DRBG_KDF
            HASH_DRBG HMAC_DRBG JITTER TEST_RAND X448 ED448\w* ED25519(?:ph|ctx)
            RSA_SHA512_2\d\d RSA_SHA3_\d+ ECDSA_SHA3_\d+);
        s/^ +(ALGC?\(|\{ )PROV_NAMES_($names),[^;{]*?(\)|\}),\n//mg;
        s/^ +\{ PROV_NAMES_(TLS1_PRF|HKDF), [^;{]*(keyexch|kdf_keymgmt)_functions[^;{]*?\},\n//mg;
        s/^ +\{ PROV_NAMES_\w+, "provider=default", \w+_kem_functions \},\n//mg;
        s/^#include "encoders.inc"\n//mg;
    ' "$file"
    sed -i '/X448\|ED448\|pvk\|msblob/Id' "$tree/providers/decoders.inc"
    sed -i '/{ "base",\|{ "null",/d' "$tree/crypto/provider_predefined.c"
    if grep -qE 'PROV_NAMES_(AES_256_XTS|SHA3_256|X448),|encoders.inc' "$file" ||
        ! grep -q '^if (0) {' "$tree/crypto/modes/asm/aes-gcm-avx512.pl"; then
        fail "what is left out of OpenSSL is not where it was: look at $file"
    fi
}

compile_openssl() {
    local prefix=$1 given
    shift
    mapfile -t given < <(tools)
    # The time of the build would be inside.
    SOURCE_DATE_EPOCH=1 ./Configure "linux-$cpu" --prefix=/usr --libdir=lib --openssldir=/etc/ssl "${given[@]}" \
        "${hardening[@]}" "$@" &&
        make --silent -j"$(nproc)" build_libs &&
        mkdir "$prefix/lib" "$prefix/include" && cp libssl.a libcrypto.a "$prefix/lib" && cp -r include/openssl "$prefix/include"
}

# libcurl sets up all of OpenSSL before the first connection, be it plain or not: half a millisecond of every start.
# OpenSSL does that itself when it is first used (OPENSSL_init_ssl(3)); told here is only not to read its configuration.
patch_curl() {
    local file=$sources/tree/lib/vtls/openssl.c call='  OPENSSL_init_ssl(flags, NULL);'
    grep -qxF "$call" "$file" || fail "libcurl's set-up of OpenSSL is not where it was: look at $file"
    sed -i "s/^$call\$/  (void)flags;\n  OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);/" "$file"
    # An answer whose first field begins with a space continues the field that came last, and that one was freed with the
    # answer before (7.88; our fuzzer of upstreams found it).
    file=$sources/tree/lib/headers.c call='  Curl_llist_init(&data->state.httphdrs, NULL);'
    grep -qxF "$call" "$file" || fail "libcurl's list of header fields is not where it was: look at $file"
    sed -i "s/^$call\$/&\n  data->state.prevhead = NULL;/" "$file"
}

# HTTP and HTTPS with what we use of them: TLS, proxies (crypto-auth is for theirs), Retry-After dates.
build_curl() {
    build_with_package "$1" curl libcurl4-openssl-dev \
        --with-openssl="$libraries/openssl/$(basename "$(built_library openssl)")" --enable-ares \
        --disable-ftp --disable-file --disable-ldap --disable-ldaps --disable-rtsp --disable-dict --disable-telnet \
        --disable-tftp --disable-pop3 --disable-imap --disable-smb --disable-smtp --disable-gopher --disable-mqtt \
        --disable-manual --disable-alt-svc --disable-hsts --disable-cookies --disable-doh --disable-netrc \
        --disable-ntlm --disable-ntlm-wb --disable-tls-srp --disable-unix-sockets --disable-progress-meter \
        --disable-socketpair --disable-libcurl-option --disable-openssl-auto-load-config \
        --disable-verbose --disable-mime --disable-get-easy-options \
        --without-zlib --without-brotli --without-zstd --without-nghttp2 --without-libidn2 --without-libpsl \
        --without-libssh2 --without-librtmp --without-ca-bundle --without-ca-path
}

# Its configure script links programs with OpenSSL, which is for a fixed address.
compile_curl() {
    local fixed=()
    [[ -n $sysroot ]] || fixed=(LDFLAGS=-no-pie)
    configure_and_make "$1" "-C lib install" "${fixed[@]}" "${@:2}"
}

# SQLite without extensions, and with what it recommends where we can use it (https://sqlite.org/compile.html): what
# else can be left out, it does not test together. As in Debian's build, what is deleted is overwritten with zeros.
build_sqlite() {
    local define=(
        _FORTIFY_SOURCE=2 SQLITE_SECURE_DELETE
        SQLITE_DQS=0 SQLITE_DEFAULT_MEMSTATUS=0 SQLITE_LIKE_DOESNT_MATCH_BLOBS SQLITE_USE_ALLOCA
        SQLITE_OMIT_DECLTYPE SQLITE_OMIT_DEPRECATED SQLITE_OMIT_PROGRESS_CALLBACK SQLITE_OMIT_SHARED_CACHE
    )
    build_with_package "$1" sqlite3 libsqlite3-dev \
        CPPFLAGS="${define[*]/#/-D}" --disable-tcl --disable-readline --enable-threadsafe \
        --disable-load-extension --disable-json --disable-math
}

compile_sqlite3() { CROSS_BUILDING=${sysroot:+yes} configure_and_make "$1" lib_install "${@:2}"; }
