/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/contact.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <unistd.h>
#include <uv.h>

#include "probe/address.h"
#include "tests/unit/peer.h"
#include "tests/unit/row.h"

/* Nothing takes that long; a test that is to wait for the end of patience has LITTLE.
 */
#define PLENTY (20 * USEC_PER_SEC)
#define LITTLE (100 * USEC_PER_MSEC)
#define PAUSE  (300 * USEC_PER_MSEC)

static int count_descriptors(void)
{
	DIR *all = opendir("/proc/self/fd");
	int count = 0;

	assert_non_null(all);
	while (readdir(all))
		count++;
	closedir(all);
	return count;
}

static const char *const places[] = { "127.0.0.1", "::1" };

/* ---- one contact ---- */

/* What came of a contact. */
struct result {
	struct contact_report report;
	bool started; /* contact_start() has returned */
	int calls, early;
};

static void on_done(void *owner, const struct contact_report *report)
{
	struct result *result = owner;

	result->report = *report;
	result->early += !result->started;
	result->calls++;
}

static struct contact_wish wish_for(const char *address, int port,
                                    enum contact_step step)
{
	struct contact_wish wish = { .port = port,
		                     .step = step,
		                     .ehlo_name = "client.example",
		                     .patience = PLENTY };

	assert_true(address_parse(&wish.address, address));
	return wish;
}

static struct contact *start(uv_loop_t *loop, const struct contact_wish *wish,
                             struct result *result)
{
	struct contact *contact;

	*result = (struct result){ .calls = 0 };
	contact = contact_start(loop, wish, on_done, result);
	result->started = true;
	return contact;
}

/* Every handle must be closed in the end. */
static void run(uv_loop_t *loop)
{
	uv_run(loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(loop), 0);
}

static struct contact_report make_contact(const struct contact_wish *wish)
{
	struct result result;
	uv_loop_t loop;

	uv_loop_init(&loop);
	start(&loop, wish, &result);
	run(&loop);
	assert_int_equal(result.calls, 1);
	assert_int_equal(result.early, 0);
	return result.report;
}

/* A port that is taken and where nobody listens. */
static int take_port(const char *place, int *port)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	int made;

	assert_true(address_parse(&address, place));
	made = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(made, (struct sockaddr *)&address, len), 0);
	assert_int_equal(getsockname(made, (struct sockaddr *)&address, &len), 0);
	*port = ntohs(((struct sockaddr_in *)&address)->sin_port);
	return made;
}

/* ---- what a peer does ---- */

#define EHLO   "EHLO client.example\r\n"
#define HELLOS "<220 mx.example\r\n", ">", "<250-mx.example\r\n250 STARTTLS\r\n"

