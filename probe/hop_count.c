/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/hop_count.h"

/* So near, any difference tells; farther away it takes so many hops (look_verdict.h).
 */
enum { HOPS_NEAR = 2, HOPS_APART = 3 };

static bool replies(const struct contact_report *report)
{
	return report->connected || report->outcome == CONTACT_REFUSED;
}

void hop_count_consider(struct hop_count *count, int port,
                        const struct contact_report *report)
{
	if (!replies(report) || (count->other && !report->connected) ||
	    count->other_connects)
		return;
	count->other = port;
	count->other_connects = report->connected;
}

/* Where the other port is asked for: it shall not answer where that would tell. */
static int compared_ttl(const struct hop_count *count)
{
	return count->near <= HOPS_NEAR ? count->near : count->near + HOPS_APART - 1;
}

size_t hop_count_ask(struct hop_count *count,
                     struct hop_question questions[HOP_QUESTION_MAX])
{
	if (!count->other || count->far)
		return 0;
	if (count->near) {
		questions[0] =
			(struct hop_question){ count->other, compared_ttl(count) };
		return 1;
	}
	if (count->asked == 0) {
		questions[0] = (struct hop_question){ count->port, 1 };
		questions[1] = (struct hop_question){ count->port, 2 };
		count->asked = 2;
		return 2;
	}
	if (count->asked == HOP_TTL_MAX)
		return 0;
	questions[0] = (struct hop_question){ count->port, ++count->asked };
	return 1;
}

static bool is_answer(const struct hop_count *count,
                      const struct contact_report *report)
{
	return count->resets ? report->outcome == CONTACT_REFUSED : report->connected;
}

bool hop_count_take(struct hop_count *count, int port, int ttl,
                    const struct contact_report *report)
{
	if (port == count->port) {
		if (is_answer(count, report) && (!count->near || ttl < count->near))
			count->near = ttl;
		return false;
	}
	count->far = replies(report) ? ttl : ttl + 1;
	if (count->far < count->near) /* it need not be as far as was asked for */
		count->far = count->near;
	return true;
}
