/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/transport.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <uv.h>

#include "probe/clock.h"

/*
 * For so long one turn of the loop serves sockets. The others are still ready in the
 * next turn, and timers come between. A handshake takes about a millisecond.
 */
#define TURN_MAX (4 * USEC_PER_MSEC)

/* libcurl begins all new connections in one callback, with 0.1 to 0.5 ms for each. */
enum { STARTS_PER_TURN = 4 };

struct transport {
	uv_loop_t *loop;
	CURLM *multi;
	uv_timer_t timer;
	uv_check_t turn_end;
	int open_handles;
	bool one_shot;
	usec turn_began; /* with the first socket; 0 = none was ready yet */
	int started;     /* in this turn */
	struct carried *deferred;
	struct carried *waiting, **waiting_end; /* for a turn to start in */
};

/* Outlives the socket until libuv lets go of it. */
struct watch {
	uv_poll_t poll;
	struct transport *transport;
	int socket;
	int events;              /* libuv's, as last asked for */
	int owed;                /* CURL_CSELECT_ that libcurl has not been told yet */
	struct carried *carried; /* libcurl's socket: whose; else NULL */
	watch_ready *ready;      /* our own socket; NULL when dropped */
	void *owner;
};

/* ---- sockets ---- */

static void watch_is_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void watch_drop(struct watch *watch)
{
	if (!watch)
		return;
	watch->ready = NULL;
	watch->carried = NULL;
	uv_poll_stop(&watch->poll);
	uv_close((uv_handle_t *)&watch->poll, watch_is_closed);
}

struct watch *watch_create(struct transport *transport, int socket, watch_ready *ready,
                           void *owner)
{
	struct watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return NULL;
	watch->transport = transport;
	watch->socket = socket;
	watch->ready = ready;
	watch->owner = owner;
	if (uv_poll_init_socket(transport->loop, &watch->poll, socket) < 0) {
		free(watch);
		return NULL;
	}
	watch->poll.data = watch;
	return watch;
}

static bool turn_is_over(struct transport *transport)
{
	usec now = clock_now();

	if (!transport->turn_began)
		transport->turn_began = now;
	return now - transport->turn_began > TURN_MAX;
}

static void on_own_socket(uv_poll_t *poll, int status, int events)
{
	struct watch *watch = poll->data;

	if (status == 0 && turn_is_over(watch->transport))
		return;
	/* An error makes reading tell which; libuv has stopped the watch by itself. */
	if (watch->ready)
		watch->ready(watch->owner,
		             status < 0 ? WATCH_READABLE
		                        : (events & UV_READABLE ? WATCH_READABLE : 0) |
		                                  (events & UV_WRITABLE ? WATCH_WRITABLE
		                                                        : 0));
}

void watch_for(struct watch *watch, int events)
{
	int wanted = (events & WATCH_READABLE ? UV_READABLE : 0) |
	             (events & WATCH_WRITABLE ? UV_WRITABLE : 0);

	if (watch->events == wanted && uv_is_active((uv_handle_t *)&watch->poll))
		return;
	watch->events = wanted;
	uv_poll_start(&watch->poll, wanted, on_own_socket);
}

/* ---- what is over ---- */

static void run_deferred(struct transport *transport)
{
	while (transport->deferred) {
		struct carried *carried = transport->deferred;

		transport->deferred = carried->next_deferred;
		carried->is_deferred = false;
		carried->deferred(carried);
	}
}

/* Outside of libcurl: tells owners what became of their handles. */
static void settle(struct transport *transport)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(transport->multi, &left)) != NULL) {
		struct carried *carried = NULL;

		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE,
		                  (char **)&carried);
		carried->done(carried, (int)message->data.result);
	}
	run_deferred(transport);
}

void transport_defer(struct transport *transport, struct carried *carried)
{
	if (carried->is_deferred)
		return;
	carried->is_deferred = true;
	carried->next_deferred = transport->deferred;
	transport->deferred = carried;
}

static void forget_deferred(struct transport *transport, struct carried *carried)
{
	struct carried **place = &transport->deferred;

	while (*place && *place != carried)
		place = &(*place)->next_deferred;
	if (*place)
		*place = carried->next_deferred;
	carried->is_deferred = false;
}

/* ---- libcurl on libuv ---- */

static void on_carried_socket(uv_poll_t *poll, int status, int events)
{
	struct watch *watch = poll->data;
	struct transport *transport = watch->transport;
	int flags = 0, running;

	if (status == 0 && turn_is_over(transport))
		return;
	if (status < 0)
		flags = CURL_CSELECT_ERR | CURL_CSELECT_IN;
	if (events & UV_READABLE)
		flags |= CURL_CSELECT_IN;
	if (events & UV_WRITABLE)
		flags |= CURL_CSELECT_OUT;
	flags |= watch->owed;
	watch->owed = 0;
	if (watch->carried && status >= 0 &&
	    !watch->carried->socket_ready(watch->carried, watch->socket)) {
		watch->owed = flags;
		uv_poll_start(poll, UV_READABLE, on_carried_socket);
		return;
	}
	curl_multi_socket_action(transport->multi, watch->socket, flags, &running);
	/* libuv stops a watch that reports an error; libcurl may not have read it all.
	 */
	if (status < 0 && watch->carried && !uv_is_active((uv_handle_t *)poll))
		uv_poll_start(poll, watch->events, on_carried_socket);
	settle(transport);
}

