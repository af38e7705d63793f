/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/transport.h"

#include <curl/curl.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "probe/address.h"
#include "probe/certificate.h"

/*
 * libcurl's receive buffer is the longest line of a reply that it can see whole;
 * RFC 5321 §4.5.3.1.5 allows 512 bytes.
 */
enum { BUFFER_SIZE = 4096, OUTPUT_MAX = 2 * LINK_LINE_MAX, RAW_SHOWN = 32 };

struct transport {
	uv_loop_t *loop;
	CURLM *multi;
	uv_timer_t timer;
	bool one_shot;
	struct link *stopped; /* links that asked to end from inside libcurl */
};

/* libcurl's interest in one socket. It outlives the socket until libuv lets go. */
struct watch {
	uv_poll_t poll;
	struct transport *transport;
	struct link *link; /* NULL when nobody listens any more */
	curl_socket_t socket;
};

enum link_state {
	LINK_CARRIED, /* libcurl speaks */
	LINK_READY,   /* ours, through libcurl's handle */
	LINK_KEPT,    /* ours, on the bare socket: libcurl gave up in cleartext */
	LINK_OVER
};

struct link {
	struct transport *transport;
	const struct target *target;
	struct link_events events;
	void *owner;
	enum link_state state;
	CURL *easy;
	CURLU *url;
	struct curl_slist *connect_to;
	char error[CURL_ERROR_SIZE];

	struct watch *watch; /* in LINK_READY and LINK_KEPT: ours */
	curl_socket_t kept;
	bool connected, tunnelled, spoke, looked_at_bytes;
	bool peer_closed, peer_reset;
	bool last_word;   /* say QUIT when the socket is closed */
	int socket_errno; /* why no socket could be had */
	struct tls_watch tls;

	bool stop_wanted;
	enum ending stop_ending;
	char stop_detail[160];
	struct link *next_stopped;

	size_t output_len, output_sent, input_len;
	char *output; /* protected memory: it carries secrets */
	char *input;
};

/* ---- sockets and time: libcurl on libuv -------------------------------- */

static void settle(struct transport *transport);

static void watch_is_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void watch_drop(struct watch *watch)
{
	if (!watch)
		return;
	watch->link = NULL;
	uv_poll_stop(&watch->poll);
	uv_close((uv_handle_t *)&watch->poll, watch_is_closed);
}

static struct watch *watch_create(struct link *link, curl_socket_t socket)
{
	struct watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return NULL;
	watch->transport = link->transport;
	watch->link = link;
	watch->socket = socket;
	if (uv_poll_init_socket(link->transport->loop, &watch->poll, socket) < 0) {
		free(watch);
		return NULL;
	}
	watch->poll.data = watch;
	return watch;
}

static void note_connected(struct link *link, curl_socket_t socket)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);

	if (link->connected || getpeername(socket, (struct sockaddr *)&peer, &len) < 0)
		return;
	link->connected = true;
	link->events.connected(link->owner);
}

static void print_raw(char *out, size_t room, const unsigned char *bytes, size_t count)
{
	size_t len = (size_t)snprintf(out, room, "raw \"");

	for (size_t i = 0; i < count && len + 8 < room; i++) {
		bool plain = bytes[i] >= ' ' && bytes[i] <= '~' && bytes[i] != '"' &&
			     bytes[i] != '\\';

		len += (size_t)snprintf(out + len, room - len, plain ? "%c" : "\\x%02x",
					bytes[i]);
	}
	snprintf(out + len, room - len, "\"");
}

static bool begins_like_a_reply(const unsigned char *bytes, size_t count)
{
	for (size_t i = 0; i < count && i < 3; i++)
		if (bytes[i] < '0' || bytes[i] > '9')
			return false;
	return true;
}

/*
 * A line without its end never reaches libcurl's debug callback, so a peer that
 * speaks TLS or another protocol would only be seen as silent. Its first bytes
 * are looked at in the socket, before libcurl takes them.
 */
static void look_at_first_bytes(struct link *link, curl_socket_t socket)
{
	unsigned char bytes[RAW_SHOWN];
	char event[5 * RAW_SHOWN];
	ssize_t count;

	if (link->looked_at_bytes || link->spoke || !link->connected ||
	    link->target->set.tls == TLS_IMPLICIT || link->target->set.via)
		return;
	count = recv(socket, bytes, sizeof(bytes), MSG_PEEK | MSG_DONTWAIT);
	if (count <= 0)
		return;
	link->looked_at_bytes = true;
	if (begins_like_a_reply(bytes, (size_t)count))
		return;
	print_raw(event, sizeof(event), bytes, (size_t)count);
	link->events.note(link->owner, event);
	link_stop(link, ENDING_PROTOCOL, "the first bytes are no SMTP greeting");
}

