/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes one contact and prints what it met, for tests/e2e/test_contact.py:
 *
 *   contact_probe ADDRESS PORT connect|greeting|ehlo PATIENCE_MS [TTL]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "probe/address.h"
#include "probe/contact.h"

static const char *const steps[] = { "connect", "greeting", "ehlo" };

static enum contact_step parse_step(const char *word)
{
	unsigned step = 0;

	while (step < sizeof(steps) / sizeof(steps[0]) - 1 &&
	       strcmp(word, steps[step]) != 0)
		step++;
	return (enum contact_step)step;
}

static void on_done(void *owner, const struct contact_report *report)
{
	char text[SOCKET_FACTS_TEXT_MAX] = "";

	(void)owner;
	printf("outcome: %s\n", contact_outcome_word(report->outcome));
	printf("connected: %d\n", report->connected);
	printf("errno: %s\n", strerrorname_np(report->error));
	printf("at_once: %d\n", report->at_once);
	if (report->socket.icmp.found)
		socket_facts_print_icmp(text, sizeof(text), &report->socket.icmp);
	printf("icmp: %s\n", text);
	socket_facts_print_tcp(text, sizeof(text), &report->socket);
	printf("tcp: %s\n", text);
	printf("first: %s\n", report->first);
}

int main(int argc, char **argv)
{
	struct contact_wish wish = { .ehlo_name = "client.example" };
	uv_loop_t loop;

	if (argc < 5 || argc > 6 || !address_parse(&wish.address, argv[1])) {
		fputs("usage: contact_probe ADDRESS PORT STEP PATIENCE_MS [TTL]\n",
		      stderr);
		return 2;
	}
	wish.port = (int)strtol(argv[2], NULL, 10);
	wish.step = parse_step(argv[3]);
	wish.patience = strtol(argv[4], NULL, 10) * USEC_PER_MSEC;
	wish.ttl = argc > 5 ? (int)strtol(argv[5], NULL, 10) : 0;
	uv_loop_init(&loop);
	contact_start(&loop, &wish, on_done, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	return uv_loop_close(&loop) ? 1 : 0;
}
