// libcrypto: digests, HMAC, random bytes, scrypt.
#ifndef RECAST_CCRYPTO_SHIM_H
#define RECAST_CCRYPTO_SHIM_H

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#endif