static void on_socket_ready(uv_poll_t *handle, int status, int events)
{
	struct watch *watch = handle->data;
	struct transport *transport = watch->transport;
	int flags = 0, running;

	if (status < 0)
		flags = CURL_CSELECT_ERR;
	if (events & UV_READABLE)
		flags |= CURL_CSELECT_IN;
	if (events & UV_WRITABLE)
		flags |= CURL_CSELECT_OUT;
	if (watch->link) {
		note_connected(watch->link, watch->socket);
		look_at_first_bytes(watch->link, watch->socket);
	}
	curl_multi_socket_action(transport->multi, watch->socket, flags, &running);
	settle(transport);
}

static int on_interest(CURL *easy, curl_socket_t socket, int what, void *owner,
		       void *socket_owner)
{
	struct transport *transport = owner;
	struct watch *watch = socket_owner;
	struct link *link = NULL;
	int events = 0;

	if (what == CURL_POLL_REMOVE) {
		watch_drop(watch);
		curl_multi_assign(transport->multi, socket, NULL);
		return 0;
	}
	if (!watch) {
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&link);
		watch = watch_create(link, socket);
		if (!watch)
			return -1;
		curl_multi_assign(transport->multi, socket, watch);
	}
	if (what & CURL_POLL_IN)
		events |= UV_READABLE;
	if (what & CURL_POLL_OUT)
		events |= UV_WRITABLE;
	uv_poll_start(&watch->poll, events, on_socket_ready);
	return 0;
}

static void on_time(uv_timer_t *timer)
{
	struct transport *transport = timer->data;
	int running;

	curl_multi_socket_action(transport->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	settle(transport);
}

static int on_timer_wanted(CURLM *multi, long timeout_ms, void *owner)
{
	struct transport *transport = owner;

	(void)multi;
	if (timeout_ms < 0)
		uv_timer_stop(&transport->timer);
	else
		uv_timer_start(&transport->timer, on_time, (uint64_t)timeout_ms, 0);
	return 0;
}

/* ---- what libcurl tells of a connection -------------------------------- */

/*
 * libcurl compares "STARTTLS" with regard to case, RFC 5321 §2.4 does not. This is
 * the very buffer that it looks at next, so a server that announces "starttls"
 * is understood by writing it as libcurl expects.
 */
static void write_starttls_large(char *data, size_t len)
{
	static const char keyword[] = "STARTTLS";
	struct str rest = { data + 4, len - 4 };

	if (len > 4 && memcmp(data, "250", 3) == 0 &&
	    str_starts_nocase(rest, STR("STARTTLS")))
		memcpy(data + 4, keyword, sizeof(keyword) - 1);
}

/* Lines of an HTTP proxy come the same way as the server's; the tunnel ends them. */
static bool take_proxy_line(struct link *link, struct str line)
{
	char event[200];

	if (link->tunnelled || !link->target->set.via ||
	    !str_starts_nocase(str_of(link->target->set.via), STR("http://")))
		return false;
	line = str_trim(line);
	if (line.len == 0) {
		link->tunnelled = true;
		return true;
	}
	if (str_starts(line, STR("HTTP/"))) {
		snprintf(event, sizeof(event), "proxy %.*s", (int)line.len, line.at);
		link->events.note(link->owner, event);
	}
	return true;
}

static bool is_proxy_request(const struct link *link, struct str line)
{
	return !link->tunnelled && link->target->set.via &&
	       str_starts(line, STR("CONNECT "));
}

static int on_debug(CURL *easy, curl_infotype type, char *data, size_t len, void *owner)
{
	struct link *link = owner;
	struct str line = { data, len };

	(void)easy;
	if (link->stop_wanted)
		return 0;
	if (type == CURLINFO_HEADER_IN && !take_proxy_line(link, line)) {
		link->spoke = true;
		write_starttls_large(data, len);
		link->events.line(link->owner, DIRECTION_SERVER, line);
	} else if (type == CURLINFO_HEADER_OUT && !is_proxy_request(link, line)) {
		link->events.line(link->owner, DIRECTION_CLIENT, line);
	}
	return 0;
}

static curl_socket_t on_open_socket(void *owner, curlsocktype purpose,
				    struct curl_sockaddr *address)
{
	struct link *link = owner;
	int type = address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK;
	int made = socket(address->family, type, address->protocol);

	(void)purpose;
	if (made < 0)
		link->socket_errno = errno;
	return made < 0 ? CURL_SOCKET_BAD : made;
}

/* How the peer left, from the state of the TCP connection. */
static void note_peer_state(struct link *link, curl_socket_t socket)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);
	char byte;

	if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &len) == 0) {
		link->peer_closed = info.tcpi_state == TCP_CLOSE_WAIT ||
				    info.tcpi_state == TCP_LAST_ACK;
		link->peer_reset = info.tcpi_state == TCP_CLOSE;
	} else {
		link->peer_closed = recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
	}
}

