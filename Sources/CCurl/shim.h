// What Swift cannot import from libcurl: variadic functions, with one typed wrapper for each kind of value.
#ifndef RECAST_CCURL_SHIM_H
#define RECAST_CCURL_SHIM_H

#include <curl/curl.h>

typedef size_t (*recast_curl_bytes)(char *bytes, size_t size, size_t count, void *context);
typedef int (*recast_curl_progress)(void *context, curl_off_t dltotal, curl_off_t dlnow, curl_off_t ultotal,
                                    curl_off_t ulnow);

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
static inline CURLcode recast_curl_set_progress(CURL *handle, recast_curl_progress value) {
    return curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, value);
}
static inline CURLcode recast_curl_get_long(CURL *handle, CURLINFO info, long *value) {
    return curl_easy_getinfo(handle, info, value);
}
static inline CURLcode recast_curl_get_text(CURL *handle, CURLINFO info, char **value) {
    return curl_easy_getinfo(handle, info, value);
}

#endif