static const struct row {
	const char *claim;
	enum contact_step step;
	bool tls_first, small_hello;
	const char *steps[PEER_STEPS_MAX];
	enum contact_outcome outcome;
	enum contact_step reached;
	const char *heard;
	const char *last;
	bool mute; /* the end of patience is waited for */
} rows[] = {
	/* clang-format off */
	{ "connect", CONTACT_CONNECT, false, false, { NULL },
	  CONTACT_ANSWERED, CONTACT_CONNECT, "", "", false },
	{ "greeting", CONTACT_GREETING, false, false, { "<220 mx.example\r\n" },
	  CONTACT_ANSWERED, CONTACT_GREETING, "", "220 mx.example", false },
	{ "ehlo", CONTACT_EHLO, false, false, { HELLOS },
	  CONTACT_ANSWERED, CONTACT_EHLO, EHLO "QUIT\r\n", "250 STARTTLS", false },
	{ "noop", CONTACT_NOOP, false, false, { HELLOS, ">", "<250 ok\r\n" },
	  CONTACT_ANSWERED, CONTACT_NOOP, EHLO "NOOP\r\nQUIT\r\n", "250 ok", false },
	{ "helo", CONTACT_HELO, false, false, { "<220 a\r\n", ">", "<250 ok\r\n" },
	  CONTACT_ANSWERED, CONTACT_HELO, "HELO client.example\r\nQUIT\r\n", "250 ok",
	  false },
	{ "starttls", CONTACT_STARTTLS, false, false, { HELLOS, ">", "<220 go\r\n" },
	  CONTACT_ANSWERED, CONTACT_STARTTLS, EHLO "STARTTLS\r\n", "220 go", false },
	{ "tls", CONTACT_TLS, false, false,
	  { HELLOS, ">", "<220 go\r\n", "!", ">", "<250-a\r\n250 AUTH PLAIN\r\n" },
	  CONTACT_ANSWERED, CONTACT_TLS, EHLO "STARTTLS\r\n" EHLO "QUIT\r\n",
	  "250 AUTH PLAIN", false },
	{ "small hello", CONTACT_TLS, false, true,
	  { HELLOS, ">", "<220 go\r\n", "!", ">", "<250-a\r\n250 AUTH PLAIN\r\n" },
	  CONTACT_ANSWERED, CONTACT_TLS, EHLO "STARTTLS\r\n" EHLO "QUIT\r\n",
	  "250 AUTH PLAIN", false },
	{ "tls at once", CONTACT_TLS, true, false,
	  { "!", "<220 a\r\n", ">", "<250-a\r\n250 AUTH PLAIN\r\n" },
	  CONTACT_ANSWERED, CONTACT_TLS, EHLO "QUIT\r\n", "250 AUTH PLAIN", false },
	{ "refused greeting", CONTACT_EHLO, false, false, { "<554 no\r\n" },
	  CONTACT_REFUSED_COMMAND, CONTACT_CONNECT, "QUIT\r\n", "554 no", false },
	{ "refused ehlo", CONTACT_EHLO, false, false,
	  { "<220 a\r\n", ">", "<502 no\r\n" },
	  CONTACT_REFUSED_COMMAND, CONTACT_GREETING, EHLO "QUIT\r\n", "502 no", false },
	{ "refused starttls", CONTACT_TLS, false, false, { HELLOS, ">", "<454 no\r\n" },
	  CONTACT_REFUSED_COMMAND, CONTACT_EHLO, EHLO "STARTTLS\r\nQUIT\r\n", "454 no",
	  false },
	{ "closing reply, then closed", CONTACT_EHLO, false, false,
	  { "<421 later\r\n", "|" },
	  CONTACT_REFUSED_COMMAND, CONTACT_CONNECT, "", "421 later", false },
	{ "http", CONTACT_EHLO, false, false, { "<HTTP/1.1 400 Bad Request\r\n\r\n" },
	  CONTACT_STRANGE, CONTACT_CONNECT, "", "HTTP/1.1 400 Bad Request", false },
	{ "ssh", CONTACT_GREETING, false, false, { "<SSH-2.0-x\r\n" },
	  CONTACT_STRANGE, CONTACT_CONNECT, "", "SSH-2.0-x", false },
	{ "tls record", CONTACT_EHLO, false, false, { "?" },
	  CONTACT_STRANGE, CONTACT_CONNECT, "", NULL, false },
	{ "no line end", CONTACT_EHLO, false, false, { "<garbage" },
	  CONTACT_STRANGE, CONTACT_CONNECT, "", "garbage", false },
	{ "no line end, then closed", CONTACT_EHLO, false, false, { "<garbage", "|" },
	  CONTACT_STRANGE, CONTACT_CONNECT, "", "garbage", false },
	{ "no line end when patience ends", CONTACT_EHLO, false, false, { "<garbage" },
	  CONTACT_STRANGE, CONTACT_CONNECT, "", "garbage", true },
	{ "mute", CONTACT_GREETING, false, false, { NULL },
	  CONTACT_MUTE, CONTACT_CONNECT, "", "", true },
	{ "mute in a line", CONTACT_GREETING, false, false, { "<220 a" },
	  CONTACT_MUTE, CONTACT_CONNECT, "", "", true },
	{ "mute at ehlo", CONTACT_EHLO, false, false, { "<220 a\r\n", ">" },
	  CONTACT_MUTE, CONTACT_GREETING, EHLO, "220 a", true },
	{ "mute in the handshake", CONTACT_TLS, false, false,
	  { HELLOS, ">", "<220 go\r\n" },
	  CONTACT_MUTE, CONTACT_STARTTLS, NULL, "220 go", true },
	{ "mute in tls", CONTACT_TLS, true, false, { "!" },
	  CONTACT_MUTE, CONTACT_CONNECT, "", "", true },
	{ "closed", CONTACT_GREETING, false, false, { "|" },
	  CONTACT_CLOSED, CONTACT_CONNECT, "", "", false },
	{ "closed in a line", CONTACT_GREETING, false, false, { "<220 a", "|" },
	  CONTACT_CLOSED, CONTACT_CONNECT, "", "", false },
	{ "closed at ehlo", CONTACT_EHLO, false, false, { "<220 a\r\n", ">", "|" },
	  CONTACT_CLOSED, CONTACT_GREETING, EHLO, "220 a", false },
	{ "closed in the handshake", CONTACT_TLS, false, false,
	  { HELLOS, ">", "<220 go\r\n", "*", "|" },
	  CONTACT_CLOSED, CONTACT_STARTTLS, NULL, "220 go", false },
	{ "closed in tls", CONTACT_TLS, true, false, { "!", "|" },
	  CONTACT_CLOSED, CONTACT_CONNECT, "", "", false },
	{ "reset", CONTACT_GREETING, false, false, { "#" },
	  CONTACT_RESET, CONTACT_CONNECT, "", "", false },
	{ "reset at ehlo", CONTACT_EHLO, false, false, { "<220 a\r\n", ">", "#" },
	  CONTACT_RESET, CONTACT_GREETING, EHLO, "220 a", false },
	{ "reset in the handshake", CONTACT_TLS, false, false,
	  { HELLOS, ">", "<220 go\r\n", "*", "#" },
	  CONTACT_RESET, CONTACT_STARTTLS, NULL, "220 go", false },
	{ "nonsense in the handshake", CONTACT_TLS, true, false, { "?" },
	  CONTACT_HANDSHAKE, CONTACT_CONNECT, NULL, "", false },
	{ "cleartext where tls is due", CONTACT_TLS, true, false, { "<220 mx ESMTP\r\n" },
	  CONTACT_STRANGE, CONTACT_CONNECT, NULL, NULL, false },
	{ "cleartext behind starttls", CONTACT_TLS, false, false,
	  { HELLOS, ">", "<220 go\r\n", "<500 what?\r\n" },
	  CONTACT_STRANGE, CONTACT_STARTTLS, NULL, NULL, false },
	/* clang-format on */
};

