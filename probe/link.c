/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/link.h"

#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe/link_ending.h"
#include "probe/socket_watch.h"
#include "probe/tls_watch.h"
#include "probe/wire.h"

enum { RAW_SHOWN = 32 };

enum link_state {
	LINK_CARRIED, /* libcurl speaks */
	LINK_TALKING, /* we do, on the wire */
	LINK_OVER
};

struct link {
	struct carried carried; /* first: found again from it */
	struct transport *transport;
	const struct target *target;
	struct link_events events;
	void *owner;
	enum link_state state;
	CURL *easy;
	struct link_setup setup;
	char error[CURL_ERROR_SIZE];

	struct wire *wire;  /* in LINK_TALKING */
	curl_socket_t kept; /* libcurl gave up in cleartext and left it */
	struct socket_watch socket;
	bool tunnelled, spoke, looked_at_bytes;
	bool peer_closed, peer_reset;
	bool last_word;   /* say QUIT when the socket is closed */
	int socket_errno; /* why no socket could be had */
	struct tls_watch tls;

	bool stop_wanted;
	enum ending stop_ending;
	char stop_detail[160];
};

/* ---- what the socket tells, before libcurl looks ---- */

static void note_connected(struct link *link, curl_socket_t socket)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);

	if (link->socket.connected ||
	    getpeername(socket, (struct sockaddr *)&peer, &len) < 0)
		return;
	socket_watch_connected(&link->socket);
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
 * speaks TLS or another protocol would only be seen as silent. Its first bytes are
 * looked at in the socket, and libcurl is kept from taking them before: false when
 * there are none yet.
 */
static bool look_at_first_bytes(struct link *link, curl_socket_t socket)
{
	unsigned char bytes[RAW_SHOWN];
	char event[5 * RAW_SHOWN];
	ssize_t count;

	if (link->looked_at_bytes || link->spoke || !link->socket.connected ||
	    link->target->set.tls == TLS_IMPLICIT || link->target->set.via)
		return true;
	count = recv(socket, bytes, sizeof(bytes), MSG_PEEK | MSG_DONTWAIT);
	if (count < 0 && errno == EAGAIN)
		return false;
	link->looked_at_bytes = true;
	if (count <= 0 || begins_like_a_reply(bytes, (size_t)count))
		return true;
	print_raw(event, sizeof(event), bytes, (size_t)count);
	link->events.note(link->owner, event);
	link_stop(link, ENDING_PROTOCOL, "the first bytes are no SMTP greeting");
	return true;
}

static bool on_socket_ready(struct carried *carried, int socket)
{
	struct link *link = (struct link *)carried;

	link->socket.heard = true;
	note_connected(link, socket);
	return look_at_first_bytes(link, socket);
}

/* ---- what libcurl tells of a connection ---- */

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

/* Lines to and from an HTTP proxy come the same way as the server's. */
static bool speaks_to_proxy(const struct link *link)
{
	return !link->tunnelled && link->target->set.via &&
	       str_starts_nocase(str_of(link->target->set.via), STR("http://"));
}

/* Its answer is worth an event; the empty line behind it begins the tunnel. */
static void take_proxy_line(struct link *link, struct str line)
{
	char event[200];

	line = str_trim(line);
	if (line.len == 0)
		link->tunnelled = true;
	if (!str_starts(line, STR("HTTP/")))
		return;
	snprintf(event, sizeof(event), "proxy %.*s", (int)line.len, line.at);
	link->events.note(link->owner, event);
}

