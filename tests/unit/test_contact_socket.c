/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/contact_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "probe/address.h"
#include "probe/contact_stream.h"
#include "tests/unit/row.h"

static struct contact_wish wish_for(const char *address)
{
	struct contact_wish wish = { .port = 9 };

	assert_true(address_parse(&wish.address, address));
	return wish;
}

static int option(int socket, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	assert_int_equal(getsockopt(socket, level, name, &value, &len), 0);
	return value;
}

static void wish_sets_options(void **state)
{
	struct contact_wish v4 = wish_for("127.0.0.1"), v6 = wish_for("::1");
	int made;

	(void)state;
	v4.ttl = v6.ttl = 3;
	v4.mss = v6.mss = 1000;
	made = contact_socket_open(&v4);
	assert_int_equal(option(made, IPPROTO_IP, IP_TTL), 3);
	assert_int_equal(option(made, IPPROTO_TCP, TCP_MAXSEG), 1000);
	assert_int_equal(option(made, IPPROTO_IP, IP_RECVERR), 1);
	assert_int_equal(option(made, SOL_SOCKET, SO_DOMAIN), AF_INET);
	assert_true(fcntl(made, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(made, F_GETFD) & FD_CLOEXEC);
	close(made);
	made = contact_socket_open(&v6);
	assert_int_equal(option(made, IPPROTO_IPV6, IPV6_UNICAST_HOPS), 3);
	assert_int_equal(option(made, IPPROTO_TCP, TCP_MAXSEG), 1000);
	assert_int_equal(option(made, IPPROTO_IPV6, IPV6_RECVERR), 1);
	assert_int_equal(option(made, SOL_SOCKET, SO_DOMAIN), AF_INET6);
	close(made);
}

static void source_address_is_bound(void **state)
{
	struct contact_wish wish = wish_for("127.0.0.1");
	struct sockaddr_storage own;
	socklen_t len = sizeof(own);
	char text[ADDRESS_TEXT_MAX];
	int made;

	(void)state;
	wish.source_address = "127.0.0.9";
	made = contact_socket_open(&wish);
	assert_int_equal(getsockname(made, (struct sockaddr *)&own, &len), 0);
	address_print(text, sizeof(text), &own);
	assert_string_equal(text, "127.0.0.9");
	close(made);
	wish.source_address = "mx.example";
	assert_int_equal(contact_socket_open(&wish), -1);
	assert_int_equal(errno, EADDRNOTAVAIL);
}

static const struct {
	const char *claim;
	int error;
	enum contact_outcome at_once, later;
} attempts[] = {
	{ "EACCES", EACCES, CONTACT_FORBIDDEN, CONTACT_UNREACHABLE },
	{ "EPERM", EPERM, CONTACT_FORBIDDEN, CONTACT_FORBIDDEN },
	{ "EINVAL", EINVAL, CONTACT_FORBIDDEN, CONTACT_LOCAL },
	{ "ECONNREFUSED", ECONNREFUSED, CONTACT_REFUSED, CONTACT_REFUSED },
	{ "ENETUNREACH", ENETUNREACH, CONTACT_UNREACHABLE, CONTACT_UNREACHABLE },
	{ "EHOSTUNREACH", EHOSTUNREACH, CONTACT_UNREACHABLE, CONTACT_UNREACHABLE },
	{ "EHOSTDOWN", EHOSTDOWN, CONTACT_UNREACHABLE, CONTACT_UNREACHABLE },
	{ "ENOPROTOOPT", ENOPROTOOPT, CONTACT_UNREACHABLE, CONTACT_UNREACHABLE },
	{ "EPROTO", EPROTO, CONTACT_UNREACHABLE, CONTACT_UNREACHABLE },
	{ "EOPNOTSUPP", EOPNOTSUPP, CONTACT_LOCAL, CONTACT_UNREACHABLE },
	{ "ETIMEDOUT", ETIMEDOUT, CONTACT_SILENT, CONTACT_SILENT },
	{ "ECONNRESET", ECONNRESET, CONTACT_RESET, CONTACT_RESET },
	{ "EADDRNOTAVAIL", EADDRNOTAVAIL, CONTACT_LOCAL, CONTACT_LOCAL },
	{ "ENOBUFS", ENOBUFS, CONTACT_LOCAL, CONTACT_LOCAL },
};

static void failed_attempt_is_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(attempts); i++) {
		const char *row = attempts[i].claim;
		int error = attempts[i].error;

		CHECK_INT(row, contact_socket_judge_attempt(error, true),
		          attempts[i].at_once);
		CHECK_INT(row, contact_socket_judge_attempt(error, false),
		          attempts[i].later);
	}
}

static void loss_is_judged(void **state)
{
	(void)state;
	assert_int_equal(contact_stream_judge_loss(ETIMEDOUT), CONTACT_LOST);
	assert_int_equal(contact_stream_judge_loss(EHOSTUNREACH), CONTACT_LOST);
	assert_int_equal(contact_stream_judge_loss(ENETUNREACH), CONTACT_LOST);
	assert_int_equal(contact_stream_judge_loss(EPIPE), CONTACT_CLOSED);
	assert_int_equal(contact_stream_judge_loss(ECONNRESET), CONTACT_RESET);
	assert_int_equal(contact_stream_judge_loss(ECONNABORTED), CONTACT_RESET);
}

static const struct {
	const char *claim;
	unsigned unacked, retrying, out_of_order;
	enum contact_outcome outcome;
} silences[] = {
	{ "all is acknowledged", 0, 0, 0, CONTACT_MUTE },
	{ "the acknowledgement is only due", 1, 0, 0, CONTACT_MUTE },
	{ "it was sent again and is acknowledged", 0, 1, 0, CONTACT_MUTE },
	{ "it is sent again and again", 1, 4, 0, CONTACT_LOST },
	{ "what came has holes", 0, 0, 1, CONTACT_GAP },
	{ "lost both ways", 1, 1, 1, CONTACT_LOST },
	{ "holes while an acknowledgement is due", 1, 0, 1, CONTACT_GAP },
};

static void silence_is_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(silences); i++) {
		const struct tcp_fact tcp = { .found = true,
			                      .unacked = silences[i].unacked,
			                      .retrying = silences[i].retrying,
			                      .out_of_order =
			                              silences[i].out_of_order };

		CHECK_INT(silences[i].claim, contact_socket_judge_silence(&tcp),
		          silences[i].outcome);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wish_sets_options),
		cmocka_unit_test(source_address_is_bound),
		cmocka_unit_test(failed_attempt_is_judged),
		cmocka_unit_test(loss_is_judged),
		cmocka_unit_test(silence_is_judged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
