/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_ROW_H
#define TESTS_UNIT_ROW_H

/* First what cmocka.h wants to have seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "probe/str.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A struct str in a static table, where STR() is no constant. */
#define RUN(literal) \
	{ \
		"" literal, sizeof(literal) - 1 \
	}

/* Like cmocka's own, but the message names the row of the table. */
#define CHECK(row, claim) \
	do { \
		if (!(claim)) \
			fail_msg("row \"%s\": not true: %s", row, #claim); \
	} while (0)

#define CHECK_INT(row, value, expected) \
	do { \
		long long value_ = (long long)(value), expected_ = (expected); \
		if (value_ != expected_) \
			fail_msg("row \"%s\": %s is %lld, expected %lld", row, #value, \
			         value_, expected_); \
	} while (0)

#define CHECK_TEXT(row, value, expected) \
	do { \
		const char *value_ = (value), *expected_ = (expected); \
		if (strcmp(value_, expected_) != 0) \
			fail_msg("row \"%s\": %s is \"%s\", expected \"%s\"", row, \
			         #value, value_, expected_); \
	} while (0)

#define CHECK_STR(row, value, expected) \
	do { \
		struct str value_ = (value); \
		if (!str_equal(value_, str_of(expected))) \
			fail_msg("row \"%s\": %s is \"%.*s\", expected \"%s\"", row, \
			         #value, (int)value_.len, value_.at, expected); \
	} while (0)

#endif