static void check_row(const struct row *row, const char *place)
{
	struct contact_report report;
	struct contact_wish wish;
	struct peer peer;

	peer_start(&peer, place, row->steps, false);
	wish = wish_for(place, peer.port, row->step);
	wish.tls_first = row->tls_first;
	wish.small_hello = row->small_hello;
	wish.patience = row->mute ? LITTLE : PLENTY;
	report = make_contact(&wish);
	peer_join(&peer);
	CHECK_TEXT(row->claim, contact_outcome_word(report.outcome),
	           contact_outcome_word(row->outcome));
	CHECK_INT(row->claim, report.reached, row->reached);
	CHECK(row->claim, report.connected);
	CHECK_INT(row->claim, report.error, 0);
	CHECK(row->claim, !peer.was_torn);
	CHECK(row->claim, report.socket.tcp.found);
	if (row->heard)
		CHECK_TEXT(row->claim, peer.heard, row->heard);
	if (row->last)
		CHECK_TEXT(row->claim, report.last, row->last);
	CHECK(row->claim, report.took < PLENTY / 2);
	if (row->mute)
		CHECK(row->claim, report.took >= LITTLE);
}

static void each_peer_is_told_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_row(&rows[i], places[i % COUNT(places)]);
}

/* Bytes of the shortest certificate that there is. */
enum { CERTIFICATE_MIN = 200 };

static void tls_is_reported(void **state)
{
	static const char *const steps[] = {
		HELLOS, ">", "<220 go\r\n", "!", ">", "<250-a\r\n250 AUTH PLAIN\r\n",
		NULL
	};
	struct contact_report report;
	struct contact_wish wish;
	struct peer peer;

	(void)state;
	peer_start(&peer, "::1", steps, false);
	wish = wish_for("::1", peer.port, CONTACT_TLS);
	wish.server_name = "mx.example";
	report = make_contact(&wish);
	peer_join(&peer);
	assert_true(report.encrypted);
	assert_string_equal(report.subject, "CN=mx.example");
	assert_string_equal(report.issuer, "CN=mx.example");
	assert_string_equal(report.before, "STARTTLS");
	assert_string_equal(report.after, "AUTH=PLAIN");
	assert_string_equal(report.first, "220 mx.example");
	assert_true(peer.heard_goodbye);
	/* Counted when all was said, not when the connection stood. */
	assert_true(report.socket.tcp.received > CERTIFICATE_MIN);
}

