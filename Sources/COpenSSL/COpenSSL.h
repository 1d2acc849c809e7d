#pragma once
// First: POSIX's declarations, which the library's headers include too, then belong to one module only.
#include "../CSystem/include/CSystem.h"
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

// The macro is an expression of others.
static const int copenssl_public_key = EVP_PKEY_PUBLIC_KEY;

// The builder keeps the names it is given, not copies of them, so they have to outlive it: Swift's strings do not.
static inline int copenssl_push_rsa(OSSL_PARAM_BLD *builder, const BIGNUM *n, const BIGNUM *e) {
    return OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n)
        && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e);
}

// The point, uncompressed, has to outlive the builder too. Its length says which curve it is on.
static inline int copenssl_push_point(OSSL_PARAM_BLD *builder, const unsigned char *point, size_t size) {
    const char *group = size == 65 ? "prime256v1" : size == 97 ? "secp384r1" : "secp521r1";
    return OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, group, 0)
        && OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, size);
}