/* Nobody waits for the reply: the session is over, this is for the server's log. */
static void say_last_word(struct link *link, curl_socket_t socket)
{
	static const char quit[] = "QUIT\r\n";
	const size_t len = sizeof(quit) - 1;

	if (send(socket, quit, len, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)len)
		link->events.line(link->owner, DIRECTION_CLIENT, (struct str){ quit, len });
}

/*
 * When libcurl gives up in cleartext (no STARTTLS, a refused greeting), the peer
 * still waits for a QUIT. The socket is kept for it instead of closed.
 */
static int on_close_socket(void *owner, curl_socket_t socket)
{
	struct link *link = owner;

	if (link && link->state == LINK_CARRIED && link->connected) {
		note_peer_state(link, socket);
		if (!link->tls.started && !link->peer_closed && !link->peer_reset &&
		    link->kept == CURL_SOCKET_BAD) {
			link->kept = socket;
			return 0;
		}
	} else if (link && link->last_word) {
		say_last_word(link, socket);
	}
	return close(socket);
}

static void on_tls_event(void *owner, const char *event)
{
	struct link *link = owner;

	if (!link->stop_wanted)
		link->events.note(link->owner, event);
}

static CURLcode on_ssl_context(CURL *easy, void *context, void *owner)
{
	struct link *link = owner;

	(void)easy;
	tls_watch_install(&link->tls, context);
	return CURLE_OK;
}

/* ---- from libcurl's words to ours --------------------------------------- */

static const struct {
	int number;
	enum ending ending;
} connect_endings[] = {
	{ ECONNREFUSED, ENDING_REFUSED },    { ETIMEDOUT, ENDING_TIMEOUT },
	{ EHOSTUNREACH, ENDING_UNREACHABLE }, { ENETUNREACH, ENDING_UNREACHABLE },
	{ EHOSTDOWN, ENDING_UNREACHABLE },   { ENETDOWN, ENDING_UNREACHABLE },
	{ ENOPROTOOPT, ENDING_UNREACHABLE }, { EADDRNOTAVAIL, ENDING_UNREACHABLE },
	{ EACCES, ENDING_FORBIDDEN },        { EPERM, ENDING_FORBIDDEN },
	{ EINVAL, ENDING_FORBIDDEN },        { ECONNRESET, ENDING_RESET },
	{ ENOENT, ENDING_REFUSED }, /* a Unix socket that is not there */
};

static enum ending ending_of_errno(int number)
{
	for (size_t i = 0; i < sizeof(connect_endings) / sizeof(connect_endings[0]); i++)
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
	{ CURLE_USE_SSL_FAILED, ENDING_REPLY }, /* refused, or not offered: the trace tells */
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

static bool is_broken_off(CURLcode code)
{
	return code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR ||
	       code == CURLE_GOT_NOTHING || code == CURLE_PARTIAL_FILE;
}

/* libcurl tells an end in mid-handshake from a fault of TLS by its text only. */
static bool is_end_in_handshake(const struct link *link, CURLcode code)
{
	return code == CURLE_SSL_CONNECT_ERROR &&
	       (strstr(link->error, "SYSCALL") || strstr(link->error, "unexpected eof") ||
		strstr(link->error, "reset by peer"));
}

static enum ending judge_broken_off(const struct link *link)
{
	if (link->target->set.via && !link->spoke && !link->tls.started)
		return ENDING_PROXY;
	if (link->peer_reset || strstr(link->error, "reset by peer"))
		return ENDING_RESET;
	return ENDING_CLOSED;
}

static enum ending judge_connect(const struct link *link, const char **detail)
{
	long number = 0;