static struct watch *watch_for_libcurl(struct transport *transport, CURL *easy,
                                       curl_socket_t socket)
{
	struct watch *watch = watch_create(transport, socket, NULL, NULL);

	if (watch)
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&watch->carried);
	curl_multi_assign(transport->multi, socket, watch);
	return watch;
}

static int on_interest(CURL *easy, curl_socket_t socket, int what, void *owner,
                       void *socket_owner)
{
	struct transport *transport = owner;
	struct watch *watch = socket_owner;

	if (what == CURL_POLL_REMOVE) {
		watch_drop(watch);
		curl_multi_assign(transport->multi, socket, NULL);
		return 0;
	}
	if (!watch)
		watch = watch_for_libcurl(transport, easy, socket);
	if (!watch)
		return -1;
	watch->events = (what & CURL_POLL_IN ? UV_READABLE : 0) |
	                (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
	uv_poll_start(&watch->poll, watch->events, on_carried_socket);
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

/* ---- beginning and end ---- */

static bool start(struct transport *transport, struct carried *carried)
{
	transport->started++;
	return curl_multi_add_handle(transport->multi, carried->easy) == CURLM_OK;
}

static void wait_for_turn(struct transport *transport, struct carried *carried)
{
	carried->is_waiting = true;
	carried->next_waiting = NULL;
	*transport->waiting_end = carried;
	transport->waiting_end = &carried->next_waiting;
}

static void stop_waiting(struct transport *transport, struct carried *carried)
{
	struct carried **place = &transport->waiting;

	if (!carried->is_waiting)
		return;
	while (*place != carried)
		place = &(*place)->next_waiting;
	*place = carried->next_waiting;
	if (!*place)
		transport->waiting_end = place;
	carried->is_waiting = false;
}

/* libcurl wants a timer at once for what is added, so a next turn is certain. */
static void on_turn_end(uv_check_t *turn_end)
{
	struct transport *transport = turn_end->data;

	transport->turn_began = 0;
	transport->started = 0;
	while (transport->waiting && transport->started < STARTS_PER_TURN) {
		struct carried *carried = transport->waiting;

		stop_waiting(transport, carried);
		if (!start(transport, carried))
			carried->done(carried, CURLE_OUT_OF_MEMORY);
	}
}

bool transport_add(struct transport *transport, void *easy, struct carried *carried)
{
	carried->easy = easy;
	if (curl_easy_setopt(easy, CURLOPT_PRIVATE, carried) != CURLE_OK)
		return false;
	if (transport->started < STARTS_PER_TURN)
		return start(transport, carried);
	wait_for_turn(transport, carried);
	return true;
}

void transport_remove(struct transport *transport, void *easy, struct carried *carried)
{
	forget_deferred(transport, carried);
	stop_waiting(transport, carried);
	curl_multi_remove_handle(transport->multi, easy);
}

bool transport_is_one_shot(const struct transport *transport)
{
	return transport->one_shot;
}

static void init_handles(struct transport *transport)
{
	uv_timer_init(transport->loop, &transport->timer);
	transport->timer.data = transport;
	uv_check_init(transport->loop, &transport->turn_end);
	transport->turn_end.data = transport;
	uv_check_start(&transport->turn_end, on_turn_end);
	/* The end of a turn alone is no reason for another. */
	uv_unref((uv_handle_t *)&transport->turn_end);
	transport->open_handles = 2;
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
	transport->waiting_end = &transport->waiting;
	init_handles(transport);
	curl_multi_setopt(transport->multi, CURLMOPT_SOCKETFUNCTION, on_interest);
	curl_multi_setopt(transport->multi, CURLMOPT_SOCKETDATA, transport);
	curl_multi_setopt(transport->multi, CURLMOPT_TIMERFUNCTION, on_timer_wanted);
	curl_multi_setopt(transport->multi, CURLMOPT_TIMERDATA, transport);
	return transport;
}

static void handle_is_closed(uv_handle_t *handle)
{
	struct transport *transport = handle->data;

	if (--transport->open_handles == 0)
		free(transport);
}

void transport_destroy(struct transport *transport)
{
	if (!transport)
		return;
	curl_multi_cleanup(transport->multi);
	uv_close((uv_handle_t *)&transport->timer, handle_is_closed);
	uv_close((uv_handle_t *)&transport->turn_end, handle_is_closed);
}