static int on_debug(CURL *easy, curl_infotype type, char *data, size_t len, void *owner)
{
	struct link *link = owner;
	struct str line = { data, len };

	(void)easy;
	if (link->stop_wanted)
		return 0;
	if (type != CURLINFO_HEADER_IN && type != CURLINFO_HEADER_OUT)
		return 0;
	if (speaks_to_proxy(link)) { /* what goes out holds the proxy's password */
		if (type == CURLINFO_HEADER_IN)
			take_proxy_line(link, line);
	} else if (type == CURLINFO_HEADER_IN) {
		link->spoke = true;
		write_starttls_large(data, len);
		link->events.line(link->owner, DIRECTION_SERVER, line);
	} else {
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
	if (made < 0) {
		link->socket_errno = errno;
		return CURL_SOCKET_BAD;
	}
	socket_watch_open(&link->socket, made, address->family);
	return made;
}

void link_note_socket(struct link *link)
{
	if (link && !link->socket_errno)
		socket_watch_tell(&link->socket, link->events.note, link->owner);
}

/*
 * How the peer left, from the state of the TCP connection. Not once TLS was on: the
 * close_notify that libcurl sends to a peer that has gone makes it reset.
 */
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
		link->peer_closed =
			recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
	}
}

/* Nobody waits for the reply: the session is over, this is for the server's log. */
static void say_last_word(struct link *link, curl_socket_t socket)
{
	static const char quit[] = "QUIT\r\n";
	const size_t len = sizeof(quit) - 1;

	if (send(socket, quit, len, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)len)
		link->events.line(link->owner, DIRECTION_CLIENT,
		                  (struct str){ quit, len });
}

/*
 * When libcurl gives up in cleartext (no STARTTLS, a refused greeting), the peer
 * still waits for a QUIT. The socket is kept for it instead of closed.
 */
static int on_close_socket(void *owner, curl_socket_t socket)
{
	struct link *link = owner;

	if (link && socket == link->socket.socket)
		socket_watch_read(&link->socket);
	if (link && link->state == LINK_CARRIED && link->socket.connected &&
	    !link->tls.started) {
		note_peer_state(link, socket);
		if (!link->peer_closed && !link->peer_reset &&
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

/* ---- lines of our own ---- */

static void fail(struct link *link, enum ending ending, const char *detail)
{
	link->state = LINK_OVER;
	link->events.failed(link->owner, ending, detail);
}

static void on_wire_line(void *owner, struct str line)
{
	struct link *link = owner;

	if (link_can_talk(link))
		link->events.line(link->owner, DIRECTION_SERVER, line);
}

static void on_wire_end(void *owner, enum wire_end end)
{
	struct link *link = owner;

	if (!link_can_talk(link))
		return;
	switch (end) {
	case WIRE_CLOSED:
		fail(link, ENDING_CLOSED, "");
		break;
	case WIRE_RESET:
		fail(link, ENDING_RESET, "");
		break;
	case WIRE_LINE_TOO_LONG:
		fail(link, ENDING_PROTOCOL, "a line longer than 12288 bytes");
		break;
	}
}

static const struct wire_events wire_events = { .line = on_wire_line,
	                                        .end = on_wire_end };

void link_send_line(struct link *link, struct str line)
{
	if (link_can_talk(link))
		wire_send_line(link->wire, line);
}

/* ---- beginning and end ---- */

/* From here on the lines are ours: through libcurl, or on the socket that it left. */
static bool start_talking(struct link *link, CURL *easy, curl_socket_t socket)
{
	link->wire = wire_create(link->transport, easy, socket, &wire_events, link);
	if (link->wire)
		link->state = LINK_TALKING;
	return link->wire != NULL;
}

static void become_ready(struct link *link)
{
	curl_socket_t socket = CURL_SOCKET_BAD;

	curl_easy_getinfo(link->easy, CURLINFO_ACTIVESOCKET, &socket);
	if (start_talking(link, link->easy, socket))
		link->events.ready(link->owner);
	else
		fail(link, ENDING_LOCAL, strerror(ENOMEM));
}

/* After libcurl has given up; `kept` may still carry a QUIT. */
static void become_failed(struct link *link, enum ending ending, const char *detail)
{
	link->state = LINK_OVER;
	if (link->kept != CURL_SOCKET_BAD && ending == ENDING_REPLY)
		(void)start_talking(link, NULL, link->kept);
	link->events.failed(link->owner, ending, detail);
}

static int os_errno_of(const struct link *link)
{
	long number = 0;

	curl_easy_getinfo(link->easy, CURLINFO_OS_ERRNO, &number);
	return (int)number;
}

static void on_done(struct carried *carried, int code)
{
	struct link *link = (struct link *)carried;
	struct link_remains remains = {
		.code = code,
		.text = link->error,
		.os_errno = os_errno_of(link),
		.socket_errno = link->socket_errno,
		.via_proxy = link->target->set.via != NULL,
		.spoke = link->spoke,
		.tls_started = link->tls.started,
		.peer_reset = link->peer_reset,
	};
	char copy[CURL_ERROR_SIZE];
	const char *detail;
	enum ending ending;

	if (code == CURLE_COULDNT_CONNECT)
		link->socket.connect_errno = remains.os_errno;
	remains.at_once = socket_watch_failed_at_once(&link->socket);
	if (link->stop_wanted) /* on_deferred() tells */
		return;
	if (code == CURLE_OK) {
		become_ready(link);
		return;
	}
	ending = link_ending_of(&remains, &detail);
	snprintf(copy, sizeof(copy), "%s", detail);
	become_failed(link, ending, copy);
}

static void on_deferred(struct carried *carried)
{
	struct link *link = (struct link *)carried;

	link->stop_wanted = false;
	fail(link, link->stop_ending, link->stop_detail);
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
	transport_defer(link->transport, &link->carried);
}

void link_close(struct link *link, bool say_quit)
{
	if (!link)
		return;
	link->last_word = say_quit && link->state == LINK_CARRIED && link->spoke &&
	                  !link->tls.started;
	link->state = LINK_OVER;
	wire_destroy(link->wire);
	transport_remove(link->transport, link->easy, &link->carried);
	curl_easy_cleanup(link->easy);
	if (link->kept != CURL_SOCKET_BAD)
		close(link->kept);
	link_setup_release(&link->setup);
	free(link);
}

bool link_can_talk(const struct link *link)
{
	return link && link->state == LINK_TALKING;
}

bool link_is_encrypted(const struct link *link)
{
	return link->tls.done;
}

struct str link_binding(const struct link *link, bool *is_exporter)
{
	*is_exporter = link->tls.binding_is_exporter;
	return (struct str){ (const char *)link->tls.binding, link->tls.binding_len };
}

static void set_callbacks(struct link *link)
{
	CURL *easy = link->easy;

	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, link->error);
	curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
	curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, on_debug);
	curl_easy_setopt(easy, CURLOPT_DEBUGDATA, link);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, link);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close_socket);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, link);
	curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_ssl_context);
	curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, link);
}