	if (link->socket_errno) {
		*detail = strerror(link->socket_errno);
		return ENDING_LOCAL;
	}
	curl_easy_getinfo(link->easy, CURLINFO_OS_ERRNO, &number);
	if (number)
		*detail = strerror((int)number);
	return ending_of_errno((int)number);
}

static enum ending judge(const struct link *link, CURLcode code, const char **detail)
{
	if (code == CURLE_COULDNT_CONNECT)
		return judge_connect(link, detail);
	if (is_broken_off(code) || is_end_in_handshake(link, code))
		return judge_broken_off(link);
	return ending_of_curl(code);
}

/* ---- lines of our own ----------------------------------------------------- */

static void on_own_socket_ready(uv_poll_t *handle, int status, int events);

static void fail(struct link *link, enum ending ending, const char *detail)
{
	link->state = LINK_OVER;
	link->events.failed(link->owner, ending, detail);
}

static void listen_on(struct link *link, curl_socket_t socket)
{
	if (!link->watch)
		link->watch = watch_create(link, socket);
	if (!link->watch)
		return;
	uv_poll_start(&link->watch->poll,
		      UV_READABLE | (link->output_len > link->output_sent ? UV_WRITABLE : 0),
		      on_own_socket_ready);
}

/* Bytes moved, 0 when it would block, -1 at the end or an error (in *number). */
static ssize_t send_some(struct link *link, const char *bytes, size_t len, int *number)
{
	ssize_t sent;
	size_t moved = 0;
	CURLcode code;

	*number = 0;
	if (link->state == LINK_KEPT) {
		sent = send(link->kept, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent >= 0)
			return sent;
		*number = errno;
		return *number == EAGAIN ? 0 : -1;
	}
	code = curl_easy_send(link->easy, bytes, len, &moved);
	if (code == CURLE_OK || code == CURLE_AGAIN)
		return (ssize_t)moved;
	*number = errno;
	return -1;
}

static ssize_t receive_some(struct link *link, char *bytes, size_t room, bool *again)
{
	size_t moved = 0;
	ssize_t got;
	CURLcode code;

	*again = false;
	if (link->state == LINK_KEPT) {
		got = recv(link->kept, bytes, room, MSG_DONTWAIT);
		*again = got < 0 && errno == EAGAIN;
		link->peer_reset |= got < 0 && errno == ECONNRESET;
		return got;
	}
	code = curl_easy_recv(link->easy, bytes, room, &moved);
	*again = code == CURLE_AGAIN;
	link->peer_reset |= code == CURLE_RECV_ERROR;
	return code == CURLE_OK ? (ssize_t)moved : -1;
}

static bool flush_output(struct link *link)
{
	int number;

	while (link->output_sent < link->output_len) {
		ssize_t sent = send_some(link, link->output + link->output_sent,
					 link->output_len - link->output_sent, &number);

		if (sent == 0)
			return true;
		if (sent < 0)
			return false;
		link->output_sent += (size_t)sent;
	}
	explicit_bzero(link->output, link->output_len);
	link->output_len = link->output_sent = 0;
	return true;
}

static curl_socket_t own_socket(const struct link *link)
{
	curl_socket_t socket = link->kept;

	if (link->state == LINK_READY)
		curl_easy_getinfo(link->easy, CURLINFO_ACTIVESOCKET, &socket);
	return socket;
}

void link_send_line(struct link *link, struct str line)
{
	if (!link_can_talk(link) || link->output_len + line.len + 2 > OUTPUT_MAX)
		return;
	if (!link->output)
		link->output = secret_memory_create(OUTPUT_MAX);
	if (line.len)
		memcpy(link->output + link->output_len, line.at, line.len);
	memcpy(link->output + link->output_len + line.len, "\r\n", 2);
	link->output_len += line.len + 2;
	/* A broken pipe shows when the reply is read; what was said last may still lie there. */
	(void)flush_output(link);
	listen_on(link, own_socket(link));
}

/* Hands over every whole line; false when the owner has closed or stopped the link. */
static bool hand_over_lines(struct link *link)
{
	struct watch *watch = link->watch;
	char *end;

	while ((end = memchr(link->input, '\n', link->input_len)) != NULL) {
		size_t len = (size_t)(end - link->input) + 1;
		char line[LINK_LINE_MAX + 1];

		memcpy(line, link->input, len);
		memmove(link->input, link->input + len, link->input_len - len);
		link->input_len -= len;
		link->events.line(link->owner, DIRECTION_SERVER, (struct str){ line, len });
		if (watch->link == NULL || link->state == LINK_OVER)
			return false;
	}
	return true;
}

static bool read_lines(struct link *link)
{
	for (;;) {
		bool again;
		ssize_t got = receive_some(link, link->input + link->input_len,
					   LINK_LINE_MAX - link->input_len, &again);

		if (again)
			return true;
		if (got <= 0) {
			fail(link, link->peer_reset ? ENDING_RESET : ENDING_CLOSED,
			     link->peer_reset ? strerror(ECONNRESET) :
						"the server closed the connection");
			return false;
		}
		link->input_len += (size_t)got;
		if (!hand_over_lines(link))
			return false;
		if (link->input_len == LINK_LINE_MAX) {
			fail(link, ENDING_PROTOCOL, "a line longer than 12288 bytes");
			return false;
		}
	}
}

static void on_own_socket_ready(uv_poll_t *handle, int status, int events)
{
	struct watch *watch = handle->data;
	struct link *link = watch->link;

	(void)status;
	if (!link || !link_can_talk(link))
		return;
	if (events & UV_WRITABLE)
		(void)flush_output(link);
	if (read_lines(link))
		listen_on(link, watch->socket);
}

/* ---- beginning and end ---------------------------------------------------- */

static void become_ready(struct link *link)
{
	link->state = LINK_READY;
	link->input = malloc(LINK_LINE_MAX);
	if (!link->input) {
		fail(link, ENDING_LOCAL, strerror(ENOMEM));
		return;
	}
	link->events.ready(link->owner);
}

/* After libcurl has given up; `kept` may still carry a QUIT. */
static void become_failed(struct link *link, enum ending ending, const char *detail)
{
	link->state = LINK_OVER;
	if (link->kept != CURL_SOCKET_BAD && ending == ENDING_REPLY) {
		link->input = malloc(LINK_LINE_MAX);
		if (link->input)
			link->state = LINK_KEPT;
	}
	link->events.failed(link->owner, ending, detail);
}

static void finish_carried(struct link *link, CURLcode code)
{
	const char *detail = link->error[0] ? link->error : curl_easy_strerror(code);
	char copy[CURL_ERROR_SIZE];
	enum ending ending;

	if (link->stop_wanted)
		return; /* settle_stopped() tells */
	if (code == CURLE_OK) {
		become_ready(link);
		return;
	}
	ending = judge(link, code, &detail);
	snprintf(copy, sizeof(copy), "%s", detail);
	become_failed(link, ending, copy);
}

static void settle_stopped(struct transport *transport)
{
	while (transport->stopped) {
		struct link *link = transport->stopped;

		transport->stopped = link->next_stopped;
		link->stop_wanted = false;
		fail(link, link->stop_ending, link->stop_detail);
	}
}

/* Outside of libcurl: tells owners what became of their links. */
static void settle(struct transport *transport)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(transport->multi, &left)) != NULL) {
		struct link *link = NULL;

		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&link);
		finish_carried(link, message->data.result);
	}
	settle_stopped(transport);
}

