/* SPDX-License-Identifier: Apache-2.0 */
/* The input is a threshold, as text. */
#include "probe/plugin/range.h"

#include <math.h>
#include <stdlib.h>

#include "tests/fuzz/fuzz.h"

static const double probes[] = { 0, 1, -1, 0.001, 10, 1e9, -1e9, INFINITY, -INFINITY };

/* "@" turns every answer round and changes nothing else. */
static void check_inverse(const struct range *range, double value)
{
	struct range other = *range;

	other.inside = !other.inside;
	assert(range_alerts(range, value) != range_alerts(&other, value));
}

static void check_value(const struct range *range, double value)
{
	bool within = value >= range->start && value <= range->end;

	assert(range_alerts(range, value) == (within == range->inside));
	check_inverse(range, value);
}

static void check_range(const struct range *range, const char *text)
{
	assert(range->text == text && strlen(text) <= RANGE_TEXT_MAX);
	assert(text[strspn(text, "@~:+-.0123456789")] == '\0');
	assert(range->inside == (text[0] == '@'));
	assert(range->start <= range->end); /* so neither is NaN */
	assert(range_alerts(range, range->start) == range->inside);
	assert(range_alerts(range, range->end) == range->inside);
	assert(range_alerts(range, nextafter(range->start, -INFINITY)) !=
	               range->inside ||
	       isinf(range->start));
	assert(range_alerts(range, nextafter(range->end, INFINITY)) != range->inside ||
	       isinf(range->end));
	check_inverse(range, NAN);
	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++)
		check_value(range, probes[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	struct error err = { "" };
	struct range range;

	if (range_parse(&range, text, &err))
		check_range(&range, text);
	else
		assert(err.text[0] != '\0');
	free(text);
	return 0;
}
