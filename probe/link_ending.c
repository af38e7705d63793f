/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/link_ending.h"

#include <curl/curl.h>
#include <errno.h>
#include <string.h>

static const struct {
	int number;
	enum ending ending;
} connect_endings[] = {
	{ ECONNREFUSED, ENDING_REFUSED },     { ETIMEDOUT, ENDING_TIMEOUT },
	{ EHOSTUNREACH, ENDING_UNREACHABLE }, { ENETUNREACH, ENDING_UNREACHABLE },
	{ EHOSTDOWN, ENDING_UNREACHABLE },    { ENETDOWN, ENDING_UNREACHABLE },
	{ ENOPROTOOPT, ENDING_UNREACHABLE },  { EADDRNOTAVAIL, ENDING_UNREACHABLE },
	{ EACCES, ENDING_FORBIDDEN },         { EPERM, ENDING_FORBIDDEN },
	{ EINVAL, ENDING_FORBIDDEN },         { ECONNRESET, ENDING_RESET },
	{ ENOENT, ENDING_REFUSED }, /* a Unix socket that is not there */
};

static enum ending ending_of_errno(int number)
{
	for (size_t i = 0; i < sizeof(connect_endings) / sizeof(connect_endings[0]);
	     i++)
		if (connect_endings[i].number == number)
			return connect_endings[i].ending;
	return ENDING_REFUSED;
}

static const struct {
	CURLcode code;
	enum ending ending;
} curl_endings[] = {
	{ CURLE_WEIRD_SERVER_REPLY, ENDING_REPLY },
	{ CURLE_REMOTE_ACCESS_DENIED, ENDING_REPLY },
	{ CURLE_USE_SSL_FAILED,
	  ENDING_REPLY }, /* refused, or not offered: the trace tells */
	{ CURLE_OPERATION_TIMEDOUT, ENDING_TIMEOUT },
	{ CURLE_PEER_FAILED_VERIFICATION, ENDING_TLS },
	{ CURLE_SSL_CONNECT_ERROR, ENDING_TLS },
	{ CURLE_SSL_INVALIDCERTSTATUS, ENDING_TLS },
	{ CURLE_PROXY, ENDING_PROXY },
	{ CURLE_COULDNT_RESOLVE_PROXY, ENDING_PROXY },
};

static enum ending ending_of_curl(CURLcode code)
{
	for (size_t i = 0; i < sizeof(curl_endings) / sizeof(curl_endings[0]); i++)
		if (curl_endings[i].code == code)
			return curl_endings[i].ending;
	return ENDING_LOCAL;
}

static bool is_broken_off(int code)
{
	return code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR ||
	       code == CURLE_GOT_NOTHING || code == CURLE_PARTIAL_FILE;
}

/* libcurl tells an end in mid-handshake from a fault of TLS by its text only. */
static bool is_end_in_handshake(const struct link_remains *remains)
{
	return remains->code == CURLE_SSL_CONNECT_ERROR &&
	       (strstr(remains->text, "SYSCALL") ||
	        strstr(remains->text, "unexpected eof") ||
	        strstr(remains->text, "reset by peer"));
}

static enum ending judge_broken_off(const struct link_remains *remains)
{
	if (remains->via_proxy && !remains->spoke && !remains->tls_started)
		return ENDING_PROXY;
	if (remains->peer_reset || remains->os_errno == ECONNRESET ||
	    strstr(remains->text, "reset by peer"))
		return ENDING_RESET;
	return ENDING_CLOSED;
}

static enum ending judge_connect(const struct link_remains *remains,
                                 const char **detail)
{
	if (remains->socket_errno) {
		*detail = strerror(remains->socket_errno);
		return ENDING_LOCAL;
	}
	if (remains->via_proxy)
		return ENDING_PROXY;
	if (remains->os_errno)
		*detail = strerror(remains->os_errno);
	/* Later it is what an IPv6 path answers (RFC 4443 section 3.1). */
	if (remains->os_errno == EACCES && !remains->at_once)
		return ENDING_UNREACHABLE;
	return ending_of_errno(remains->os_errno);
}

enum ending link_ending_of(const struct link_remains *remains, const char **detail)
{
	*detail = remains->text[0] ? remains->text
	                           : curl_easy_strerror((CURLcode)remains->code);
	if (remains->code == CURLE_COULDNT_CONNECT)
		return judge_connect(remains, detail);
	if (strstr(remains->text, "Too large")) { /* libcurl's own limit of 300 kB */
		*detail = "more replies than a session can have";
		return ENDING_PROTOCOL;
	}
	if (is_broken_off(remains->code) || is_end_in_handshake(remains)) {
		*detail = ""; /* libcurl's errno is a stale one here */
		return judge_broken_off(remains);
	}
	return ending_of_curl((CURLcode)remains->code);
}