void link_stop(struct link *link, enum ending ending, const char *detail)
{
	if (link->state != LINK_CARRIED) {
		fail(link, ending, detail);
		return;
	}
	if (link->stop_wanted)
		return;
	link->stop_wanted = true;
	link->stop_ending = ending;
	snprintf(link->stop_detail, sizeof(link->stop_detail), "%s", detail);
	link->next_stopped = link->transport->stopped;
	link->transport->stopped = link;
}

static void forget_stop(struct link *link)
{
	struct link **place = &link->transport->stopped;

	while (*place && *place != link)
		place = &(*place)->next_stopped;
	if (*place)
		*place = link->next_stopped;
}

void link_close(struct link *link, bool say_quit)
{
	if (!link)
		return;
	forget_stop(link);
	link->last_word = say_quit && link->state == LINK_CARRIED && link->spoke &&
			  !link->tls.started;
	link->state = LINK_OVER;
	watch_drop(link->watch);
	link->watch = NULL;
	curl_multi_remove_handle(link->transport->multi, link->easy);
	curl_easy_cleanup(link->easy);
	if (link->kept != CURL_SOCKET_BAD)
		close(link->kept);
	curl_slist_free_all(link->connect_to);
	curl_url_cleanup(link->url);
	secret_memory_destroy(link->output, OUTPUT_MAX);
	free(link->input);
	free(link);
}

