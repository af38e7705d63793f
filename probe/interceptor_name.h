/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_INTERCEPTOR_NAME_H
#define PROBE_INTERCEPTOR_NAME_H

#include "probe/str.h"

/* What of a distinguished name tells who made a certificate (X.520 §6.2.2, 6.4). */
enum interceptor_attribute {
	INTERCEPTOR_CN,
	INTERCEPTOR_O,
	INTERCEPTOR_OU,
	INTERCEPTOR_ATTRIBUTE_COUNT
};

enum {
	INTERCEPTOR_NAME_MAX = 255, /* bytes; what follows is not looked at */
	INTERCEPTOR_PART_MAX = 32   /* the first so many CN, O and OU */
};

/*
 * The CN, O and OU of a distinguished name in the order in which they are written,
 * without escapes. The values stand in `bytes`, so it must not be copied.
 */
struct interceptor_name {
	size_t count;
	struct {
		enum interceptor_attribute attribute;
		struct str value;
	} parts[INTERCEPTOR_PART_MAX];
	char bytes[INTERCEPTOR_NAME_MAX];
};

/*
 * Reads the text form of RFC 4514, which is what OpenSSL's XN_FLAG_RFC2253 prints:
 * escaped specials and hexadecimal pairs, "+" between the parts of one RDN, blanks
 * around a type or value do not count. Left out: a value in hexadecimal ("#0C03…"),
 * one that ends within an escape, what has no "=", and the last value of a name of
 * INTERCEPTOR_NAME_MAX bytes or more, since its end may have been cut off.
 */
void interceptor_name_read(struct interceptor_name *out, struct str dn);

/* "CN", "O" or "OU" without regard to case (RFC 4512 §1.4). */
bool interceptor_attribute_from_word(enum interceptor_attribute *out, struct str word);

#endif