static void alert_is_reported(void **state)
{
	static const char *const steps[] = { "!", NULL };
	struct contact_report report;
	struct contact_wish wish;
	struct peer peer;

	(void)state;
	peer_start(&peer, "127.0.0.1", steps, true);
	wish = wish_for("127.0.0.1", peer.port, CONTACT_TLS);
	wish.tls_first = wish.small_hello = true;
	report = make_contact(&wish);
	peer_join(&peer);
	assert_int_equal(report.outcome, CONTACT_ALERT);
	assert_string_equal(report.alert, "protocol version");
	assert_false(report.encrypted);
}

static void tls_record_is_reported(void **state)
{
	static const char *const steps[] = { "?", NULL };
	struct contact_report report;
	struct contact_wish wish;
	struct peer peer;

	(void)state;
	peer_start(&peer, "127.0.0.1", steps, false);
	wish = wish_for("127.0.0.1", peer.port, CONTACT_EHLO);
	report = make_contact(&wish);
	peer_join(&peer);
	assert_int_equal(report.outcome, CONTACT_STRANGE);
	assert_true(report.is_tls);
	assert_true(report.took >= PAUSE);
}

static void bytes_before_a_reset_count(void **state)
{
	static const char *const steps[] = { "<554 no\r\n", "#", NULL };
	struct contact_report report;
	struct contact_wish wish;
	struct peer peer;
	uv_loop_t loop;
	struct result result;

	(void)state;
	peer_start(&peer, "127.0.0.1", steps, false);
	wish = wish_for("127.0.0.1", peer.port, CONTACT_GREETING);
	uv_loop_init(&loop);
	start(&loop, &wish, &result);
	/* All has happened before the loop looks for the first time. */
	peer_join(&peer);
	run(&loop);
	report = result.report;
	assert_true(report.connected);
	assert_int_equal(report.outcome, CONTACT_REFUSED_COMMAND);
	assert_string_equal(report.last, "554 no");
}

static void reset_before_the_first_look_is_one(void **state)
{
	static const char *const steps[] = { "#", NULL };
	struct contact_wish wish;
	struct peer peer;
	uv_loop_t loop;
	struct result result;

	(void)state;
	peer_start(&peer, "127.0.0.1", steps, false);
	wish = wish_for("127.0.0.1", peer.port, CONTACT_GREETING);
	uv_loop_init(&loop);
	start(&loop, &wish, &result);
	peer_join(&peer);
	run(&loop);
	assert_true(result.report.connected);
	assert_int_equal(result.report.error, 0);
	assert_int_equal(result.report.outcome, CONTACT_RESET);
}

/*
 * Before the loop looks for the first time, the kernel has taken the connection and the
 * bytes are there.
 */
static void cleartext_where_tls_is_due_is_reported(void **state)
{
	static const char greeting[] = "220 mx.example ESMTP\r\n";
	int port, listener = take_port("127.0.0.1", &port), client;
	struct contact_wish wish = wish_for("127.0.0.1", port, CONTACT_TLS);
	struct result result;
	uv_loop_t loop;

	(void)state;
	wish.tls_first = true;
	assert_int_equal(listen(listener, 1), 0);
	uv_loop_init(&loop);
	start(&loop, &wish, &result);
	client = accept(listener, NULL, NULL);
	assert_int_equal(write(client, greeting, sizeof(greeting) - 1),
	                 sizeof(greeting) - 1);
	run(&loop);
	close(client);
	close(listener);
	assert_int_equal(result.report.outcome, CONTACT_STRANGE);
	assert_false(result.report.encrypted);
	assert_string_equal(result.report.first, "220 mx.example ESMTP");
	assert_string_equal(result.report.last, "220 mx.example ESMTP");
}

/* ---- before a connection stands ---- */

static void closed_port_refuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(places); i++) {
		int port, taken = take_port(places[i], &port);
		struct contact_wish wish = wish_for(places[i], port, CONTACT_GREETING);
		struct contact_report report = make_contact(&wish);

		CHECK_INT(places[i], report.outcome, CONTACT_REFUSED);
		CHECK_INT(places[i], report.error, ECONNREFUSED);
		CHECK(places[i], !report.at_once && !report.connected);
		CHECK(places[i], !report.socket.icmp.found);
		close(taken);
	}
}

enum { CLIENTS_MAX = 16 };

/* A listener that takes no more: further attempts get no answer. */
struct full {
	int listener, port, clients[CLIENTS_MAX];
};

