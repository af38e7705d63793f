/* SPDX-License-Identifier: Apache-2.0 */
/* The input is a server's lines; each is read alone. */
#include "probe/reply.h"

#include "tests/fuzz/fuzz.h"

enum { UNTOUCHED = 0x5a };

static bool is_untouched(const void *memory, size_t size)
{
	const unsigned char *bytes = memory;

	for (size_t i = 0; i < size; i++)
		if (bytes[i] != UNTOUCHED)
			return false;
	return true;
}

static void check_status(const struct enhanced_status *status)
{
	assert(status->class == 2 || status->class == 4 || status->class == 5);
	assert(status->subject >= 0 && status->subject <= 999);
	assert(status->detail >= 0 && status->detail <= 999);
}

static void check_reply_line(const struct reply_line *parsed, struct str line)
{
	const char *digits = line.at;

	assert(line.len >= 3);
	assert(parsed->code ==
	       (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + digits[2] - '0');
	assert(parsed->code >= 200 && parsed->code <= 599);
	assert(parsed->last == (line.len == 3 || line.at[3] == ' '));
	assert(fuzz_is_inside(parsed->text, line));
	assert(str_equal(parsed->text, str_trim(parsed->text)));
	if (parsed->enhanced.class) {
		check_status(&parsed->enhanced);
		assert(parsed->enhanced.class == parsed->code / 100);
	}
}

static void read_line(struct str line)
{
	struct reply_line parsed;

	memset(&parsed, UNTOUCHED, sizeof(parsed));
	if (reply_parse_line(&parsed, line))
		check_reply_line(&parsed, line);
	else
		assert(is_untouched(&parsed, sizeof(parsed)));
}

static void read_status(struct str line)
{
	struct enhanced_status status;
	struct str rest = line;

	memset(&status, UNTOUCHED, sizeof(status));
	if (enhanced_status_take(&status, &rest)) {
		check_status(&status);
		assert(fuzz_is_inside(rest, line) && rest.len < line.len);
	} else {
		assert(is_untouched(&status, sizeof(status)));
		assert(rest.at == line.at && rest.len == line.len);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = fuzz_input(data, size);

	while (rest.len) {
		struct str line = fuzz_take_line(&rest);

		read_line(line);
		read_status(line);
	}
	return 0;
}
