/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/provider.h"

#include "probe/pattern.h"

static const struct {
	const char *domains, *greeting;
} providers[] = {
#define PROVIDER(domains, greeting) { domains, greeting },
#include "probe/provider.def"
};

/* "smtp.gmail.com" and "gmail.com" end in "gmail.com", "notgmail.com" does not. */
static bool is_below(struct str host, struct str domain)
{
	struct str tail;

	if (host.len < domain.len)
		return false;
	tail = (struct str){ host.at + host.len - domain.len, domain.len };
	if (!str_equal_nocase(tail, domain))
		return false;
	return host.len == domain.len || host.at[host.len - domain.len - 1] == '.';
}

static bool serves(const char *domains, struct str host)
{
	struct str rest = str_of(domains), domain;

	while (str_take_word(&domain, &rest, "|"))
		if (is_below(host, domain))
			return true;
	return false;
}

bool provider_is_somebody_else(struct str target, struct str greeting)
{
	struct str rest = target, host;

	if (greeting.len == 0 || !str_take_word(&host, &rest, ":"))
		return false;
	for (size_t i = 0; i < sizeof(providers) / sizeof(providers[0]); i++)
		if (serves(providers[i].domains, host))
			return !pattern_matches(providers[i].greeting, greeting);
	return false;
}