bool link_can_talk(const struct link *link)
{
	return link && (link->state == LINK_READY || link->state == LINK_KEPT);
}

bool link_is_encrypted(const struct link *link)
{
	return link->tls.done;
}

bool link_is_verified(const struct link *link)
{
	return link->tls.verified;
}

struct str link_binding(const struct link *link, bool *is_exporter)
{
	*is_exporter = link->tls.binding_is_exporter;
	return (struct str){ (const char *)link->tls.binding, link->tls.binding_len };
}

static bool build_url(struct link *link, const char *ehlo_name)
{
	const struct target_settings *set = &link->target->set;
	bool is_v6 = strchr(set->server_name, ':') != NULL;
	char host[HOST_NAME_MAX_LEN + 3], port[8], path[300];

	snprintf(host, sizeof(host), is_v6 ? "[%s]" : "%s", set->server_name);
	snprintf(port, sizeof(port), "%d", set->port);
	snprintf(path, sizeof(path), "/%s", ehlo_name);
	link->url = curl_url();
	return link->url &&
	       !curl_url_set(link->url, CURLUPART_SCHEME,
			     set->tls == TLS_IMPLICIT ? "smtps" : "smtp", 0) &&
	       !curl_url_set(link->url, CURLUPART_HOST, host, 0) &&
	       !curl_url_set(link->url, CURLUPART_PORT, port, 0) &&
	       !curl_url_set(link->url, CURLUPART_PATH, path, CURLU_URLENCODE);
}

/*
 * The numeric address is given to libcurl as the place to connect to, while the
 * URL keeps the name: SNI and verification need it, and no resolver thread starts.
 */
static bool set_destination(struct link *link, const struct link_params *params)
{
	const struct target_settings *set = &link->target->set;
	char endpoint[ADDRESS_TEXT_MAX], entry[HOST_NAME_MAX_LEN + 16];

	if (link->target->is_unix_socket)
		return !curl_easy_setopt(link->easy, CURLOPT_UNIX_SOCKET_PATH, set->host);
	if (params->address)
		address_print_endpoint(endpoint, sizeof(endpoint), params->address,
				       set->port);
	snprintf(entry, sizeof(entry), "::%s",
		 params->address ? endpoint : link->target->address);
	link->connect_to = curl_slist_append(NULL, entry);
	return link->connect_to &&
	       !curl_easy_setopt(link->easy, CURLOPT_CONNECT_TO, link->connect_to);
}

static bool set_proxy(struct link *link, const struct sockaddr_storage *via)
{
	char address[ADDRESS_TEXT_MAX], host[ADDRESS_TEXT_MAX + 2], *url = NULL;
	CURLU *parts;
	bool done;

	if (!via) /* an empty proxy keeps libcurl from asking the environment */
		return !curl_easy_setopt(link->easy, CURLOPT_PROXY, "");
	address_print(address, sizeof(address), via);
	snprintf(host, sizeof(host), via->ss_family == AF_INET6 ? "[%s]" : "%s", address);
	parts = curl_url();
	done = parts &&
	       !curl_url_set(parts, CURLUPART_URL, link->target->set.via,
			     CURLU_NON_SUPPORT_SCHEME) &&
	       !curl_url_set(parts, CURLUPART_HOST, host, 0) &&
	       !curl_url_get(parts, CURLUPART_URL, &url, 0) &&
	       !curl_easy_setopt(link->easy, CURLOPT_PROXY, url) &&
	       !curl_easy_setopt(link->easy, CURLOPT_NOPROXY, "") &&
	       !curl_easy_setopt(link->easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
	curl_free(url);
	curl_url_cleanup(parts);
	return done;
}

/*
 * With its default CA directory libcurl does not cache the authorities and reads
 * 140 files a probe: a bundle alone is cached for all connections of the loop, the
 * directory alone loads the one that is needed.
 */
static void set_authorities(struct link *link)
{
	const struct target_settings *set = &link->target->set;
	const curl_version_info_data *built = curl_version_info(CURLVERSION_NOW);
	const char *file = set->ca_file, *dir = set->ca_dir;

	if (!file && !dir) {
		bool use_dir = link->transport->one_shot ? built->capath != NULL :
							   built->cainfo == NULL;

		file = use_dir ? NULL : built->cainfo;
		dir = use_dir ? built->capath : NULL;
	}
	curl_easy_setopt(link->easy, CURLOPT_CAINFO, file);
	curl_easy_setopt(link->easy, CURLOPT_CAPATH, dir);
}

static const long tls_minimums[] = {
	[TLS_VERSION_DEFAULT] = CURL_SSLVERSION_DEFAULT,
	[TLS_VERSION_1_2] = CURL_SSLVERSION_TLSv1_2,
	[TLS_VERSION_1_3] = CURL_SSLVERSION_TLSv1_3,
};

static void set_tls(struct link *link)
{
	const struct target_settings *set = &link->target->set;
	CURL *easy = link->easy;

	set_authorities(link);
	curl_easy_setopt(easy, CURLOPT_USE_SSL,
			 set->tls == TLS_NONE ? CURLUSESSL_NONE : CURLUSESSL_ALL);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, tls_minimums[set->tls_min]);
	/* The name is judged in the verify callback, apart from trust and dates. */
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_ENABLE_ALPN, 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_ssl_context);
	curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, link);
	curl_easy_setopt(easy, CURLOPT_SSLCERT, set->client_certificate);
	curl_easy_setopt(easy, CURLOPT_SSLKEY, set->client_key);
}