static void fill(struct full *full)
{
	struct sockaddr_in place = { .sin_family = AF_INET };

	place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	full->listener = take_port("127.0.0.1", &full->port);
	place.sin_port = htons((uint16_t)full->port);
	assert_int_equal(listen(full->listener, 0), 0);
	for (int i = 0; i < CLIENTS_MAX; i++) {
		full->clients[i] =
			socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		assert_true(full->clients[i] >= 0);
		connect(full->clients[i], (struct sockaddr *)&place, sizeof(place));
	}
}

static void empty(const struct full *full)
{
	for (int i = 0; i < CLIENTS_MAX; i++)
		close(full->clients[i]);
	close(full->listener);
}

static void no_answer_is_silence(void **state)
{
	struct contact_report report;
	struct contact_wish wish;
	struct full full;

	(void)state;
	fill(&full);
	wish = wish_for("127.0.0.1", full.port, CONTACT_CONNECT);
	wish.patience = LITTLE;
	report = make_contact(&wish);
	empty(&full);
	assert_int_equal(report.outcome, CONTACT_SILENT);
	assert_false(report.connected);
	assert_int_equal(report.error, 0);
	assert_true(report.took >= LITTLE);
	assert_true(report.socket.tcp.found);
	assert_int_equal(report.socket.tcp.unacked, 1);
}

static void check_local(struct contact_wish wish, int error)
{
	int descriptors = count_descriptors();
	struct contact_report report = make_contact(&wish);

	assert_int_equal(count_descriptors(), descriptors);
	assert_int_equal(report.outcome, CONTACT_LOCAL);
	assert_true(report.at_once);
	assert_int_equal(report.error, error);
	assert_false(report.connected);
}

static void own_trouble_is_local(void **state)
{
	struct contact_wish good = wish_for("127.0.0.1", 9, CONTACT_EHLO), wish;
	char name[255 + 2];

	(void)state;
	wish = good;
	wish.ehlo_name = "a\r\nRSET";
	check_local(wish, EINVAL);
	wish = good;
	wish.source_address = "192.0.2.1";
	check_local(wish, EADDRNOTAVAIL);
	wish = good;
	wish.source_address = "no address";
	check_local(wish, EADDRNOTAVAIL);
	wish = good;
	wish.ttl = 256;
	check_local(wish, EINVAL);
	wish = good;
	memset(name, 'a', sizeof(name));
	name[255 + 1] = '\0';
	wish.server_name = name;
	check_local(wish, EINVAL);
}

static void no_descriptor_is_local(void **state)
{
	const struct contact_wish wish = wish_for("127.0.0.1", 9, CONTACT_EHLO);
	struct rlimit before, none;
	struct result result;
	uv_loop_t loop;

	(void)state;
	uv_loop_init(&loop);
	getrlimit(RLIMIT_NOFILE, &before);
	none = before;
	none.rlim_cur = 0;
	setrlimit(RLIMIT_NOFILE, &none);
	start(&loop, &wish, &result);
	setrlimit(RLIMIT_NOFILE, &before);
	run(&loop);
	assert_int_equal(result.report.outcome, CONTACT_LOCAL);
	assert_int_equal(result.report.error, EMFILE);
}

/* ---- options ---- */

static void wish_shapes_the_socket(void **state)
{
	static const char *const steps[] = { "<220 a\r\n", NULL };
	struct contact_wish wish;
	struct peer peer;
	char text[ADDRESS_TEXT_MAX];
	int descriptors = count_descriptors();

	(void)state;
	peer_start(&peer, "127.0.0.1", steps, false);
	wish = wish_for("127.0.0.1", peer.port, CONTACT_GREETING);
	wish.source_address = "127.0.0.9";
	wish.mss = 1000;
	wish.ttl = 3;
	assert_int_equal(make_contact(&wish).outcome, CONTACT_ANSWERED);
	peer_join(&peer);
	address_print(text, sizeof(text), &peer.client_address);
	assert_string_equal(text, "127.0.0.9");
	assert_in_range(peer.segment_size, 500, 1000);
	assert_int_equal(count_descriptors(), descriptors);
}

/* ---- cancelling ---- */

/*
 * Cancels after so many turns of the loop. False when the contact had ended by itself
 * before; patience makes sure that it does.
 */
