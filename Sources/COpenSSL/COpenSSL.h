#pragma once
// First: POSIX's declarations, which the library's headers include too, then belong to one module only.
#include "../CSystem/include/CSystem.h"
#include <openssl/crypto.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/x509_vfy.h>

// The macro is an expression of others.
static const int copenssl_public_key = EVP_PKEY_PUBLIC_KEY;
