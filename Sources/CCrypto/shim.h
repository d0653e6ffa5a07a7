// libcrypto: digests, HMAC, random bytes, scrypt.
#ifndef RECAST_CCRYPTO_SHIM_H
#define RECAST_CCRYPTO_SHIM_H

// The functions that hash piece by piece without reading OpenSSL's settings are called old in OpenSSL 3.
#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#endif
