// curl_easy_setopt and curl_easy_getinfo are variadic, which Swift does not import: one typed shim per argument type.
#pragma once
// First: POSIX's declarations, which libcurl's headers include too, then belong to one module only.
#include "../CSystem/include/CSystem.h"
#include <curl/curl.h>

static inline void ccurl_set_up(void) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
}
// Of two threads that ask for their first handle at once, curl_easy_init has one spin while the other sets up libcurl:
// 200,000 instructions in a start, of a seventh of a processor. Here it sleeps.
static inline CURL *ccurl_new(void) {
    static pthread_once_t is_set_up = PTHREAD_ONCE_INIT;
    pthread_once(&is_set_up, ccurl_set_up);
    return curl_easy_init();
}

static inline CURLcode ccurl_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode ccurl_set_text(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode ccurl_set_list(CURL *handle, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode ccurl_set_pointer(CURL *handle, CURLoption option, void *value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode ccurl_set_writer(CURL *handle, size_t (*writer)(char *, size_t, size_t, void *)) {
    return curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, writer);
}
static inline CURLcode ccurl_get_long(CURL *handle, CURLINFO info, long *value) {
    return curl_easy_getinfo(handle, info, value);
}
static inline CURLcode ccurl_get_offset(CURL *handle, CURLINFO info, curl_off_t *value) {
    return curl_easy_getinfo(handle, info, value);
}
static inline CURLcode ccurl_get_certificates(CURL *handle, struct curl_certinfo **value) {
    return curl_easy_getinfo(handle, CURLINFO_CERTINFO, value);
}

static inline CURLcode ccurl_get_socket(CURL *handle, curl_socket_t *value) {
    return curl_easy_getinfo(handle, CURLINFO_ACTIVESOCKET, value);
}

// A macro with a cast, which Swift does not import.
static const curl_socket_t ccurl_no_socket = CURL_SOCKET_BAD;
