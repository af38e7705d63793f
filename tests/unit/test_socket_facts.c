/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/socket_facts.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "probe/address.h"
#include "tests/unit/row.h"

enum { PATIENCE_MS = 10000 };

static struct sockaddr_storage address_of(const char *text)
{
	struct sockaddr_storage address;

	assert_true(address_parse(&address, text));
	return address;
}

/* ---- in text ---- */

static const struct {
	const char *printed;
	struct socket_facts facts;
} tcp_rows[] = {
	{ "tcp rtt=0.000123 rttvar=0.000061 min_rtt=0.000100 retransmits=7 retrying=3 "
	  "unacked=2 out_of_order=1 sent=812 received=4321",
	  { .tcp = { .found = true,
	             .knows_bytes = true,
	             .knows_order = true,
	             .rtt = 123,
	             .rttvar = 61,
	             .min_rtt = 100,
	             .retransmits = 7,
	             .retrying = 3,
	             .unacked = 2,
	             .out_of_order = 1,
	             .sent = 812,
	             .received = 4321 } } },
	{ "tcp rtt=12.000001 rttvar=1.000000 retransmits=0 retrying=0 unacked=0 "
	  "soft_error=EHOSTUNREACH",
	  { .error = EHOSTUNREACH,
	    .tcp = { .found = true, .rtt = 12000001, .rttvar = 1000000, .sent = 5 } } },
	{ "tcp retransmits=0 retrying=4 unacked=1 out_of_order=0 sent=0 received=0",
	  { .tcp = { .found = true,
	             .knows_bytes = true,
	             .knows_order = true,
	             .rttvar = 5,
	             .retrying = 4,
	             .unacked = 1 } } },
	{ "tcp soft_error=ECONNREFUSED", { .error = ECONNREFUSED } },
	{ "tcp soft_error=9999", { .error = 9999 } },
	{ "tcp", { .error = 0 } },
};

static void tcp_is_printed(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(tcp_rows); i++) {
		char text[SOCKET_FACTS_TEXT_MAX];

		socket_facts_print_tcp(text, sizeof(text), &tcp_rows[i].facts);
		CHECK_TEXT(tcp_rows[i].printed, text, tcp_rows[i].printed);
	}
}

static void longest_tcp_fits(void **state)
{
	const struct socket_facts facts = { .error = EPROTONOSUPPORT,
		                            .tcp = { true, true, true, UINT32_MAX,
		                                     UINT32_MAX, UINT32_MAX, UINT32_MAX,
		                                     UINT32_MAX, UINT32_MAX, UINT32_MAX,
		                                     UINT64_MAX, UINT64_MAX } };
	char text[SOCKET_FACTS_TEXT_MAX];

	(void)state;
	socket_facts_print_tcp(text, sizeof(text), &facts);
	assert_non_null(strstr(text, " received=18446744073709551615 "
	                             "soft_error=EPROTONOSUPPORT"));
}

static void short_room_is_kept(void **state)
{
	(void)state;
	for (size_t room = 1; room < 40; room++) {
		char text[64];
		const char *whole = tcp_rows[0].printed;

		memset(text, 'x', sizeof(text));
		socket_facts_print_tcp(text, room, &tcp_rows[0].facts);
		assert_int_equal(strlen(text), room - 1);
		assert_memory_equal(text, whole, room - 1);
		assert_int_equal(text[room], 'x');
	}
}

static const struct {
	const char *printed;
	bool is_v6;
	int type, code;
	enum offender who;
	const char *offender;
} icmp_rows[] = {
	{ "icmp 3/13 from 192.0.2.1 hop", false, 3, 13, OFFENDER_HOP, "192.0.2.1" },
	{ "icmp6 1/1 from 2001:db8::1 target", true, 1, 1, OFFENDER_TARGET,
	  "2001:db8::1" },
	{ "icmp 3/1 from 127.0.0.1 self", false, 3, 1, OFFENDER_SELF, "127.0.0.1" },
	{ "icmp6 3/0 from 2001:db8:1111:2222:3333:4444:5555:6666 hop", true, 3, 0,
	  OFFENDER_HOP, "2001:db8:1111:2222:3333:4444:5555:6666" },
	{ "icmp 11/0", false, 11, 0, OFFENDER_NONE, "0.0.0.0" },
};

