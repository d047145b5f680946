// Typed functions for libcurl's variadic calls, which Swift cannot import. No logic beyond the conversion.
#pragma once
#include <curl/curl.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Receives `size` bytes; returns how many it took (fewer aborts the transfer with CURLE_WRITE_ERROR).
typedef size_t (*curlshims_data_callback)(char *_Nonnull bytes, size_t unit, size_t size, void *_Nullable context);

/// curl_easy_setopt with a `char *` (copied by libcurl, except for error buffers).
CURLcode curlshims_easy_set_string(CURL *_Nonnull easy, CURLoption option, const char *_Nullable value);
/// curl_easy_setopt with a `long`.
CURLcode curlshims_easy_set_long(CURL *_Nonnull easy, CURLoption option, long value);
/// curl_easy_setopt with a `curl_off_t`.
CURLcode curlshims_easy_set_offset(CURL *_Nonnull easy, CURLoption option, curl_off_t value);
/// curl_easy_setopt with an object pointer (CURLOPT_PRIVATE, CURLOPT_WRITEDATA, CURLOPT_ERRORBUFFER, …).
CURLcode curlshims_easy_set_pointer(CURL *_Nonnull easy, CURLoption option, void *_Nullable value);
/// curl_easy_setopt with a list (CURLOPT_HTTPHEADER); libcurl does not copy it.
CURLcode curlshims_easy_set_list(CURL *_Nonnull easy, CURLoption option, struct curl_slist *_Nullable value);
/// curl_easy_setopt with CURLOPT_WRITEFUNCTION or CURLOPT_HEADERFUNCTION.
CURLcode curlshims_easy_set_data_callback(
    CURL *_Nonnull easy, CURLoption option, curlshims_data_callback _Nullable value);
/// curl_easy_setopt with bytes that libcurl copies (CURLOPT_CAINFO_BLOB).
CURLcode curlshims_easy_set_blob(CURL *_Nonnull easy, CURLoption option, const void *_Nonnull bytes, size_t size);
/// CURLOPT_COPYPOSTFIELDS of `size` bytes, which may hold zeros; libcurl copies them.
CURLcode curlshims_easy_set_body(CURL *_Nonnull easy, const void *_Nonnull bytes, size_t size);

/// curl_easy_getinfo into a `long`.
CURLcode curlshims_easy_get_long(CURL *_Nonnull easy, CURLINFO info, long *_Nonnull value);
/// curl_easy_getinfo into a `curl_off_t`.
CURLcode curlshims_easy_get_offset(CURL *_Nonnull easy, CURLINFO info, curl_off_t *_Nonnull value);
/// curl_easy_getinfo with CURLINFO_PRIVATE.
CURLcode curlshims_easy_get_private(CURL *_Nonnull easy, void *_Nullable *_Nonnull value);

/// curl_multi_setopt with a `long`.
CURLMcode curlshims_multi_set_long(CURLM *_Nonnull multi, CURLMoption option, long value);
/// curl_multi_info_read; 1 and the two fields when a transfer is done, else 0. (CURLMsg holds a union.)
int curlshims_multi_next_done(CURLM *_Nonnull multi, CURL *_Nullable *_Nonnull easy, CURLcode *_Nonnull result);
/// curl_global_init(CURL_GLOBAL_ALL): a macro of macros.
CURLcode curlshims_global_init(void);

#ifdef __cplusplus
}
#endif
