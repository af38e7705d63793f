/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/plugin/command_line.h"
#include "probe/plugin/options.h"

static bool take_look(usec *out, const char *text, struct error *err)
{
	if (take_seconds(out, text, SECOND_LOOK_MAX_S))
		return true;
	return error_set(err,
	                 "--second-look: '%.12s' is not a time from 0 to %d "
	                 "seconds",
	                 text, SECOND_LOOK_MAX_S);
}

static bool take_control(const char **controls, const char *value, struct error *err)
{
	size_t count = 0;

	while (controls[count])
		count++;
	if (count == CONTROL_MAX)
		return error_set(err, "--control: given more than %d times",
		                 CONTROL_MAX);
	controls[count] = value;
	return true;
}

bool take_look_option(struct command_line *line, int id, char *value, struct error *err)
{
	struct options *options = line->options;

	switch (id) {
	case ID_SECOND_LOOK:
		return take_look(&options->target.second_look, value, err);
	case ID_CONTROL:
		return take_control(options->target.controls, value, err);
	case ID_STATE_FILE:
		options->state_file = value;
		return true;
	default:
		options->target.interceptors_file = value;
		return true;
	}
}