static void icmp_is_printed(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(icmp_rows); i++) {
		const struct icmp_fact icmp = {
			.found = true,
			.is_v6 = icmp_rows[i].is_v6,
			.type = icmp_rows[i].type,
			.code = icmp_rows[i].code,
			.who = icmp_rows[i].who,
			.offender = address_of(icmp_rows[i].offender),
		};
		char text[SOCKET_FACTS_TEXT_MAX];

		socket_facts_print_icmp(text, sizeof(text), &icmp);
		CHECK_TEXT(icmp_rows[i].printed, text, icmp_rows[i].printed);
	}
}

/* ---- what the kernel fills in ---- */

/* Where the fields stand in linux/tcp.h, which never changes. */
enum {
	AT_RETRANSMITS = 2,
	AT_UNACKED = 24,
	AT_RTT = 68,
	AT_RTTVAR = 72,
	AT_TOTAL_RETRANS = 100,
	AT_BYTES_ACKED = 120,
	AT_BYTES_RECEIVED = 128,
	AT_MIN_RTT = 148,
	AT_RCV_OOOPACK = 224,
	INFO_LEN = 400
};

static void put(unsigned char *info, size_t at, uint32_t value)
{
	memcpy(info + at, &value, sizeof(value));
}

static void fill_info(unsigned char *info)
{
	memset(info, 0xff, INFO_LEN);
	memset(info + AT_BYTES_ACKED, 0, 16);
	info[AT_RETRANSMITS] = 3;
	put(info, AT_UNACKED, 2);
	put(info, AT_RTT, 123);
	put(info, AT_RTTVAR, 61);
	put(info, AT_TOTAL_RETRANS, 7);
	put(info, AT_BYTES_ACKED, 813);
	put(info, AT_BYTES_RECEIVED, 4321);
	put(info, AT_MIN_RTT, 100);
	put(info, AT_RCV_OOOPACK, 1);
}

static const struct {
	const char *claim;
	size_t len;
	const char *printed;
} info_rows[] = {
	{ "one byte less than the oldest", AT_TOTAL_RETRANS + 3, "tcp" },
	{ "the oldest", AT_TOTAL_RETRANS + 4,
	  "tcp rtt=0.000123 rttvar=0.000061 retransmits=7 retrying=3 unacked=2" },
	{ "one byte short of the counts", AT_BYTES_RECEIVED + 7,
	  "tcp rtt=0.000123 rttvar=0.000061 retransmits=7 retrying=3 unacked=2" },
	{ "with the counts", AT_BYTES_RECEIVED + 8,
	  "tcp rtt=0.000123 rttvar=0.000061 retransmits=7 retrying=3 unacked=2 "
	  "sent=812 "
	  "received=4321" },
	{ "one byte short of the least", AT_MIN_RTT + 3,
	  "tcp rtt=0.000123 rttvar=0.000061 retransmits=7 retrying=3 unacked=2 "
	  "sent=812 "
	  "received=4321" },
	{ "with the least", AT_MIN_RTT + 4,
	  "tcp rtt=0.000123 rttvar=0.000061 min_rtt=0.000100 retransmits=7 retrying=3 "
	  "unacked=2 sent=812 received=4321" },
	{ "one byte short of the order", AT_RCV_OOOPACK + 3,
	  "tcp rtt=0.000123 rttvar=0.000061 min_rtt=0.000100 retransmits=7 retrying=3 "
	  "unacked=2 sent=812 received=4321" },
	{ "with the order", AT_RCV_OOOPACK + 4,
	  "tcp rtt=0.000123 rttvar=0.000061 min_rtt=0.000100 retransmits=7 retrying=3 "
	  "unacked=2 out_of_order=1 sent=812 received=4321" },
	{ "of a kernel to come", INFO_LEN,
	  "tcp rtt=0.000123 rttvar=0.000061 min_rtt=0.000100 retransmits=7 retrying=3 "
	  "unacked=2 out_of_order=1 sent=812 received=4321" },
};