static bool cancel_after(int turns, const struct contact_wish *wish)
{
	struct contact *contact;
	struct result result;
	uv_loop_t loop;
	int calls;

	uv_loop_init(&loop);
	contact = start(&loop, wish, &result);
	for (int i = 0; i < turns && result.calls == 0; i++)
		uv_run(&loop, UV_RUN_ONCE);
	calls = result.calls;
	if (calls == 0)
		contact_cancel(contact);
	run(&loop);
	assert_int_equal(result.calls, calls);
	return calls == 0;
}

static bool cancel_dialogue_after(int turns)
{
	static const char *const steps[] = { HELLOS, ">", "<220 go\r\n", "!", NULL };
	struct contact_wish wish;
	struct peer peer;
	bool cancelled;

	peer_start(&peer, "127.0.0.1", steps, false);
	wish = wish_for("127.0.0.1", peer.port, CONTACT_TLS);
	wish.patience = USEC_PER_SEC;
	cancelled = cancel_after(turns, &wish);
	peer_abandon(&peer);
	assert_null(strstr(peer.heard, "QUIT"));
	return cancelled;
}

static void cancel_at_any_turn_leaves_nothing(void **state)
{
	int turns = 0;

	(void)state;
	while (cancel_dialogue_after(turns))
		assert_in_range(++turns, 0, 1000);
	/* The connection stands after the first; how many replies a turn finds is
	 * chance. */
	assert_true(turns >= 2);
}

static void cancelled_attempt_leaves_nothing(void **state)
{
	struct contact_wish wish;
	struct full full;

	(void)state;
	fill(&full);
	wish = wish_for("127.0.0.1", full.port, CONTACT_CONNECT);
	wish.patience = LITTLE;
	assert_true(cancel_after(0, &wish));
	wish.source_address = "192.0.2.1";
	assert_true(cancel_after(0, &wish));
	empty(&full);
}

/* ---- many ---- */

enum { MANY = 200 };

static void many_go_on_at_once(void **state)
{
	static const char *const steps[] = { HELLOS, NULL };
	static struct peer peers[MANY];
	static struct result results[MANY];
	uv_loop_t loop;

	(void)state;
	uv_loop_init(&loop);
	for (int i = 0; i < MANY; i++) {
		struct contact_wish wish;

		peer_start(&peers[i], "127.0.0.1", steps, false);
		wish = wish_for("127.0.0.1", peers[i].port, CONTACT_EHLO);
		start(&loop, &wish, &results[i]);
	}
	run(&loop);
	for (int i = 0; i < MANY; i++) {
		peer_join(&peers[i]);
		assert_int_equal(results[i].calls, 1);
		assert_int_equal(results[i].report.outcome, CONTACT_ANSWERED);
		assert_string_equal(peers[i].heard, EHLO "QUIT\r\n");
	}
}

static void words_are_read_back(void **state)
{
	(void)state;
	for (unsigned i = 0; i < CONTACT_OUTCOME_COUNT; i++) {
		const char *word = contact_outcome_word((enum contact_outcome)i);
		enum contact_outcome back = CONTACT_OUTCOME_COUNT;

		CHECK(word, contact_outcome_from_word(&back, str_of(word)));
		CHECK_INT(word, back, i);
		CHECK(word, contact_outcome_meaning((enum contact_outcome)i)[0]);
	}
	assert_false(contact_outcome_from_word(&(enum contact_outcome){ 0 }, STR("")));
	assert_false(
		contact_outcome_from_word(&(enum contact_outcome){ 0 }, STR("answer")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_peer_is_told_apart),
		cmocka_unit_test(tls_is_reported),
		cmocka_unit_test(alert_is_reported),
		cmocka_unit_test(tls_record_is_reported),
		cmocka_unit_test(bytes_before_a_reset_count),
		cmocka_unit_test(reset_before_the_first_look_is_one),
		cmocka_unit_test(cleartext_where_tls_is_due_is_reported),
		cmocka_unit_test(closed_port_refuses),
		cmocka_unit_test(no_answer_is_silence),
		cmocka_unit_test(own_trouble_is_local),
		cmocka_unit_test(no_descriptor_is_local),
		cmocka_unit_test(wish_shapes_the_socket),
		cmocka_unit_test(cancel_at_any_turn_leaves_nothing),
		cmocka_unit_test(cancelled_attempt_leaves_nothing),
		cmocka_unit_test(many_go_on_at_once),
		cmocka_unit_test(words_are_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