static struct link *create(struct transport *transport, const struct link_route *route,
                           const struct link_events *events, void *owner)
{
	struct link *link = calloc(1, sizeof(*link));

	if (!link || !(link->easy = curl_easy_init())) {
		free(link);
		return NULL;
	}
	link->carried = (struct carried){ .socket_ready = on_socket_ready,
		                          .done = on_done,
		                          .deferred = on_deferred };
	link->transport = transport;
	link->target = route->target;
	link->events = *events;
	link->owner = owner;
	link->kept = CURL_SOCKET_BAD;
	link->socket.socket = -1;
	if (route->via || route->address)
		link->socket.peer = route->via ? *route->via : *route->address;
	link->tls = (struct tls_watch){ .host = route->target->set.server_name,
		                        .insecure = route->target->set.insecure,
		                        .say = on_tls_event,
		                        .owner = link };
	set_callbacks(link);
	return link;
}

struct link *link_open(struct transport *transport, const struct link_route *route,
                       const struct link_events *events, void *owner, struct error *err)
{
	struct link *link = create(transport, route, events, owner);

	if (!link) {
		error_set(err, "no memory for another connection");
		return NULL;
	}
	if (link_setup_apply(&link->setup, link->easy, route,
	                     transport_is_one_shot(transport)) &&
	    transport_add(transport, link->easy, &link->carried))
		return link;
	error_set(err, "libcurl does not take these settings: %s",
	          link->error[0] ? link->error : "it says no more");
	link_close(link, false);
	return NULL;
}