static void length_says_what_the_kernel_knows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(info_rows); i++) {
		unsigned char whole[INFO_LEN];
		/* So that reading behind the end is noticed. */
		unsigned char *exact = malloc(info_rows[i].len);
		struct socket_facts facts = { 0 };
		char text[SOCKET_FACTS_TEXT_MAX];

		assert_non_null(exact);
		fill_info(whole);
		memcpy(exact, whole, info_rows[i].len);
		tcp_fact_read(&facts.tcp, exact, info_rows[i].len);
		free(exact);
		socket_facts_print_tcp(text, sizeof(text), &facts);
		CHECK_TEXT(info_rows[i].claim, text, info_rows[i].printed);
	}
}

static void what_was_not_measured_is_zero(void **state)
{
	unsigned char info[INFO_LEN];
	struct tcp_fact tcp;

	(void)state;
	fill_info(info);
	put(info, AT_RTT, 0);
	put(info, AT_BYTES_ACKED, 0);
	put(info, AT_MIN_RTT, UINT32_MAX);
	tcp_fact_read(&tcp, info, sizeof(info));
	assert_int_equal(tcp.rtt, 0);
	assert_int_equal(tcp.rttvar, 0);
	assert_int_equal(tcp.min_rtt, 0);
	assert_int_equal(tcp.sent, 0);
}

/* ---- sockets ---- */

static int open_socket(int family, int kind)
{
	int made = socket(family, kind | SOCK_CLOEXEC, 0);

	assert_true(made >= 0);
	return made;
}

/* Listens on an ephemeral port of the loopback address and connects to it. */
static int connect_pair(const char *loopback, int *accepted)
{
	struct sockaddr_storage address = address_of(loopback);
	socklen_t len = sizeof(address);
	int listener = open_socket(address.ss_family, SOCK_STREAM),
	    client = open_socket(address.ss_family, SOCK_STREAM);

	assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
	assert_int_equal(connect(client, (struct sockaddr *)&address, len), 0);
	*accepted = accept(listener, NULL, NULL);
	assert_true(*accepted >= 0);
	close(listener);
	return client;
}

static void wait_for_bytes(int socket)
{
	struct pollfd watched = { .fd = socket, .events = POLLIN };

	assert_int_equal(poll(&watched, 1, PATIENCE_MS), 1);
}

static void connection_is_counted(void **state)
{
	static const char *const places[] = { "127.0.0.1", "::1" };

	(void)state;
	for (size_t i = 0; i < COUNT(places); i++) {
		struct sockaddr_storage peer = address_of(places[i]);
		struct socket_facts facts;
		int server, client = connect_pair(places[i], &server);
		char bytes[8];

		assert_int_equal(write(client, "hello", 5), 5);
		wait_for_bytes(server);
		assert_int_equal(read(server, bytes, sizeof(bytes)), 5);
		assert_int_equal(write(server, "hi", 2), 2);
		wait_for_bytes(client);
		socket_facts_read(&facts, client, &peer);
		CHECK_INT(places[i], facts.error, 0);
		CHECK(places[i], !facts.icmp.found);
		CHECK(places[i], facts.tcp.found && facts.tcp.knows_order);
		CHECK(places[i], facts.tcp.rtt > 0 && facts.tcp.min_rtt > 0);
		CHECK_INT(places[i], facts.tcp.sent, 5);
		CHECK_INT(places[i], facts.tcp.received, 2);
		CHECK_INT(places[i], facts.tcp.unacked + facts.tcp.retrying, 0);
		close(client);
		close(server);
	}
}

