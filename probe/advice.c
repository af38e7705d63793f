/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/advice.h"

/* A line for what was met; NULL when nothing is there to name. */
typedef const char *advise(const struct observation *seen, struct arena *arena);

static const char *name_firewall(const struct observation *seen, struct arena *arena)
{
	struct str box = seen->connection.offender;

	if (!seen->connection.icmp.found)
		return NULL;
	if (seen->connection.icmp.who == OFFENDER_TARGET)
		return "ask the operator of the mail server to permit this machine in "
		       "its host's firewall";
	if (box.len == 0) /* the kernel does not always say who sent it */
		return NULL;
	return arena_print(arena,
	                   "ask whoever runs the firewall at %.*s to permit the "
	                   "connection",
	                   (int)box.len, box.at);
}

/* A port of the same address on which a mail server answered. */
static struct str answering_port(const struct observation *seen)
{
	for (size_t i = 0; i < seen->look.count; i++) {
		const struct look_finding *finding = &seen->look.findings[i];

		if (finding->look == LOOK_PORT && finding->greeting.len &&
		    finding->outcome == CONTACT_ANSWERED &&
		    !str_equal(finding->subject, STR("25")))
			return finding->subject;
	}
	return STR("");
}

static const char *name_port(const struct observation *seen, struct arena *arena)
{
	struct str port = answering_port(seen);
	bool implicit = str_equal(port, STR("465"));

	if (port.len == 0)
		return NULL;
	return arena_print(arena, "use port %.*s%s, where a mail server answers",
	                   (int)port.len, port.at, implicit ? " with --tls" : "");
}

static const char *name_interceptor(const struct observation *seen, struct arena *arena)
{
	struct str product = seen->interceptor.product;

	if (product.len == 0)
		return NULL;
	return arena_print(arena, "exempt the mail server from TLS scanning in %.*s",
	                   (int)product.len, product.at);
}

static const char *name_alias(const struct observation *seen, struct arena *arena)
{
	if (seen->alias.len == 0)
		return NULL;
	return arena_print(arena, "try the name that DNS leads to: -H %.*s",
	                   (int)seen->alias.len, seen->alias.at);
}

static const char *name_route(const struct observation *seen, struct arena *arena)
{
	bool null_route = seen->connection.at_once &&
	                  str_equal(seen->connection.error, STR("EINVAL"));

	(void)arena;
	return null_route ? "remove this machine's blackhole route to the server: see "
	                    "ip route get"
	                  : NULL;
}

static advise *const advisers[REASON_COUNT] = {
	[REASON_REJECTED_BY_FIREWALL] = name_firewall,
	[REASON_DROPPED_BY_FIREWALL] = name_port,
	[REASON_CONNECTION_REFUSED] = name_port,
	[REASON_STARTTLS_NOT_OFFERED] = name_port,
	[REASON_TLS_INTERCEPTED] = name_interceptor,
	[REASON_CERT_NAME_MISMATCH] = name_alias,
	[REASON_LOCAL_FIREWALL] = name_route,
};

static void add(struct advice *advice, const char *line)
{
	if (advice->count < ADVICE_MAX)
		advice->lines[advice->count++] = line;
}

struct advice advice_of(enum reason reason, const struct observation *seen,
                        struct arena *arena)
{
	struct str rest = str_of(reason_advice(reason)), line;
	const char *special = advisers[reason] ? advisers[reason](seen, arena) : NULL;
	struct advice advice = { 0 };

	if (special)
		add(&advice, special);
	while (str_take_word(&line, &rest, "\n"))
		add(&advice, arena_copy(arena, line));
	return advice;
}
