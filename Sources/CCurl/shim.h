// What Swift cannot import from libcurl: variadic functions, with one typed wrapper for each kind of value.
#ifndef RECAST_CCURL_SHIM_H
#define RECAST_CCURL_SHIM_H

#include <curl/curl.h>

typedef size_t (*recast_curl_bytes)(char *bytes, size_t size, size_t count, void *context);
typedef int (*recast_curl_seek)(void *context, curl_off_t offset, int origin);
typedef curl_socket_t (*recast_curl_open_socket)(void *context, curlsocktype purpose,
                                                 struct curl_sockaddr *address);

static inline CURLcode recast_curl_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode recast_curl_set_offset(CURL *handle, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode recast_curl_set_text(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode recast_curl_set_pointer(CURL *handle, CURLoption option, void *value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode recast_curl_set_bytes(CURL *handle, CURLoption option, recast_curl_bytes value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode recast_curl_set_seek(CURL *handle, recast_curl_seek value) {
    return curl_easy_setopt(handle, CURLOPT_SEEKFUNCTION, value);
}
static inline CURLcode recast_curl_set_open_socket(CURL *handle, recast_curl_open_socket value) {
    return curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, value);
}
static inline CURLcode recast_curl_get_long(CURL *handle, CURLINFO info, long *value) {
    return curl_easy_getinfo(handle, info, value);
}
static inline CURLMcode recast_curl_multi_set_long(CURLM *handle, CURLMoption option, long value) {
    return curl_multi_setopt(handle, option, value);
}

#endif