static void refusal_is_an_error_once(void **state)
{
	struct sockaddr_storage address = address_of("127.0.0.1");
	socklen_t len = sizeof(address);
	int taken = open_socket(AF_INET, SOCK_STREAM),
	    client = open_socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK);
	struct pollfd watched = { .fd = client, .events = POLLOUT };
	struct socket_facts facts;

	(void)state;
	/* Bound without listening: nobody else gets the port. */
	assert_int_equal(bind(taken, (struct sockaddr *)&address, len), 0);
	assert_int_equal(getsockname(taken, (struct sockaddr *)&address, &len), 0);
	socket_keep_icmp(client, AF_INET, true);
	assert_int_equal(connect(client, (struct sockaddr *)&address, len), -1);
	assert_int_equal(errno, EINPROGRESS);
	assert_int_equal(poll(&watched, 1, PATIENCE_MS), 1);
	socket_facts_read(&facts, client, &address);
	assert_int_equal(facts.error, ECONNREFUSED);
	assert_false(facts.icmp.found);
	socket_facts_read(&facts, client, &address);
	assert_int_equal(facts.error, 0);
	close(client);
	close(taken);
}

static int option(int socket, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	assert_int_equal(getsockopt(socket, level, name, &value, &len), 0);
	return value;
}

static void keeping_icmp_goes_on_and_off(void **state)
{
	int v4 = open_socket(AF_INET, SOCK_STREAM),
	    v6 = open_socket(AF_INET6, SOCK_STREAM);

	(void)state;
	for (int round = 0; round < 2; round++) {
		bool keep = round == 0;

		socket_keep_icmp(v4, AF_INET, keep);
		socket_keep_icmp(v6, AF_INET6, keep);
		assert_int_equal(option(v4, IPPROTO_IP, IP_RECVERR), keep);
		assert_int_equal(option(v6, IPPROTO_IPV6, IPV6_RECVERR), keep);
	}
	close(v4);
	close(v6);
}

static void other_sockets_keep_what_is_theirs(void **state)
{
	const struct sockaddr_storage peer = { .ss_family = AF_UNIX };
	struct socket_facts facts = { .error = 1, .tcp = { .found = true } };
	int ends[2];
	char byte = '\0';

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(write(ends[1], "x", 1), 1);
	socket_keep_icmp(ends[0], AF_UNIX, true);
	socket_facts_read(&facts, ends[0], &peer);
	assert_int_equal(facts.error, 0);
	assert_false(facts.icmp.found);
	assert_false(facts.tcp.found);
	wait_for_bytes(ends[0]);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	assert_int_equal(byte, 'x');
	/* What was not read turns the other end's close into an error, for the owner.
	 */
	assert_int_equal(write(ends[0], "y", 1), 1);
	close(ends[1]);
	socket_facts_read(&facts, ends[0], &peer);
	assert_int_equal(facts.error, 0);
	assert_int_equal(read(ends[0], &byte, 1), -1);
	assert_int_equal(errno, ECONNRESET);
	close(ends[0]);
	socket_facts_read(&facts, -1, NULL);
	assert_false(facts.tcp.found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tcp_is_printed),
		cmocka_unit_test(longest_tcp_fits),
		cmocka_unit_test(short_room_is_kept),
		cmocka_unit_test(icmp_is_printed),
		cmocka_unit_test(length_says_what_the_kernel_knows),
		cmocka_unit_test(what_was_not_measured_is_zero),
		cmocka_unit_test(connection_is_counted),
		cmocka_unit_test(refusal_is_an_error_once),
		cmocka_unit_test(keeping_icmp_goes_on_and_off),
		cmocka_unit_test(other_sockets_keep_what_is_theirs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
