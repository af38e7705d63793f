/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/plugin/figure.h"

static double in_seconds(usec time)
{
	return (double)time / (double)USEC_PER_SEC;
}

static bool is_phase(enum figure figure)
{
	return figure >= FIGURE_PHASES && figure < FIGURE_RTT;
}

static enum phase phase_of(enum figure figure)
{
	return (enum phase)(figure - FIGURE_PHASES);
}

const char *figure_label(enum figure figure)
{
	static const char *const labels[FIGURE_COUNT] = {
		[FIGURE_TIME] = "time",
		[FIGURE_RTT] = "rtt",
		[FIGURE_CERT_DAYS] = "cert_days",
		[FIGURE_SERVER_TIME_AUTH] = "server_time_auth",
	};

	return is_phase(figure) ? phase_word(phase_of(figure)) : labels[figure];
}

static bool days_left(double *out, const struct observation *seen)
{
	usec from, until;

	if (seen->begun == 0 || !tls_facts_first_end(&seen->tls, &from, &until))
		return false;
	*out = in_seconds(until - seen->begun) / 86400;
	return true;
}

static bool server_time(double *out, const struct observation *seen)
{
	usec time = observation_server_time(seen, PHASE_AUTH);

	*out = in_seconds(time);
	return time >= 0;
}

static bool round_trip(double *out, const struct observation *seen)
{
	const struct tcp_fact *tcp = &seen->connection.tcp;

	*out = in_seconds(tcp->rtt);
	return tcp->found && tcp->rtt > 0;
}

bool figure_value(double *out, enum figure figure, const struct observation *seen)
{
	if (is_phase(figure)) {
		const struct phase_facts *facts = &seen->phases[phase_of(figure)];

		*out = in_seconds(facts->duration);
		return facts->entered;
	}
	if (figure == FIGURE_RTT)
		return round_trip(out, seen);
	if (figure == FIGURE_CERT_DAYS)
		return days_left(out, seen);
	if (figure == FIGURE_SERVER_TIME_AUTH)
		return server_time(out, seen);
	*out = in_seconds(seen->duration);
	return true;
}

/* As it was given; days are the least of a range that has no end. */
static void add_limit(struct text *out, enum figure figure, const struct range *range)
{
	if (!range->text)
		return;
	if (figure == FIGURE_CERT_DAYS)
		text_add(out, "%.0f:", range->start);
	else
		text_add(out, "%s", range->text);
}

static void print(struct text *out, enum figure figure, double value,
                  const struct limits *limits)
{
	bool in_days = figure == FIGURE_CERT_DAYS; /* which have no least value */

	text_add(out, "%s=%.*f%s;", figure_label(figure), in_days ? 1 : 6, value,
	         in_days ? "" : "s");
	add_limit(out, figure, &limits->warning);
	text_add(out, ";");
	add_limit(out, figure, &limits->critical);
	if (!in_days)
		text_add(out, ";0");
}

void figure_print_all(struct text *out, const struct observation *seen,
                      const struct limits limits[FIGURE_COUNT])
{
	const char *separator = "";

	for (unsigned i = 0; i < FIGURE_COUNT; i++) {
		double value;

		if (!figure_value(&value, (enum figure)i, seen))
			continue;
		text_add(out, "%s", separator);
		print(out, (enum figure)i, value, &limits[i]);
		separator = " ";
	}
}
