/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_STR_H
#define PROBE_STR_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A run of bytes that somebody else owns, not NUL-terminated. Everything that
 * comes from a peer is read through this type, so an embedded NUL is a byte
 * like any other and nothing is copied to be looked at.
 */
struct str {
	const char *at;
	size_t len;
};

#define STR(literal) ((struct str){ "" literal, sizeof(literal) - 1 })

/* The whole of a C string; NULL gives the empty run. */
struct str str_of(const char *text);

bool str_equal(struct str a, struct str b);

bool str_starts(struct str text, struct str prefix);

/* Well-formed UTF-8 (RFC 3629 §4): no overlong forms, no surrogates. */
bool str_is_utf8(struct str text);

/* ASCII only: the locale never changes what a keyword means. */
bool str_equal_nocase(struct str a, struct str b);
bool str_starts_nocase(struct str text, struct str prefix);

/* Offset of the first place where `part` stands without regard to case, or -1. */
long str_find_nocase(struct str text, struct str part);

/* Without the spaces, tabs, CR and LF at both ends. */
struct str str_trim(struct str text);

/*
 * Takes the next word of `rest`, words being separated by one or more of the
 * characters in `separators`. False, and `out` untouched, when none is left.
 */
bool str_take_word(struct str *out, struct str *rest, const char *separators);

/* Up to the first blank, leading ones aside; empty when there is no word. */
struct str str_first_word(struct str text);

/*
 * Takes a run of decimal digits of at most nine characters. False, and nothing
 * changed, when `rest` does not begin with a digit or the run is longer.
 */
bool str_take_number(int *out, struct str *rest);
bool str_take_char(struct str *rest, char expected);

#endif
