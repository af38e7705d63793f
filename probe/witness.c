/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/witness.h"

#include "probe/address.h"
#include "probe/interceptor.h"
#include "probe/note.h"
#include "probe/own_name.h"
#include "probe/reply.h"

void witness_target(struct trace *trace, usec at, const struct target *target)
{
	if (own_name_is(str_of(target->set.host)))
		trace_note(trace, at, "own name asked");
}

static bool is_elsewhere(const struct sockaddr_storage *peer)
{
	return peer && !address_is_own(peer);
}

void witness_greeting(struct trace *trace, usec at, struct str line,
                      const struct target *target, const struct sockaddr_storage *peer)
{
	struct reply_line greeting;
	struct str word;

	if (reply_parse_line(&greeting, str_trim(line)) &&
	    str_take_word(&word, &greeting.text, " ") && own_name_is(word) &&
	    !own_name_is(str_of(target->set.host)) && is_elsewhere(peer))
		trace_note(trace, at, "own name answers");
}

static bool lists_own_name(struct str names)
{
	struct str name;

	while (str_take_word(&name, &names, " "))
		if (own_name_is(name))
			return true;
	return false;
}

static void look_for_interceptor(struct trace *trace, usec at,
                                 const struct target *target, struct str number,
                                 struct str key, struct str name)
{
	struct interceptor found;

	if (interceptor_find(&found, target->interceptors, name))
		trace_note(trace, at,
		           "interceptor %s \"%.*s\" in certificate %.*s %.*s",
		           interceptor_kind_word(found.kind), (int)found.product.len,
		           found.product.at, (int)number.len, number.at, (int)key.len,
		           key.at);
}

void witness_certificate(struct trace *trace, usec at, struct str event,
                         const struct target *target,
                         const struct sockaddr_storage *peer)
{
	struct str rest = event, word, number, key, value;
	bool is_leaf;

	if (!str_take_word(&word, &rest, " ") || !str_equal(word, STR("certificate")) ||
	    !str_take_word(&number, &rest, " "))
		return;
	is_leaf = str_equal(number, STR("0"));
	while (note_take_fact(&key, &value, &rest)) {
		if (str_equal(key, STR("subject")) || str_equal(key, STR("issuer")))
			look_for_interceptor(trace, at, target, number, key, value);
		else if (is_leaf && str_equal(key, STR("names")) &&
		         lists_own_name(value) &&
		         !own_name_is(str_of(target->set.server_name)) &&
		         is_elsewhere(peer))
			trace_note(trace, at, "own name certified");
	}
}
