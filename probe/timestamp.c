/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/timestamp.h"

#include <stdio.h>

enum { EPOCH = 1970, LAST_YEAR = 9999, DAY_S = 86400, HOUR_S = 3600, MINUTE_S = 60 };

static int leap_years_to(int year)
{
	return year / 4 - year / 100 + year / 400;
}

static int days_to_year(int year)
{
	return 365 * (year - EPOCH) + leap_years_to(year - 1) -
	       leap_years_to(EPOCH - 1);
}

static int days_of_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = leap_years_to(year) != leap_years_to(year - 1);

	return days[month - 1] + (leap && month == 2);
}

void timestamp_print(char *out, size_t room, usec at)
{
	usec last = (usec)days_to_year(LAST_YEAR + 1) * DAY_S - 1;
	usec seconds = at < 0 ? 0 : at / USEC_PER_SEC;
	int day, clock, year, month = 1;

	seconds = seconds > last ? last : seconds;
	day = (int)(seconds / DAY_S);
	clock = (int)(seconds % DAY_S);
	year = EPOCH + day / 366; /* or a little later */
	while (days_to_year(year + 1) <= day)
		year++;
	day -= days_to_year(year);
	while (day >= days_of_month(year, month))
		day -= days_of_month(year, month++);
	snprintf(out, room, "%04d-%02d-%02dT%02d:%02d:%02dZ", year, month, day + 1,
	         clock / HOUR_S, clock / MINUTE_S % 60, clock % MINUTE_S);
}

void timestamp_print_span(char *out, size_t room, usec span)
{
	static const struct {
		int shortest;
		const char *unit;
	} units[] = {
		{ DAY_S, "d" }, { HOUR_S, "h" }, { MINUTE_S, "min" }, { 1, "s" }
	};
	long long seconds = span < 0 ? 0 : span / USEC_PER_SEC;
	size_t i = 0;

	while (units[i].shortest > 1 && seconds < units[i].shortest)
		i++;
	snprintf(out, room, "%lld %s", seconds / units[i].shortest, units[i].unit);
}

/* Exactly so many digits, not below `low` and not above `high`. */
static bool take_digits(int *out, struct str *rest, size_t digits, int low, int high)
{
	size_t before = rest->len;

	return str_take_number(out, rest) && before - rest->len == digits &&
	       *out >= low && *out <= high;
}

bool timestamp_take(usec *out, struct str *rest)
{
	int year, month, day, hour, minute, second;
	usec seconds;

	if (!take_digits(&year, rest, 4, EPOCH, LAST_YEAR) ||
	    !str_take_char(rest, '-') || !take_digits(&month, rest, 2, 1, 12) ||
	    !str_take_char(rest, '-') ||
	    !take_digits(&day, rest, 2, 1, days_of_month(year, month)) ||
	    !str_take_char(rest, 'T') || !take_digits(&hour, rest, 2, 0, 23) ||
	    !str_take_char(rest, ':') || !take_digits(&minute, rest, 2, 0, 59) ||
	    !str_take_char(rest, ':') || !take_digits(&second, rest, 2, 0, 59) ||
	    !str_take_char(rest, 'Z'))
		return false;
	day += days_to_year(year) - 1;
	for (int i = 1; i < month; i++)
		day += days_of_month(year, i);
	seconds = hour * HOUR_S + minute * MINUTE_S + second;
	*out = ((usec)day * DAY_S + seconds) * USEC_PER_SEC;
	return true;
}
