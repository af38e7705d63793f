/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/hop_count.h"

#include "probe/connection_facts.h"

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

/*
 * Near by it is enough to know that the other port does not answer from there;
 * farther away, whether it answers from where the difference would not tell yet.
 */
static size_t ask_other(struct hop_count *count,
                        struct hop_question questions[HOP_QUESTION_MAX], size_t left)
{
	size_t wanted = count->near <= HOPS_NEAR ? 1 : 2;

	if (count->comparisons || left < wanted)
		return 0;
	questions[0] = (struct hop_question){ count->other, count->near };
	if (wanted == 2)
		questions[1] = (struct hop_question){ count->other,
			                              count->near + HOPS_APART - 1 };
	count->comparisons = (int)wanted;
	return wanted;
}

size_t hop_count_ask(struct hop_count *count,
                     struct hop_question questions[HOP_QUESTION_MAX], size_t left)
{
	if (!count->other)
		return 0;
	if (count->near)
		return ask_other(count, questions, left);
	if (count->asked == HOP_TTL_MAX || left <= HOP_QUESTION_MAX)
		return 0;
	questions[0] = (struct hop_question){ count->port, ++count->asked };
	if (count->asked > 1)
		return 1;
	questions[1] = (struct hop_question){ count->port, ++count->asked };
	return 2;
}

static bool is_answer(const struct hop_count *count,
                      const struct contact_report *report)
{
	return count->resets ? report->outcome == CONTACT_REFUSED : report->connected;
}

static int least_distance(const struct hop_count *count)
{
	if (count->is_as_near)
		return count->near;
	return count->near + (count->is_apart ? HOPS_APART : 1);
}

/*
 * A router on the way says that the packet was too short-lived. Silence proves nothing:
 * one lost packet would accuse somebody.
 */
static bool ends_on_the_way(const struct contact_report *report)
{
	return report->socket.icmp.found &&
	       icmp_meaning_of(&report->socket.icmp) == ICMP_TIME_EXCEEDED;
}

bool hop_count_take(struct hop_count *count, int port, int ttl,
                    const struct contact_report *report)
{
	if (port == count->port) {
		if (is_answer(count, report) && (!count->near || ttl < count->near))
			count->near = ttl;
		return false;
	}
	if (ttl == count->near)
		count->is_as_near = !ends_on_the_way(report);
	else
		count->is_apart = ends_on_the_way(report);
	if (++count->answers < count->comparisons)
		return false;
	count->far = least_distance(count);
	return true;
}