static void set_callbacks(struct link *link)
{
	CURL *easy = link->easy;

	curl_easy_setopt(easy, CURLOPT_PRIVATE, link);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, link->error);
	curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
	curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, on_debug);
	curl_easy_setopt(easy, CURLOPT_DEBUGDATA, link);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, link);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close_socket);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, link);
}

static bool set_up(struct link *link, const struct link_params *params)
{
	const struct target_settings *set = &link->target->set;
	CURL *easy = link->easy;
	/* Its own clocks must not run out before ours. */
	long patience = (long)(set->timeout / USEC_PER_SEC) + 60;

	set_callbacks(link);
	set_tls(link);
	curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)BUFFER_SIZE);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, patience);
	curl_easy_setopt(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, patience);
	curl_easy_setopt(easy, CURLOPT_INTERFACE, set->source_address);
	return build_url(link, params->ehlo_name) &&
	       !curl_easy_setopt(easy, CURLOPT_CURLU, link->url) &&
	       set_destination(link, params) && set_proxy(link, params->via);
}

struct link *link_open(struct transport *transport, const struct link_params *params,
		       struct error *err)
{
	struct link *link = calloc(1, sizeof(*link));

	if (!link || !(link->easy = curl_easy_init())) {
		free(link);
		error_set(err, "no memory for another connection");
		return NULL;
	}
	link->transport = transport;
	link->target = params->target;
	link->events = *params->events;
	link->owner = params->owner;
	link->kept = CURL_SOCKET_BAD;
	link->tls = (struct tls_watch){ .host = params->target->set.server_name,
					.insecure = params->target->set.insecure,
					.say = on_tls_event,
					.owner = link };
	if (set_up(link, params) && !curl_multi_add_handle(transport->multi, link->easy))
		return link;
	error_set(err, "libcurl refuses these settings: %s",
		  link->error[0] ? link->error : "unknown reason");
	link_close(link, false);
	return NULL;
}

struct transport *transport_create(struct uv_loop_s *loop, bool one_shot,
				   struct error *err)
{
	struct transport *transport = calloc(1, sizeof(*transport));

	if (!transport || !(transport->multi = curl_multi_init())) {
		free(transport);
		error_set(err, "libcurl cannot be started");
		return NULL;
	}
	transport->loop = loop;
	transport->one_shot = one_shot;
	uv_timer_init(loop, &transport->timer);
	transport->timer.data = transport;
	curl_multi_setopt(transport->multi, CURLMOPT_SOCKETFUNCTION, on_interest);
	curl_multi_setopt(transport->multi, CURLMOPT_SOCKETDATA, transport);
	curl_multi_setopt(transport->multi, CURLMOPT_TIMERFUNCTION, on_timer_wanted);
	curl_multi_setopt(transport->multi, CURLMOPT_TIMERDATA, transport);
	return transport;
}

static void transport_is_closed(uv_handle_t *timer)
{
	free(timer->data);
}

void transport_destroy(struct transport *transport)
{
	if (!transport)
		return;
	curl_multi_cleanup(transport->multi);
	uv_close((uv_handle_t *)&transport->timer, transport_is_closed);
}
